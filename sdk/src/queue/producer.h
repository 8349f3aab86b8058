// Producer: one handle's way to put messages. A message is published by one exchange on a word of the ring.
#pragma once

#include <cstdint>

#include "queue/blocks.h"
#include "queue/view.h"
#include "queue/waiting.h"

namespace procgraph::detail {

class Producer {
 public:
  // `closed_by`: the bits of Control::state that end its work.
  explicit Producer(View& view, std::uint32_t closed_by = kClosed) : view_(view), closed_by_(closed_by) {}
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  // A block for `bytes` (at most the largest block), on loan to us until it is published or released.
  [[nodiscard]] Want claim(std::uint64_t bytes, BlockIndex& block);
  // Before the handle ends: lets go of what was found free and not used.
  void forget() { claimer_.forget(view_); }
  // Makes the block the next message and wakes a reader. kPlace: nothing happened, it is still on loan.
  [[nodiscard]] Want publish(BlockIndex block, std::uint32_t flags = 0, std::uint64_t time = 0);
  // Would publish() find a place? kNothing, kPlace or kStopped.
  [[nodiscard]] Want place();

 private:
  enum class Room { kYes, kFull, kStale };

  [[nodiscard]] Room room_for(Ticket t);
  void note_depth();

  View& view_;
  std::uint32_t closed_by_;
  Claimer claimer_;
  Budget budget_;
  Ticket next_ = 0, head_ = 0;  // lower bounds, as far as we know
  std::uint64_t unseen_depth_ = 0;
};

// A loan that is not about to be published: it is kept by whoever fills it in place. Undone by publish().
void keep(View& view, BlockIndex block);
// Fills in what a descriptor says beside the message's size and bytes; a loan that was kept is about to be
// published again.
void describe(View& view, BlockIndex block, std::uint32_t flags, std::uint64_t time);

}  // namespace procgraph::detail
