#include "outlet.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace pool {
namespace {

constexpr std::size_t kMostToOutput = 16U << 20;  // as a channel has it that says nothing

bool is_nowhere(const struct stat& file) {
  return S_ISCHR(file.st_mode) && file.st_rdev == makedev(1, 3);
}

bool has_room() {
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  return poll(&output, 1, 0) > 0;
}

// As any program would end that writes there.
[[noreturn]] void end_with_output() {
  const int error = errno;
  if (error == EPIPE) {
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
  }
  std::fprintf(stderr, "pool: write: %s\n", std::strerror(error));
  std::_Exit(EXIT_FAILURE);
}

}  // namespace

Outlet::Outlet(procgraph::Node& node, bool each) {
  if (each) return;
  const auto is_out = [](const procgraph::PortInfo& port) { return port.name == "out"; };
  if (std::ranges::any_of(node.ports(), is_out)) {
    writer_.emplace(node.writer("out"));
    most_ = writer_->max_message();
    return;
  }
  struct stat file {};
  if (fstat(STDOUT_FILENO, &file) != 0 || is_nowhere(file)) return;
  most_ = kMostToOutput;
  regular_ = S_ISREG(file.st_mode);
}

bool Outlet::put(std::span<const std::byte> result) {
  if (result.empty() || !most_) return true;
  return writer_ ? writer_->try_put(result) : write(result);
}

int Outlet::descriptor() const {
  return writer_ || regular_ ? -1 : STDOUT_FILENO;
}

// A pipe that can be written to takes a page without waiting.
bool Outlet::write(std::span<const std::byte> result) {
  while (written_ < result.size()) {
    if (!regular_ && !has_room()) return false;
    const std::size_t left = result.size() - written_;
    const std::size_t size = regular_ ? left : std::min<std::size_t>(left, PIPE_BUF);
    const ssize_t done = ::write(STDOUT_FILENO, result.data() + written_, size);
    if (done < 0 && errno != EINTR && errno != EAGAIN) end_with_output();
    if (done > 0) written_ += static_cast<std::size_t>(done);
  }
  written_ = 0;
  return true;
}

}  // namespace pool
