// Reader and Writer: the two ends of a queue or a topic. Which of them the graph has given makes no
// difference to a program, but for Message::missed().
//
// Both carry messages in the order in which they were put: a queue each to exactly one reader, a topic each
// to every reader. They survive the death of any process at any instruction: what was put is delivered, what
// a dead reader had not acknowledged is delivered again (of a topic to itself, once it is started again). A
// topic's reader may be one for whom writers do not wait: it misses what it is too slow for, and may have 64
// messages in hand at a time. The threads of one process share what it gets from either. The algorithm (a
// ring of references, blocks that always have one owner) is described in docs/node-protocol.md; its waiting
// follows the eventcount pattern (a sleeper announces itself, then looks again).
//
// Threads: one at a time per handle. Handles are cheap: several threads of a process take one each from the
// Node, which is thread-safe. All must be gone before their Node. Times are on the monotonic clock. Signals
// do not interrupt a wait.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "procgraph/errors.h"
#include "procgraph/message.h"

namespace procgraph {

namespace detail {
struct ReaderState;
struct WriterState;
}  // namespace detail

inline constexpr std::chrono::nanoseconds kForever = std::chrono::nanoseconds::max();

// Space for one message in the queue's own memory, to be filled in place. Out of scope without commit()
// nothing is put.
class Loan {
 public:
  Loan(Loan&& other) noexcept;
  Loan& operator=(Loan&&) = delete;
  ~Loan();

  [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }
  // Puts the message, or the first `size` bytes of it; where the queue is full, does as put does. Once only.
  // Throws as put does, and then may be tried again with what it has been cut to.
  void commit();
  void commit(std::size_t size);

 private:
  friend class Writer;
  Loan(detail::WriterState& writer, std::uint32_t block, std::span<std::byte> bytes)
      : writer_(&writer), block_(block), bytes_(bytes) {}
  Loan(detail::WriterState& writer, std::vector<std::byte> dropped)
      : writer_(&writer),
        block_(0),
        dropped_(std::move(dropped)),
        bytes_(dropped_.data(), dropped_.size() - 1) {}

  detail::WriterState* writer_;  // null: put, or moved from
  std::uint32_t block_;
  std::vector<std::byte> dropped_;  // one byte more than a message that found no room and will be dropped
  std::span<std::byte> bytes_;
};

class Selectable;

class Writer {
 public:
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;
  ~Writer();

  // Copies a message into the queue and returns once it is there for good, even if this process dies now.
  // While a reader of the topic is too far behind, it waits. While the queue's capacity or memory is used up,
  // it does what the queue's `when_full` says: it waits
  // (block; grow, once it has grown as far as it may), or never waits: it drops this message (drop_newest),
  // or as many of the oldest that nobody has taken as it needs (drop_oldest; this one if that is not enough,
  // for readers hold the rest), or throws Full (reject). What is dropped is counted, and is no failure of the
  // writer: put returns as if it had been put. Throws TooLarge, NoReaders (see there), Closed, Poisoned,
  // Full; Failure and NotInGraph as Reader::get does.
  void put(std::span<const std::byte> bytes);
  void put(std::string_view text);
  // False: no room within the time (with `reject`: now), nothing was put. Does not throw Full.
  [[nodiscard]] bool put(std::span<const std::byte> bytes, std::chrono::nanoseconds timeout);
  [[nodiscard]] bool put(std::string_view text, std::chrono::nanoseconds timeout);
  [[nodiscard]] bool try_put(std::span<const std::byte> bytes);
  [[nodiscard]] bool try_put(std::string_view text);

  // Puts many messages, in this order. Into a queue small ones go together, up to 64 in a *frame*: all of a
  // frame are put at once, which costs little more than putting one. A frame counts as one message for the
  // capacity, the counters, `drop_oldest`, `expire` and `max_deliveries`, and as all its bytes for the
  // memory. Readers get each message by itself, or the frame by get_many(), and need not know of it. Waits,
  // drops and throws for each frame as put does for a message.
  void put_many(std::span<const std::span<const std::byte>> messages);
  void put_many(std::span<const std::string_view> messages);
  // How many were put, from the front, within the time (with `reject`: now); those that were dropped for want
  // of room count. Does not throw Full.
  [[nodiscard]] std::size_t put_many(std::span<const std::span<const std::byte>> messages,
                                     std::chrono::nanoseconds timeout);
  [[nodiscard]] std::size_t put_many(std::span<const std::string_view> messages,
                                     std::chrono::nanoseconds timeout);

