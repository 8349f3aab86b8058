// Publisher: one handle's way to put messages into a topic. A message is published by one exchange on a word
// of the ring, as in a queue; what the topic keeps no longer is retired by those who publish.
#pragma once

#include <cstdint>

#include "queue/blocks.h"
#include "queue/waiting.h"
#include "topic/memory.h"

namespace procgraph::detail {

class Publisher {
 public:
  explicit Publisher(TopicView& view) : view_(view) {}
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  // A block for `bytes` (at most max_message), on loan to us until it is published or released.
  [[nodiscard]] Want claim(std::uint64_t bytes, BlockIndex& block);
  // Before the handle ends: lets go of what was found free, or retired, and not used.
  void forget();
  // Makes the block the next message and wakes the readers. kPlace: a reader that gates is as far behind as
  // it may be; nothing happened, the block is still on loan.
  [[nodiscard]] Want publish(BlockIndex block, std::uint32_t flags = 0, std::uint64_t time = 0);
  // Would publish() find a place? kNothing, kPlace or kStopped.
  [[nodiscard]] Want place();

 private:
  void save(BlockIndex block);
  void make_place(Ticket t);
  void prefetch_to_retire();

  TopicView& view_;
  Claimer claimer_;
  Budget budget_;
  // A block that lay in its descriptor and that we have retired, for our next message: most messages take
  // the place of another one. Only of the smallest class, which has blocks to spare.
  BlockIndex saved_ = kNoBlock;
  Ticket next_ = 0, first_ = 0, allowed_ = 0;  // lower bounds, as far as we know
  Ticket fetched_ = 0;                         // blocks of messages before this one are on their way
};

}  // namespace procgraph::detail
