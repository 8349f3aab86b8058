#include "procgraph/pipe.h"

#include <limits.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include "poll_until.h"

namespace procgraph {
namespace {

constexpr std::size_t kShortHead = 4, kLongHead = 12;
constexpr std::size_t kChunk =
    1u << 20;  // memory grows with what has arrived, not with what a frame promises

struct Head {
  std::array<std::byte, kLongHead> bytes;
  std::size_t size;
};

void put_big_endian(std::byte* at, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) at[i] = static_cast<std::byte>(value >> (8 * (size - 1 - i)));
}

std::uint64_t big_endian(const std::byte* at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<std::uint64_t>(at[i]);
  return value;
}

Head head_for(std::size_t size) {
  Head head{};
  if (size <= INT32_MAX) {
    put_big_endian(head.bytes.data(), size, kShortHead);
    head.size = kShortHead;
  } else {
    put_big_endian(head.bytes.data(), 0xffffffff, kShortHead);
    put_big_endian(head.bytes.data() + kShortHead, size, kLongHead - kShortHead);
    head.size = kLongHead;
  }
  return head;
}

[[noreturn]] void fail(const std::string& name, const char* call) {
  throw std::system_error(errno, std::generic_category(), name + ": " + call);
}

}  // namespace

Connection::Connection(int fd, Access access, std::string name)
    : fd_(fd), access_(access), name_(std::move(name)) {}

Connection::Connection(Connection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      access_(other.access_),
      name_(std::move(other.name_)),
      ended_(other.ended_),
      max_message_(other.max_message_),
      head_(std::move(other.head_)),
      body_(std::move(other.body_)),
      to_skip_(other.to_skip_) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(access_, other.access_);
  std::swap(name_, other.name_);
  std::swap(ended_, other.ended_);
  std::swap(head_, other.head_);
  std::swap(body_, other.body_);
  std::swap(max_message_, other.max_message_);
  std::swap(to_skip_, other.to_skip_);
  return *this;
}

Connection::~Connection() {
  close();
}

void Connection::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void Connection::require(Access access, const char* what) const {
  if (fd_ < 0) throw Closed(name_ + " was closed");
  if (access_ != Access::kBoth && access_ != access) {
    throw NoSuchPort(name_ + " is the other end here: this process cannot " + what + " on it");
  }
}

void Connection::send(std::span<const std::byte> bytes) {
  (void)send_until(bytes, std::nullopt);
}
void Connection::send(std::string_view text) {
  send(std::as_bytes(std::span(text)));
}
bool Connection::send(std::span<const std::byte> bytes, std::chrono::nanoseconds timeout) {
  return send_until(bytes, detail::deadline_in(timeout));
}
bool Connection::send(std::string_view text, std::chrono::nanoseconds timeout) {
  return send(std::as_bytes(std::span(text)), timeout);
}

// With a deadline, at most PIPE_BUF bytes are written after each poll: that much does not block.
bool Connection::send_until(std::span<const std::byte> bytes, const Deadline& deadline) {
  require(Access::kWrite, "write");
  Head head = head_for(bytes.size());
  std::size_t total = head.size + bytes.size();
  for (std::size_t done = 0; done < total;) {
    if (deadline && !wait_for(POLLOUT, deadline)) {
      if (done == 0) return false;
      close();
      throw Truncated(name_ + ": the time ended in the middle of a message; the connection is closed");
    }
    std::size_t most = deadline ? PIPE_BUF : SSIZE_MAX;
    std::size_t of_head = done < head.size ? head.size - done : 0;
    std::size_t from = done + of_head - head.size;
    std::size_t of_bytes = std::min(bytes.size() - from, most - std::min(most, of_head));
    std::array<iovec, 2> parts{{{head.bytes.data() + std::min(done, head.size), of_head},
                                {const_cast<std::byte*>(bytes.data()) + from, of_bytes}}};
    ssize_t written = writev(fd_, parts.data(), 2);
    if (written >= 0) {
      done += static_cast<std::size_t>(written);
    } else if (errno == EPIPE || errno == ECONNRESET) {
      throw NoReaders("nobody will read " + name_ +
                      " any more");  // SIGPIPE came before, unless it is ignored
    } else if (errno != EINTR && errno != EAGAIN) {
      fail(name_, "write");
    }
  }
  return true;
}