  // Puts a copy of a message that was taken elsewhere, with its age and with what it says of those lost
  // before it. Waits and throws as put does; the message itself is still to be acknowledged.
  void forward(const Message& message);

  // Room for a message of up to `size` bytes, without a copy later. Waits, drops or throws like put where
  // memory is used up; commit() does where capacity is. A message that is to be dropped is lent memory of
  // this process. It must be gone before this handle is.
  [[nodiscard]] Loan loan(std::size_t size) &;
  // Nothing: no room within the time (with `reject`: now).
  [[nodiscard]] std::optional<Loan> loan(std::size_t size, std::chrono::nanoseconds timeout) &;

  // Gives up this process's writing end, for all handles of the port; put throws Closed from then on. When
  // all writers have, readers drain the queue and see the end. A process that exits gives up its ends without
  // this. In a process that was not started by the graph itself, only this process's handles are closed.
  void close();

  [[nodiscard]] std::size_t max_message() const;  // bytes

 private:
  friend class Node;
  friend class Selectable;
  explicit Writer(std::unique_ptr<detail::WriterState> state);

  std::unique_ptr<detail::WriterState> state_;
};

class Reader {
 public:
  class Iterator;

  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();

  // The next message. Waits while there is none. Nothing: the data has ended (ended() tells), or the time is
  // over. The end comes once all writers are gone for good, nothing waits, and whoever took a message that is
  // not acknowledged yet is itself waiting for the end. Throws Poisoned; Failure where more threads wait than
  // there is room for (4,096 per queue); NotInGraph in a child made by fork().
  [[nodiscard]] std::optional<Message> get(std::chrono::nanoseconds timeout = kForever);
  [[nodiscard]] std::optional<Message> try_get();
  // Up to `max` messages: waits for the first as get() does, then for more until `within` has passed since.
  // Empty: the data has ended, or `max` is 0.
  [[nodiscard]] std::vector<Message> get_batch(std::size_t max, std::chrono::nanoseconds within);
  // The next messages that were put together, or one that was put alone; waits and throws as get() does. Of
  // messages of which this handle has given out some already, the others.
  [[nodiscard]] std::optional<Frame> get_many(std::chrono::nanoseconds timeout = kForever);
  // The last call that returned nothing did so because the data has ended.
  [[nodiscard]] bool ended() const;
  // What it reads: "queue" or "topic".
  [[nodiscard]] std::string_view kind() const;

  // For poll and epoll loops: a descriptor that is readable from when there may be a message, or the end,
  // until try_get() has returned nothing; so call that until it does. (Another reader may be faster.) Closed
  // with this handle; not to be read from, written to or closed otherwise. Costs a thread, that sleeps, and
  // one more wake-up for a message than get() does. Throws Failure where the descriptor, the thread or a
  // place to wait is not to be had.
  [[nodiscard]] int fd();

  // for (procgraph::Message& message : reader): until the data ends. Each is acknowledged when the loop goes
  // on.
  [[nodiscard]] Iterator begin();
  [[nodiscard]] std::default_sentinel_t end() const { return {}; }

 private:
  friend class Node;
  friend class Selectable;
  explicit Reader(std::unique_ptr<detail::ReaderState> state);
  [[nodiscard]] std::optional<Message> take(
      const std::optional<std::chrono::steady_clock::time_point>& until);

  std::unique_ptr<detail::ReaderState> state_;
};

class Reader::Iterator {
 public:
  using iterator_concept = std::input_iterator_tag;
  using difference_type = std::ptrdiff_t;
  using value_type = Message;

  Message& operator*() { return *message_; }
  Message* operator->() { return &*message_; }
  Iterator& operator++() {
    message_.reset();  // acknowledged before the wait for the next
    message_ = reader_->get();
    return *this;
  }
  void operator++(int) { ++*this; }
  bool operator==(std::default_sentinel_t) const { return !message_; }

 private:
  friend class Reader;
  explicit Iterator(Reader& reader) : reader_(&reader), message_(reader.get()) {}

  Reader* reader_;
  std::optional<Message> message_;
};

inline Reader::Iterator Reader::begin() {
  return Iterator(*this);
}

}  // namespace procgraph
