#include "os/user_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace procgraph {

Result<Fd> open_user_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return Error{fmt::format("mkdir '{}'", path), errno};
  return find_user_folder(path);
}

Result<Fd> find_user_folder(const std::string& path) {
  Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat is {};
  if (!folder || ::fstat(folder.get(), &is) != 0) return Error{fmt::format("open '{}'", path), errno};
  if (is.st_uid != ::geteuid())
    return Error{fmt::format("'{}' belongs to another user: set XDG_RUNTIME_DIR to a folder of yours", path),
                 0};
  if ((is.st_mode & 077) != 0)
    return Error{fmt::format("'{}' is open to other users: 'chmod 700' would close it", path), 0};
  return folder;
}

FolderLock::FolderLock(const Fd& folder, bool wait) : folder_(folder.get()) {
  int done = -1;
  do {
    done = ::flock(folder_, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
  } while (done != 0 && errno == EINTR);
  held_ = done == 0;
}

FolderLock::~FolderLock() {
  if (held_) ::flock(folder_, LOCK_UN);
}

}  // namespace procgraph
