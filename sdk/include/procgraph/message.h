// Message: one message of a queue, read in place.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace procgraph {

namespace detail {
struct View;
}

// A message that this process has taken and not yet acknowledged: no other reader gets it meanwhile; if this
// process dies, it goes to another one. Out of scope it is acknowledged, except while an exception unwinds
// the stack: then it goes back. Moves, does not copy; its bytes stay valid until it is acknowledged or gone,
// and are read-only. Must not outlive its Node. Threads: may be handed to another thread; one at a time.
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
  // When it was put, on the clock of the whole machine, to the kernel's tick (1 to 4 ms).
  [[nodiscard]] std::chrono::steady_clock::time_point enqueued_at() const { return enqueued_at_; }

  // Done: it will not be delivered again. Neither blocks. Once only; later calls do nothing.
  void ack();
  // Not done: goes back, before all that were put after it, to any reader, this one included.
  void nack();

 private:
  friend class Reader;
  Message(detail::View& view, std::uint32_t block, std::size_t size);
  void settle();

  detail::View* view_;  // null: acknowledged, given back, or moved from
  std::uint32_t block_;
  std::uint32_t deliveries_;
  std::size_t size_;
  const std::byte* data_;
  std::uint64_t sequence_;
  std::chrono::steady_clock::time_point enqueued_at_;
  int unwinding_;  // exceptions in flight when it was taken
};

}  // namespace procgraph
