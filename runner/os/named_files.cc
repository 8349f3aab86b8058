#include "os/named_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace procgraph {

NamedFiles::~NamedFiles() {
  for (const std::string& path : files_) ::unlink(path.c_str());
  // Where nothing else is in it, nothing has to be opened for that: there may be no descriptor left.
  if (folder_.empty() || ::rmdir(folder_.c_str()) == 0) return;
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Result<void> NamedFiles::make_folder(Kernel& kernel, const std::string& pattern) {
  std::string path = pattern;
  if (kernel.mkdtemp(path.data()) == nullptr) return Error{fmt::format("mkdtemp '{}'", pattern), errno};
  folder_ = std::move(path);
  return {};
}

}  // namespace procgraph
