// Legacy: what this process was given, kept for its runs. A Node maps the channels and closes the descriptors
// that they came on; whoever is to be a part of the same node needs them under the same numbers.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "descriptor.h"

namespace pool {

class Legacy {
 public:
  // Before there is a Node: copies all that is open beyond stderr.
  Legacy() {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc/self/fd"), closedir);
    if (!folder) return;
    std::vector<int> numbers;
    while (const dirent* entry = readdir(folder.get())) {
      const int number = std::atoi(entry->d_name);
      if (number > STDERR_FILENO && number != dirfd(folder.get())) numbers.push_back(number);
    }
    for (const int number : numbers)
      kept_.emplace_back(number, Descriptor(fcntl(number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)));
  }

  // Once there is one: what it has closed, or keeps for itself, is there again for those that are started.
  // Nothing may have been opened in between but by the Node.
  void hand_on() {
    for (auto& [number, copy] : kept_) {
      const int flags = fcntl(number, F_GETFD);
      if (flags < 0) dup2(copy.get(), number);
      if (flags >= 0) fcntl(number, F_SETFD, flags & ~FD_CLOEXEC);
    }
    kept_.clear();
  }

 private:
  std::vector<std::pair<int, Descriptor>> kept_;
};

}  // namespace pool
