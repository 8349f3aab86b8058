#include "os/fd.h"

#include <fcntl.h>
#include <unistd.h>

namespace procgraph {

void Fd::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void fill_standard_streams() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest free number is fd itself, for all below it are open.
    if (::open("/dev/null", O_RDWR) < 0) return;
  }
}

}  // namespace procgraph
