// Producer: one handle's way to put messages. A message is published by one exchange on a word of the ring.
#pragma once

#include <cstdint>

#include "queue/blocks.h"
#include "queue/view.h"
#include "queue/waiting.h"

namespace procgraph::detail {

class Producer {
 public:
  explicit Producer(View& view) : view_(view) {}
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  // A block for `bytes` (at most max_message), on loan to us until it is published or released.
  [[nodiscard]] Want claim(std::uint64_t bytes, BlockIndex& block);
  // Before the handle ends: lets go of what was found free and not used.
  void forget() { claimer_.forget(view_); }
  // The block is not about to be published: it is kept by whoever fills it in place. Undone by publish().
  void keep(BlockIndex block);
  // Makes the block the next message and wakes a reader. kPlace: nothing happened, it is still on loan.
  [[nodiscard]] Want publish(BlockIndex block);

 private:
  enum class Room { kYes, kFull, kStale };

  [[nodiscard]] Room room_for(Ticket t);

  View& view_;
  Claimer claimer_;
  Budget budget_;
  Ticket next_ = 0, head_ = 0;  // lower bounds, as far as we know
};

}  // namespace procgraph::detail