std::optional<std::vector<std::byte>> Connection::recv() {
  return recv_until(std::nullopt);
}
std::optional<std::vector<std::byte>> Connection::recv(std::chrono::nanoseconds timeout) {
  return recv_until(detail::deadline_in(timeout));
}
std::optional<std::string> Connection::recv_text() {
  auto bytes = recv();
  if (!bytes) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

std::optional<std::size_t> Connection::recv_into(std::span<std::byte> memory) {
  return recv_into_until(memory, std::nullopt);
}
std::optional<std::size_t> Connection::recv_into(std::span<std::byte> memory,
                                                 std::chrono::nanoseconds timeout) {
  return recv_into_until(memory, detail::deadline_in(timeout));
}

std::optional<std::vector<std::byte>> Connection::recv_until(const Deadline& deadline) {
  const auto size = begin_message(max_message_, deadline);
  if (!size || !fill(body_, *size, deadline)) return std::nullopt;
  head_.clear();
  return std::exchange(body_, {});
}

std::optional<std::size_t> Connection::recv_into_until(std::span<std::byte> memory,
                                                       const Deadline& deadline) {
  const auto size = begin_message(std::min(max_message_, memory.size()), deadline);
  if (!size) return std::nullopt;
  std::size_t have = body_.size();  // of an earlier call, whose time was over
  std::copy(body_.begin(), body_.end(), memory.begin());
  while (have < *size) {
    const std::size_t got = read_some(memory.subspan(have, *size - have), true, deadline);
    if (got == 0) {
      body_.assign(memory.begin(), memory.begin() + static_cast<std::ptrdiff_t>(have));
      return std::nullopt;
    }
    have += got;
  }
  head_.clear();
  body_.clear();
  return size;
}

// The length of the message that comes next, once its head is here. Nothing: as recv().
std::optional<std::size_t> Connection::begin_message(std::size_t most, const Deadline& deadline) {
  require(Access::kRead, "read");
  if (!skip(deadline) || !fill(head_, kShortHead, deadline)) return std::nullopt;
  std::uint64_t size = big_endian(head_.data(), kShortHead);
  if (size == 0xffffffff) {
    if (!fill(head_, kLongHead, deadline)) return std::nullopt;
    size = big_endian(head_.data() + kShortHead, kLongHead - kShortHead);
  } else if (size > INT32_MAX) {
    throw Truncated(name_ + ": what arrives is not a message: its length is negative");
  }
  if (size > SSIZE_MAX) throw Truncated(name_ + ": what arrives is not a message: its length is absurd");
  if (size > most) {
    to_skip_ = size - body_.size();
    head_.clear();
    body_.clear();
    throw TooLarge(name_ + ": a message of " + std::to_string(size) + " bytes is longer than the " +
                   std::to_string(most) + " that fit; it is dropped");
  }
  return size;
}

// Until `size` bytes of a part of the frame are here. False: the time is over, or the other end was closed
// before the frame.
bool Connection::fill(std::vector<std::byte>& part, std::size_t size, const Deadline& deadline) {
  while (part.size() < size) {
    const std::size_t have = part.size();
    const bool begun = !head_.empty();
    part.resize(have + std::min(size - have, kChunk));
    const std::size_t got = read_some(std::span(part).subspan(have), begun, deadline);
    part.resize(have + got);
    if (got == 0) return false;
  }
  return true;
}

bool Connection::skip(const Deadline& deadline) {
  std::vector<std::byte> dropped(std::min(to_skip_, kChunk));
  while (to_skip_ > 0) {
    const std::size_t got = read_some(std::span(dropped).first(std::min(to_skip_, kChunk)), true, deadline);
    if (got == 0) return false;
    to_skip_ -= got;
  }
  return true;
}

// At least one byte. 0: the time is over, or the other end was closed and no message has begun.
std::size_t Connection::read_some(std::span<std::byte> memory, bool begun, const Deadline& deadline) {
  for (;;) {
    if (deadline && !wait_for(POLLIN, deadline)) return 0;
    const ssize_t got = read(fd_, memory.data(), memory.size());
    if (got > 0) return static_cast<std::size_t>(got);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0 && errno != ECONNRESET) fail(name_, "read");
    ended_ = true;
    if (!begun) return 0;
    throw Truncated(name_ + ": the other end went away in the middle of a message");
  }
}

bool Connection::poll(std::chrono::nanoseconds timeout) {
  require(Access::kRead, "read");
  return wait_for(POLLIN, detail::deadline_in(timeout));
}

bool Connection::wait_for(short events, const Deadline& deadline) const {
  pollfd waiting{fd_, events, 0};
  const int ready = detail::poll_until({&waiting, 1}, deadline);
  if (ready < 0) fail(name_, "poll");
  return ready > 0;
}

}  // namespace procgraph
