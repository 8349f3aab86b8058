// A folder that is being read.
#pragma once

#include <dirent.h>

#include <memory>
#include <string>

namespace procgraph {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

// Empty where it cannot be opened; errno says why.
inline OpenFolder folder_to_read(const std::string& path) {
  return OpenFolder(::opendir(path.c_str()));
}

}  // namespace procgraph
