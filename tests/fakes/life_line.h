// LifeLine: a pipe whose write end goes to processes; the end of data proves that all of them are gone,
// whoever their parents are.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <stdexcept>

#include "os/fd.h"

namespace procgraph {

class LifeLine {
 public:
  LifeLine() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    read_ = Fd(ends[0]);
    write_ = Fd(ends[1]);
  }

  [[nodiscard]] int write_end() const { return write_.get(); }
  void close_write_end() { write_.reset(); }
  void close_read_end() { read_.reset(); }

  // Waits until `count` bytes have come; false at the end of data.
  bool wait_for(std::size_t count) {
    for (char byte = 0; count > 0; --count)
      if (::read(read_.get(), &byte, 1) != 1) return false;
    return true;
  }

  // A process id that was written as it lies in memory; -1 at the end of data.
  pid_t read_pid() {
    pid_t pid = -1;
    return ::read(read_.get(), &pid, sizeof pid) == sizeof pid ? pid : -1;
  }

  // True when nobody holds the write end any more, false if somebody still does after a generous time.
  bool wait_for_end(std::chrono::milliseconds patience = std::chrono::seconds(20)) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      pollfd wait{read_.get(), POLLIN, 0};
      if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) <= 0) return false;
      char bytes[4096];
      if (::read(read_.get(), bytes, sizeof bytes) == 0) return true;
    }
  }

 private:
  Fd read_, write_;
};

}  // namespace procgraph
