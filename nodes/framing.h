// Framing: how messages are told apart in a stream of bytes, both ways. Splitter finds them in what is read,
// head() and tail() stand around one that is written. Pure: no descriptor, no channel.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace procgraph::relay {

struct Framing {
  enum class Kind : std::uint8_t {
    kLines,      // each ends with a newline, which is no part of it
    kLength,     // its length in 4 bytes, the highest first, then as many bytes
    kNetstring,  // "5:hello," (D. J. Bernstein, 1997)
    kNul,        // each ends with a NUL, which is no part of it
    kWhole,      // all of the input is one
    kRecord,     // exactly `size` bytes each
    kChunks,     // at most `size` bytes each, cut anywhere
  };
  Kind kind = Kind::kLines;
  std::size_t size = 0;
};

// As a command line has it: "lines", or "record" with a number behind it. Nothing: it is none.
[[nodiscard]] inline std::optional<Framing> parse_framing(std::string_view word, std::string_view number) {
  constexpr std::array<std::string_view, 7> kWords{"lines", "length", "netstring", "nul",
                                                   "whole", "record", "chunks"};
  const auto found = std::find(kWords.begin(), kWords.end(), word);
  if (found == kWords.end()) return std::nullopt;
  Framing framing{.kind = static_cast<Framing::Kind>(found - kWords.begin())};
  const bool sized = framing.kind >= Framing::Kind::kRecord;
  const char* end = number.data() + number.size();
  if (sized && (std::from_chars(number.data(), end, framing.size).ptr != end || framing.size == 0))
    return std::nullopt;
  return sized == !number.empty() ? std::optional(framing) : std::nullopt;
}

// The input makes no sense, or the message does not go into this framing; what() says how.
class Malformed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
// A message is longer than may be.
class TooLong : public Malformed {
 public:
  using Malformed::Malformed;
};

// Adds what stands before the message. Throws Malformed where there is no such message.
inline void add_head(const Framing& framing, std::size_t message, std::string& to) {
  switch (framing.kind) {
    case Framing::Kind::kLength:
      if (message > ~std::uint32_t{0})
        throw Malformed("a message of " + std::to_string(message) +
                        " bytes is too long for a length of 4 bytes");
      for (int shift = 24; shift >= 0; shift -= 8) to += static_cast<char>(message >> shift & 0xff);
      return;
    case Framing::Kind::kNetstring:
      to += std::to_string(message) + ':';
      return;
    case Framing::Kind::kRecord:
      if (message != framing.size)
        throw Malformed("a message of " + std::to_string(message) + " bytes is no record of " +
                        std::to_string(framing.size));
      return;
    default:
      return;
  }
}

// What stands behind it; a newline or NUL only where it does not end with one.
[[nodiscard]] inline std::string_view tail(const Framing& framing, std::string_view message) {
  using namespace std::string_view_literals;
  switch (framing.kind) {
    case Framing::Kind::kLines:
      return message.ends_with('\n') ? ""sv : "\n"sv;
    case Framing::Kind::kNul:
      return message.ends_with('\0') ? ""sv : "\0"sv;
    case Framing::Kind::kNetstring:
      return ","sv;
    default:
      return ""sv;
  }
}

// Finds the messages in bytes as they come:
//   for (;;) { n = read(splitter.room()); splitter.filled(n); while (auto m = splitter.next()) use(*m); }
// and finish() once there are no more bytes. A message is valid until room() is called.
class Splitter {
 public:
  Splitter(Framing framing, std::size_t max_message) : framing_(framing), max_(max_message) { grow(); }

  // Where the next bytes go: at least 64 KiB.
  [[nodiscard]] std::span<char> room() {
    if (begin_ > 0) std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    seen_ -= begin_;
    begin_ = 0;
    if (size_ - end_ < kRoom) grow();
    return {buffer_.get() + end_, size_ - end_};
  }
  void filled(std::size_t bytes) { end_ += bytes; }

  // The next message that is there whole. Throws Malformed, TooLong.
  [[nodiscard]] std::optional<std::string_view> next() {
    switch (framing_.kind) {
      case Framing::Kind::kLines:
        return until('\n');
      case Framing::Kind::kNul:
        return until('\0');
      case Framing::Kind::kLength:
        return measured();
      case Framing::Kind::kNetstring:
        return netstring();
      case Framing::Kind::kWhole:
        limit(left());
        return std::nullopt;
      case Framing::Kind::kRecord:
        return left() < framing_.size ? std::nullopt : std::optional(take(framing_.size, 0));
      case Framing::Kind::kChunks:
        return left() == 0 ? std::nullopt : std::optional(take(std::min(framing_.size, left()), 0));
    }
    return std::nullopt;
  }

