// What stands for the runner's stdout and stderr in these tests: pipes, or pseudo-terminals.
#pragma once

#include <fcntl.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <string>

namespace procgraph {

class Sink {
 public:
  static Sink pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {-1, -1};
    return {ends[0], ends[1]};
  }
  static Sink terminal() {
    int master = -1, slave = -1;
    if (::openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) return {-1, -1};
    termios raw{};
    ::tcgetattr(slave, &raw);
    ::cfmakeraw(&raw);
    ::tcsetattr(slave, TCSANOW, &raw);
    return {master, slave};
  }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  ~Sink() {
    close_reader();
    ::close(writer_);
  }

  [[nodiscard]] int writer() const { return writer_; }
  [[nodiscard]] int reader() const { return reader_; }
  void close_reader() {
    if (reader_ >= 0) ::close(reader_);
    reader_ = -1;
  }
  // What lies there now.
  [[nodiscard]] std::string read() const {
    std::string text;
    std::array<char, 4096> buffer{};
    ::fcntl(reader_, F_SETFL, O_NONBLOCK);
    for (ssize_t size = 0; (size = ::read(reader_, buffer.data(), buffer.size())) > 0;)
      text.append(buffer.data(), static_cast<std::size_t>(size));
    return text;
  }

 private:
  Sink(int reader, int writer) : reader_(reader), writer_(writer) {}

  int reader_, writer_;
};

}  // namespace procgraph
