// Message and Frame: one message of a queue or a topic, or many that were put together, read in place.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace procgraph {

namespace detail {
struct View;
struct TakenMessage;
}  // namespace detail

// Why a message became a dead letter.
struct DeadLetter {
  std::string cause;             // "death" of the process that had it, "nack", or "reject"
  std::string queue;             // in which it failed
  std::string process;           // that had it last: "worker", "parse.0"
  std::uint32_t deliveries = 0;  // all of which failed
  std::uint64_t sequence = 0;    // its order number in that queue

  bool operator==(const DeadLetter&) const = default;
};

// A message that this process has taken and not yet acknowledged: no other reader of the queue gets it
// meanwhile; if this process dies, it goes to another one (of a topic: to this one, once it is started
// again). Out of scope it is acknowledged, except while an exception unwinds the stack: then it goes back.
// Moves, does not copy; its bytes stay valid until it is acknowledged or gone, and are read-only. Must not
// outlive its Node. Threads: may be handed to another thread; one at a time.
class Message {
 public:
  // Made by Reader.
  Message(detail::View& view, const detail::TakenMessage& taken, std::span<const std::byte> bytes);
  Message(Message&& other) noexcept;
  Message& operator=(Message&& other) noexcept;
  ~Message();

  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }
  [[nodiscard]] std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }
  // Its order number in the queue, from 0; the same at each delivery. Messages that were put together
  // (Writer::put_many) share one, and part() tells them apart.
  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }
  // Which of those that were put together it is, from 0.
  [[nodiscard]] unsigned part() const;
  // Which delivery this is, from 1. Above 1 an earlier reader may have done some of the work. Of messages
  // that were put together: which delivery of those that are left.
  [[nodiscard]] std::uint32_t deliveries() const { return deliveries_; }
  // How many messages this reader of a topic lost just before this one, because it was too slow for them and
  // the graph lets it (`when_full: drop_oldest` or `latest`); with what the message was forwarded with.
  [[nodiscard]] std::uint64_t missed() const { return missed_; }
  // When it was put, on the clock of the whole machine, to the kernel's tick (1 to 4 ms).
  [[nodiscard]] std::chrono::steady_clock::time_point enqueued_at() const { return enqueued_at_; }

  // Of a message from the `dead_letter` of a queue: why it is there. bytes() are those that were put first.
  [[nodiscard]] std::optional<DeadLetter> dead_letter() const;

  // Done: it will not be delivered again. None of these four blocks. Once only; later calls do nothing.
  void ack();
  // Not done: goes back, before all that were put after it, to any reader, this one included; of a topic to
  // this one only. With the
  // queue's `retry` it rests first, and others pass it. One that has been delivered `max_deliveries` times
  // becomes a dead letter. Where messages are delivered at most once, it does not come back.
  void nack();
  // Not tried: goes back as nack() does, but that is no failure of the message: it does not count towards
  // `max_deliveries`, and of a queue it comes back where messages are delivered at most once, too. For a
  // reader that finds out that it cannot go on.
  void put_back();
  // Not done, and of no use to try again: becomes a dead letter at once, whatever `max_deliveries` says.
  // Where messages are delivered at most once it is gone. Of messages that were put together one comes back
  // like any other as long as others of them do. Of a topic as nack().
  void reject();

 private:
  friend class Reader;
  friend class Frame;  // and its Iterator
  enum class Fate : std::uint8_t { kDone, kFailed, kUntried, kUseless };
  void settle();
  void be_letter();
  void end(Fate fate);

  detail::View* view_;   // null: acknowledged, given back, or moved from
  std::uint64_t parts_;  // of a frame: a bit for each message that this stands for; else none
  std::uint32_t block_;
  std::uint32_t deliveries_;
  const std::byte* data_;
  std::size_t size_;
  std::uint64_t sequence_;
  std::uint64_t missed_;
  std::chrono::steady_clock::time_point enqueued_at_;
  std::size_t trailer_ = 0;  // bytes of a dead letter behind the message's own
  int unwinding_;            // exceptions in flight when it was taken
};

// Messages that were put together, taken together (Reader::get_many), and acknowledged or given back
// together. Of those that come back only what had not been acknowledged is in it. Else as a Message.
//   for (std::span<const std::byte> bytes : frame) …
class Frame {
 public:
  class Iterator;

  // How many messages.
  [[nodiscard]] std::size_t size() const;
  // Throws Poisoned where a writer has spoilt what it put.
  [[nodiscard]] Iterator begin() const;
  [[nodiscard]] std::default_sentinel_t end() const { return {}; }

  [[nodiscard]] std::uint64_t sequence() const { return message_.sequence(); }
  [[nodiscard]] std::uint32_t deliveries() const { return message_.deliveries(); }
  [[nodiscard]] std::uint64_t missed() const { return message_.missed(); }
  [[nodiscard]] std::chrono::steady_clock::time_point enqueued_at() const { return message_.enqueued_at(); }

  // Once only, of all that are in it.
  void ack() { message_.ack(); }
  void nack() { message_.nack(); }
  // The first `done` of them are acknowledged, the others put back (Message::put_back).
  void put_back(std::size_t done = 0);
  void reject() { message_.reject(); }

 private:
  friend class Reader;
  explicit Frame(Message message) : message_(std::move(message)) {}

  Message message_;  // its bytes are all records, those that are done with too
};

// Valid while its frame is where it is, and not acknowledged.
class Frame::Iterator {
 public:
  using iterator_concept = std::input_iterator_tag;
  using difference_type = std::ptrdiff_t;
  using value_type = std::span<const std::byte>;

  Iterator() = default;  // at the end
  const value_type& operator*() const { return now_; }
  const value_type* operator->() const { return &now_; }
  Iterator& operator++() {
    left_ &= left_ - 1;
    if (left_ != 0) find();
    return *this;
  }
  void operator++(int) { ++*this; }
  bool operator==(std::default_sentinel_t) const { return left_ == 0; }

 private:
  friend class Frame;
  Iterator(const Message& message, std::uint64_t left);
  void find();
  [[noreturn]] void throw_spoilt() const;

  const Message* message_ = nullptr;
  const std::byte *at_ = nullptr, *end_ = nullptr;  // of the records behind `now_`
  value_type now_;
  std::uint64_t left_ = 0;  // from the one that it stands at on
  unsigned next_ = 0;       // the number of the one at `at_`
};

}  // namespace procgraph
