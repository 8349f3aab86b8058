// A folder that is the user's alone, where runs leave what others of the same user are to find.
#pragma once

#include <string>

#include "os/fd.h"
#include "procgraph/result.h"

namespace procgraph {

// Makes it if it is not there. Refused: one that is a link, another user's, or open to others.
[[nodiscard]] Result<Fd> open_user_folder(const std::string& path);

// Holds the lock of a folder, for some microseconds: whoever looks who has a name, and takes it, must be
// alone. The constructor waits for another holder.
class FolderLock {
 public:
  explicit FolderLock(const Fd& folder);
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

 private:
  int folder_;
};

}  // namespace procgraph
