// A folder that is the user's alone, where runs leave what others of the same user are to find.
#pragma once

#include <string>

#include "os/fd.h"
#include "procgraph/result.h"

namespace procgraph {

// Makes it if it is not there. Refused: one that is a link, another user's, or open to others.
[[nodiscard]] Result<Fd> open_user_folder(const std::string& path);
// The same, where it is there.
[[nodiscard]] Result<Fd> find_user_folder(const std::string& path);

// Holds the lock of a folder, for some microseconds: whoever looks who has a name, and takes it, must be
// alone. The constructor waits for another holder, unless it is told not to.
class FolderLock {
 public:
  explicit FolderLock(const Fd& folder, bool wait = true);
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

  [[nodiscard]] bool held() const { return held_; }

 private:
  int folder_;
  bool held_;
};

}  // namespace procgraph
