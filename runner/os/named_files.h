// NamedFiles: what a run has put into the file system for others to find by name, and takes away at its end:
// a folder of its own, and the files of unix sockets. The one owner.
#pragma once

#include <string>
#include <vector>

#include "os/kernel.h"
#include "procgraph/result.h"

namespace procgraph {

class NamedFiles {
 public:
  NamedFiles() = default;
  NamedFiles(const NamedFiles&) = delete;
  NamedFiles& operator=(const NamedFiles&) = delete;
  ~NamedFiles();  // the folder goes with all that is in it

  // Makes the folder: nobody else may enter it. `pattern` as mkdtemp takes it.
  Result<void> make_folder(Kernel& kernel, const std::string& pattern);
  [[nodiscard]] const std::string& folder() const { return folder_; }
  // A file that goes at the end.
  void add(std::string path) { files_.push_back(std::move(path)); }

 private:
  std::string folder_;
  std::vector<std::string> files_;
};

}  // namespace procgraph