  // The input has ended, and next() has nothing more: what is left, if that is a message. Throws Malformed
  // where it is a part of one.
  [[nodiscard]] std::optional<std::string_view> finish() {
    const std::size_t rest = left();
    if (framing_.kind == Framing::Kind::kWhole) return take(rest, 0);
    if (rest == 0) return std::nullopt;
    if (framing_.kind == Framing::Kind::kLines || framing_.kind == Framing::Kind::kNul) return take(rest, 0);
    throw Malformed("the input ends in the middle of a message: " + shortage());
  }

 private:
  static constexpr std::size_t kRoom = 64U << 10U;
  static constexpr std::size_t kHead = 4;         // bytes of a length
  static constexpr std::size_t kMostDigits = 20;  // of a netstring's

  [[nodiscard]] std::size_t left() const { return end_ - begin_; }
  [[nodiscard]] const char* at() const { return buffer_.get() + begin_; }

  // Doubles, so that a long message is not copied again for each read.
  void grow() {
    const std::size_t size = std::max(2 * size_, 4 * kRoom);
    std::unique_ptr<char[]> larger(new char[size]);
    if (end_ > 0) std::memcpy(larger.get(), buffer_.get(), end_);
    buffer_ = std::move(larger);
    size_ = size;
  }

  void limit(std::uint64_t bytes) const {
    if (bytes > max_) throw TooLong("a message is longer than " + std::to_string(max_) + " bytes");
  }

  // `bytes` from here, and `skip` behind them are no part of it.
  std::string_view take(std::size_t bytes, std::size_t skip) {
    limit(bytes);
    const std::string_view message(at(), bytes);
    begin_ += bytes + skip;
    seen_ = begin_;
    return message;
  }

  std::optional<std::string_view> until(char delimiter) {
    const void* found = std::memchr(buffer_.get() + seen_, delimiter, end_ - seen_);
    if (found != nullptr) return take(static_cast<std::size_t>(static_cast<const char*>(found) - at()), 1);
    seen_ = end_;
    limit(left());
    return std::nullopt;
  }

  // The length that a head announces; nothing: the head is not there whole.
  [[nodiscard]] std::optional<std::uint64_t> announced() const {
    if (left() < kHead) return std::nullopt;
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < kHead; ++i) length = length << 8U | static_cast<unsigned char>(at()[i]);
    return length;
  }

  std::optional<std::string_view> measured() {
    const auto length = announced();
    if (!length) return std::nullopt;
    limit(*length);
    if (left() - kHead < *length) return std::nullopt;
    begin_ += kHead;
    return take(*length, 0);
  }

  struct Digits {
    std::size_t count = 0;
    std::uint64_t value = 0;
    bool whole = false;  // a ':' stands behind them
  };
  [[nodiscard]] Digits digits() const {
    Digits digits;
    const auto [end, error] = std::from_chars(at(), at() + std::min(left(), kMostDigits), digits.value);
    digits.count = static_cast<std::size_t>(end - at());
    digits.whole = digits.count < left() && *end == ':';
    const bool open = digits.count == left() && left() < kMostDigits;  // more of them may come
    const bool leads_with_zero = digits.count > 1 && *at() == '0';
    if ((left() > 0 && error != std::errc()) || (!digits.whole && !open) || leads_with_zero)
      throw Malformed("a netstring does not begin with its length and a colon");
    return digits;
  }

  std::optional<std::string_view> netstring() {
    if (left() == 0) return std::nullopt;
    const Digits length = digits();
    if (length.whole) limit(length.value);
    const std::size_t head = length.count + 1;
    if (!length.whole || left() < head + length.value + 1) return std::nullopt;
    if (at()[head + length.value] != ',') throw Malformed("a netstring does not end with a comma");
    begin_ += head;
    return take(length.value, 1);
  }

  // Of what is left at the end.
  [[nodiscard]] std::string shortage() const {
    std::uint64_t whole = framing_.size;
    if (framing_.kind == Framing::Kind::kLength) whole = announced() ? kHead + *announced() : 0;
    if (framing_.kind == Framing::Kind::kNetstring) {
      const Digits length = digits();
      whole = length.whole ? length.count + 1 + length.value + 1 : 0;
    }
    if (whole <= left()) return "its length is cut off";
    return std::to_string(whole - left()) + " of " + std::to_string(whole) + " bytes are missing";
  }

  Framing framing_;
  std::size_t max_;
  std::unique_ptr<char[]> buffer_;
  std::size_t size_ = 0;             // of the buffer
  std::size_t begin_ = 0, end_ = 0;  // of the bytes that are in no message yet
  std::size_t seen_ = 0;             // up to here there is no delimiter
};

}  // namespace procgraph::relay
