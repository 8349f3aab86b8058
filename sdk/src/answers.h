// Answers: what an `ordered` process puts answers the message that it has in hand, and says so, that a node
// of ours can put all answers into the order of what they answer. The mark goes where a message's time would
// be.
#pragma once

#include <cstdint>

#include "ends.h"

namespace procgraph::detail {

// sequence:47 | deliveries:16 | finished:1 of the message that is answered.
[[nodiscard]] constexpr std::uint64_t answer_mark(std::uint64_t sequence, std::uint64_t deliveries,
                                                  bool finished) {
  constexpr std::uint64_t kMost = 0xffff;
  return sequence << 17U | (deliveries < kMost ? deliveries : kMost) << 1U | (finished ? 1 : 0);
}

// Of a process; one port that reads, and one that writes. Thread-safe.
class Answers {
 public:
  explicit Answers(QueuePort& out) : writer_(out) {}

  // The calling thread has this message now.
  void begin(std::uint64_t sequence, std::uint32_t deliveries) const;
  // Of what the calling thread puts. Throws Failure where it has no message in hand.
  [[nodiscard]] std::uint64_t mark() const;
  // Nothing more will answer the message, which is about to be acknowledged: puts that, waiting for room.
  // False: answers can be put no more, so that somebody else has to do it.
  [[nodiscard]] bool finish(std::uint64_t sequence, std::uint32_t deliveries) noexcept;
  // It is given back.
  void drop(std::uint64_t sequence, std::uint32_t deliveries) const;

 private:
  std::mutex mutex_;
  WriterState writer_;  // of the marks that something is finished; guarded by mutex_
};

}  // namespace procgraph::detail
