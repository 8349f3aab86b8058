// Message: one message of a queue or a topic, read in place.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace procgraph {

namespace detail {
struct View;
struct TakenMessage;
}  // namespace detail

// Why a message became a dead letter.
struct DeadLetter {
  std::string cause;             // "death" of the process that had it, or "nack"
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
  Message(Message&& other) noexcept;
  Message& operator=(Message&& other) noexcept;
  ~Message();

  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }
  [[nodiscard]] std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }
  // Its order number in the queue, from 0; the same at each delivery.
  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }
  // Which delivery this is, from 1. Above 1 an earlier reader may have done some of the work.
  [[nodiscard]] std::uint32_t deliveries() const { return deliveries_; }
  // How many messages this reader of a topic lost just before this one, because it was too slow for them and
  // the graph lets it (`when_full: drop_oldest` or `latest`); with what the message was forwarded with.
  [[nodiscard]] std::uint64_t missed() const { return missed_; }
  // When it was put, on the clock of the whole machine, to the kernel's tick (1 to 4 ms).
  [[nodiscard]] std::chrono::steady_clock::time_point enqueued_at() const { return enqueued_at_; }

  // Of a message from the `dead_letter` of a queue: why it is there. bytes() are those that were put first.
  [[nodiscard]] std::optional<DeadLetter> dead_letter() const;

  // Done: it will not be delivered again. Neither blocks. Once only; later calls do nothing.
  void ack();
  // Not done: goes back, before all that were put after it, to any reader, this one included; of a topic to
  // this one only. With the
  // queue's `retry` it rests first, and others pass it. One that has been delivered `max_deliveries` times
  // becomes a dead letter. Where messages are delivered at most once, it does not come back.
  void nack();

 private:
  friend class Reader;
  Message(detail::View& view, const detail::TakenMessage& taken, std::size_t size);
  void settle();

  detail::View* view_;  // null: acknowledged, given back, or moved from
  std::uint32_t block_;
  std::uint32_t deliveries_;
  std::size_t size_;
  const std::byte* data_;
  std::uint64_t sequence_;
  std::uint64_t missed_;
  std::chrono::steady_clock::time_point enqueued_at_;
  std::size_t trailer_ = 0;  // bytes of a dead letter behind the message's own
  int unwinding_;            // exceptions in flight when it was taken
};

}  // namespace procgraph
