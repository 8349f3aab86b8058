// Connection: messages over a byte pipe or a duplex pipe, in the frame of Python's
// multiprocessing.connection, so that `multiprocessing.connection.Connection(fd)` with send_bytes and
// recv_bytes is the other end: a length (32 bits, signed, big-endian; -1 and then 64 bits for more than
// 0x7fffffff bytes), then the bytes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "procgraph/errors.h"

namespace procgraph {

// Owns its descriptor. Threads: one that sends and one that receives at the same time; not two of a sort.
// Times are on the monotonic clock; signals do not interrupt a wait.
class Connection {
 public:
  enum class Access : std::uint8_t { kRead, kWrite, kBoth };

  // `name` is for error messages.
  Connection(int fd, Access access, std::string name);
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection();

  // Waits while the pipe is full. If nobody reads any more: SIGPIPE, or NoReaders where that is ignored.
  // Throws NoSuchPort on a reading end.
  void send(std::span<const std::byte> bytes);
  void send(std::string_view text);
  // False: the pipe stayed full, nothing was sent. Throws Truncated, and is closed, if the time ends in the
  // middle of the message.
  [[nodiscard]] bool send(std::span<const std::byte> bytes, std::chrono::nanoseconds timeout);
  [[nodiscard]] bool send(std::string_view text, std::chrono::nanoseconds timeout);

  // The next message. Nothing: the other end was closed between two messages (ended() tells), or the time is
  // over; what has arrived of a message by then is kept for the next call. Throws Truncated if the other end
  // went away in the middle of one; TooLarge if the message is longer than set_max_message() allows: it is
  // dropped as it arrives, and the next call returns the one after it.
  [[nodiscard]] std::optional<std::vector<std::byte>> recv();
  [[nodiscard]] std::optional<std::vector<std::byte>> recv(std::chrono::nanoseconds timeout);
  [[nodiscard]] std::optional<std::string> recv_text();
  // The same into memory of yours, without another copy; returns how long the message is. Throws TooLarge, as
  // above, if it does not fit.
  [[nodiscard]] std::optional<std::size_t> recv_into(std::span<std::byte> memory);
  [[nodiscard]] std::optional<std::size_t> recv_into(std::span<std::byte> memory,
                                                     std::chrono::nanoseconds timeout);
  // Bytes. At first without a limit: memory is only taken for what has arrived, whatever a frame promises.
  void set_max_message(std::size_t bytes) { max_message_ = bytes; }
  [[nodiscard]] bool ended() const { return ended_; }
  // Is there something to receive, the end included, within the time?
  [[nodiscard]] bool poll(std::chrono::nanoseconds timeout = {});

  // For poll and epoll loops: remains the connection's. -1: closed.
  [[nodiscard]] int fd() const { return fd_; }

  // Gives up this end; the other end sees the end of data. Idempotent.
  void close();

 private:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  [[nodiscard]] bool send_until(std::span<const std::byte> bytes, const Deadline& deadline);
  [[nodiscard]] std::optional<std::vector<std::byte>> recv_until(const Deadline& deadline);
  [[nodiscard]] bool wait_for(short events, const Deadline& deadline) const;
  [[nodiscard]] std::optional<std::size_t> recv_into_until(std::span<std::byte> memory,
                                                           const Deadline& deadline);
  [[nodiscard]] std::optional<std::size_t> begin_message(std::size_t most, const Deadline& deadline);
  [[nodiscard]] bool fill(std::vector<std::byte>& part, std::size_t size, const Deadline& deadline);
  [[nodiscard]] bool skip(const Deadline& deadline);
  [[nodiscard]] std::size_t read_some(std::span<std::byte> memory, bool begun, const Deadline& deadline);
  void require(Access access, const char* what) const;

  int fd_;
  Access access_;
  std::string name_;
  bool ended_ = false;
  std::size_t max_message_ = SIZE_MAX;
  std::vector<std::byte> head_, body_;  // what has arrived of the frame that is being received
  std::size_t to_skip_ = 0;             // bytes of a message that was too long
};

}  // namespace procgraph
