#include "queue/recovery.h"

#include <algorithm>
#include <bit>

#include "queue/audit.h"
#include "queue/blocks.h"
#include "queue/frame.h"
#include "queue/poison.h"
#include "queue/settle.h"
#include "queue/waiting.h"

namespace procgraph::detail {
namespace {

void reap_block(View& view, BlockIndex block, std::uint16_t dead, Recovery& done) {
  Descriptor& d = view.memory.descriptor(block);
  std::uint64_t own = d.own.load();
  BlockWord word{own};
  if (word.owner() != dead || own == 0) return;
  bool unpublished = word.state() == State::kPushing && !view.memory.is_published(block, word);
  bool finished = word.is_lease() && is_frame(d) && is_done(d);
  bool forgotten = word.is_lease() && !finished && view.memory.policy().at_most_once;
  bool undone = word.state() == State::kLoaned || unpublished;
  if (undone || finished || forgotten) {
    // Publishes that the block is free: its message never was one, or is none any more.
    d.own.compare_exchange_strong(own, 0);
    done.undone += undone ? 1 : 0;
    done.gone += forgotten ? 1 : 0;
  } else if (word.state() == State::kRetired) {
    // Publishes that its bytes count no more: they are about to be counted again.
    d.own.compare_exchange_strong(own, block_word(State::kRetired, 0, word.ticket()).raw);
  } else if (word.is_lease() || word.is_settling()) {
    Settled settled = settle_for(view, dead, block);
    done.returned += settled == Settled::kReturned ? 1 : 0;
    done.dead += settled == Settled::kDead ? 1 : 0;
  }
}

// Puts right the bits that a killed process had not come to, and tells whoever must look.
void mend_hints(View& view, BlockIndex block, bool& returned, bool& parked) {
  State state = BlockWord{view.memory.descriptor(block).own.load()}.state();
  if (state == State::kFree) {
    if ((view.memory.busy(block).load() & bit(block)) != 0) view.memory.busy(block).fetch_and(~bit(block));
  } else if (state == State::kRedeliver) {
    view.memory.returned(block).fetch_or(bit(block));
    returned = true;
  } else if (state == State::kParked) {
    parked = true;
  }
}

void free_slots(View& view, std::uint16_t dead) {
  Control& c = view.control();
  unsigned used = std::min(c.used_slots.load(), kWaitSlots);
  for (unsigned i = 0; i < used; ++i) {
    std::uint32_t owner = dead;
    // Publishes that the slot is free; its bits are cleared already.
    c.slots[i].owner.compare_exchange_strong(owner, 0);
  }
}

}  // namespace

Recovery reap(View& view, std::uint16_t dead) {
  Recovery done = reap_blocks(view, dead);
  leave(view, dead);
  return done;
}

Recovery reap_blocks(View& view, std::uint16_t dead) {
  Control& c = view.control();
  Recovery done;
  c.doubt.fetch_add(1);
  bool returned = false, parked = false;
  BlockAudit audit(view);
  view.memory.for_each_block([&](BlockIndex block) {
    audit.look(block);
    reap_block(view, block, dead, done);
    mend_hints(view, block, returned, parked);
  });
  if (returned) c.returns.fetch_add(1);
  if (parked) c.parks.fetch_add(1);
  // Whoever dies may have left nonsense behind; the others are not to find it one by one.
  if (const Poison found = audit.end(); found != Poison::kNone) poison(view, found);
  recount(view.memory);
  c.doubt.fetch_add(1);  // what a writer has read of the counters before is no longer to be relied on
  return done;
}

void leave(View& view, std::uint16_t dead) {
  take_out_of_lines(view, dead);
  free_slots(view, dead);
  ring_all(view);
  view.roster.release_all(dead);
}

void give_up_writing(View& view, std::uint16_t participant) {
  Control& c = view.control();
  c.gone[participant / 64].fetch_or(std::uint64_t{1} << (participant % 64));
  std::uint32_t writers = view.memory.geometry().writers;
  if (writers == 0) return;
  std::uint32_t gone = 0;
  for (Shared<std::uint64_t>& word : c.gone) gone += static_cast<std::uint32_t>(std::popcount(word.load()));
  if (gone >= writers) announce(view, kDraining);
}

void announce(View& view, std::uint32_t bits) {
  view.control().state.fetch_or(bits);
  ring_all(view);
}

}  // namespace procgraph::detail
