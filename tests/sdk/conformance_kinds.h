// The kinds of channel that carry messages, each with the same face: a writing and a reading process, and
// what the runner does when they are gone.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>

#include "procgraph/pipe.h"
#include "test_queue.h"

namespace procgraph::testing {

inline constexpr std::size_t kMost = 16 << 10;  // bytes of the largest message
inline constexpr int kCapacity = 4;
inline constexpr std::array<std::size_t, 9> kSizes = {0, 1, 80, 81, 4095, 4096, 4097, kMost - 1, kMost};

// The ends of a channel as these tests use them. `deliveries` is that of the last message.
struct QueueOut {
  Writer writer;

  void put(std::string_view text) { writer.put(text); }
  bool put(std::string_view text, std::chrono::nanoseconds timeout) { return writer.put(text, timeout); }
  void close() { writer.close(); }
  [[noreturn]] void die_in_the_middle() {
    Loan loan = writer.loan(100);
    std::memset(loan.bytes().data(), 'x', 50);
    raise(SIGKILL);
    _exit(101);
  }
};

struct QueueIn {
  Reader reader;
  std::uint32_t deliveries = 0;

  std::optional<std::string> get(std::chrono::nanoseconds timeout = kForever) {
    auto message = reader.get(timeout);
    if (!message) return std::nullopt;
    deliveries = message->deliveries();
    return std::string(message->text());
  }
  [[nodiscard]] bool ended() const { return reader.ended(); }
};

// Of a queue or a topic.
template <class Channel>
struct Native {
  static constexpr bool kTellsTheWriter = true, kShowsHalfAMessage = false;
  static constexpr std::optional<int> kFull = kCapacity;

  Channel channel;

  template <class Body>
  [[nodiscard]] pid_t write(std::uint16_t participant, Body body) const {
    return channel.start(participant, "write", [&](Node& node) {
      QueueOut out{node.writer("q")};
      return body(out);
    });
  }
  template <class Body>
  [[nodiscard]] pid_t read(std::uint16_t participant, Body body) const {
    return channel.start(participant, "read", [&](Node& node) {
      QueueIn in{node.reader("q")};
      return body(in);
    });
  }
  void leave_it_to_the_children() {}
  void end_writers() { end_of_writers(channel.control(), channel.roster()); }
  void end_readers() { end_of_readers(channel.control(), channel.roster()); }
  void reap(std::uint16_t participant) const { channel.reap(participant); }
};

struct QueueKind : Native<TestQueue> {
  explicit QueueKind(std::uint32_t writers = 1)
      : Native{TestQueue({.capacity = kCapacity,
                          .memory = 128 << 10,
                          .max_message = kMost,
                          .participants = 8,
                          .writers = writers})} {}
};

struct TopicKind : Native<TestTopic> {
  explicit TopicKind(std::uint32_t writers = 1)
      : Native{TestTopic({.history = kCapacity,
                          .memory = 128 << 10,
                          .max_message = kMost,
                          .participants = 8,
                          .writers = writers,
                          .readers = {{}}})} {}
  void end_readers() { reader_gone(channel.control(), channel.roster(), 0), Native::end_readers(); }
};

struct PipeOut {
  Connection connection;

  void put(std::string_view text) { connection.send(text); }
  bool put(std::string_view text, std::chrono::nanoseconds timeout) { return connection.send(text, timeout); }
  void close() { connection.close(); }
  [[noreturn]] void die_in_the_middle() {
    const bool sent = ::write(connection.fd(), "\0\0\0\x64xxx", 7) == 7;
    raise(sent ? SIGKILL : SIGABRT);
    _exit(101);
  }
};

struct PipeIn {
  Connection connection;

  std::optional<std::string> get(std::chrono::nanoseconds timeout = kForever) {
    auto bytes = connection.recv(timeout);
    if (!bytes) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  }
  [[nodiscard]] bool ended() const { return connection.ended(); }
};

class PipeKind {
 public:
  static constexpr bool kTellsTheWriter = false, kShowsHalfAMessage = true;
  static constexpr std::optional<int> kFull = std::nullopt;  // by bytes, as the kernel counts them

  PipeKind() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  }
  PipeKind(const PipeKind&) = delete;
  PipeKind& operator=(const PipeKind&) = delete;
  ~PipeKind() { leave_it_to_the_children(); }

  template <class Body>
  [[nodiscard]] pid_t write(std::uint16_t /*participant*/, Body body) {
    return start([&] {
      end_readers();
      PipeOut out{Connection(ends_[1], Connection::Access::kWrite, "pipe 'q'")};
      return body(out);
    });
  }
  template <class Body>
  [[nodiscard]] pid_t read(std::uint16_t /*participant*/, Body body) {
    return start([&] {
      end_writers();
      PipeIn in{Connection(ends_[0], Connection::Access::kRead, "pipe 'q'")};
      in.connection.set_max_message(kMost);
      return body(in);
    });
  }
  // The ends that this process has.
  void leave_it_to_the_children() {
    end_writers();
    end_readers();
  }
  void end_writers() { close_end(1); }
  void end_readers() { close_end(0); }
  void reap(std::uint16_t /*participant*/) const {}

 private:
  template <class Body>
  static pid_t start(Body body) {
    std::fflush(nullptr);
    const pid_t pid = fork();
    if (pid != 0) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int code = 100;
    try {
      code = body();
    } catch (const std::exception& e) {
      std::fprintf(stderr, "%s\n", e.what());
    }
    _exit(code);
  }
  void close_end(std::size_t end) {
    if (ends_[end] >= 0) ::close(ends_[end]);
    ends_[end] = -1;
  }

  std::array<int, 2> ends_{};
};

inline std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + size) % 26);
  return text;
}

// Many a second, each of which interrupts what does not begin anew.
class SignalStorm {
 public:
  SignalStorm() {
    struct sigaction action {};
    action.sa_handler = [](int) { count = count + 1; };
    sigaction(SIGALRM, &action, nullptr);
    const itimerval often{{0, 30}, {0, 30}};
    setitimer(ITIMER_REAL, &often, nullptr);
  }
  SignalStorm(const SignalStorm&) = delete;
  SignalStorm& operator=(const SignalStorm&) = delete;
  ~SignalStorm() {
    const itimerval never{};
    setitimer(ITIMER_REAL, &never, nullptr);
  }
  static inline volatile sig_atomic_t count = 0;
};

}  // namespace procgraph::testing
