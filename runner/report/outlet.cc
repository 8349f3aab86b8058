#include "report/outlet.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace procgraph {
namespace {

// The description behind a standard stream is shared with the shell and with the processes that inherit it,
// so it must not become non-blocking. A pipe or a terminal can be opened once more, for us alone.
int reopen(int fd) {
  return ::open(fmt::format("/proc/self/fd/{}", fd).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

bool writable_now(int fd) {
  pollfd poll{fd, POLLOUT, 0};
  return ::poll(&poll, 1, 0) > 0;
}

}  // namespace

Outlet::Outlet(int fd) : fd_(fd), terminal_(::isatty(fd) == 1) {
  struct stat facts {};
  if (::fstat(fd, &facts) != 0) return;
  if (S_ISSOCK(facts.st_mode)) way_ = Way::kSocket;
  if (!S_ISFIFO(facts.st_mode) && !S_ISCHR(facts.st_mode)) return;
  const int own = reopen(fd);
  way_ = own >= 0 ? Way::kOwn : Way::kBlocking;  // another user's terminal, or a pipe whose reader has gone
  if (own >= 0) fd_ = own;
}

Outlet::~Outlet() {
  if (way_ == Way::kOwn) ::close(fd_);
}

long Outlet::write_some(const char* data, std::size_t size) const {
  switch (way_) {
    case Way::kSocket:
      return ::send(fd_, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    case Way::kBlocking:
      // What a pipe that polls as writable takes for certain.
      if (writable_now(fd_)) return ::write(fd_, data, std::min<std::size_t>(size, PIPE_BUF));
      errno = EAGAIN;
      return -1;
    case Way::kOwn:
    case Way::kFile:
      return ::write(fd_, data, size);
  }
  return -1;
}

int Outlet::pump() {
  while (lost_ == 0 && pending() > 0) {
    const long written = write_some(buffer_.data() + written_, pending());
    if (written >= 0) {
      written_ += static_cast<std::size_t>(written);
    } else if (errno == EAGAIN) {
      return fd_;
    } else if (errno != EINTR) {
      lost_ = errno;
    }
  }
  buffer_.clear();
  written_ = 0;
  return -1;
}

void Outlet::flush() {
  for (int blocked = pump(); blocked >= 0; blocked = pump()) {
    pollfd poll{blocked, POLLOUT, 0};
    ::poll(&poll, 1, -1);
  }
}

}  // namespace procgraph
