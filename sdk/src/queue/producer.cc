#include "queue/producer.h"

#include <algorithm>

#include "queue/poison.h"
#include "queue/waiting.h"

namespace procgraph::detail {

void describe(View& view, BlockIndex block, std::uint32_t flags, std::uint64_t time) {
  Descriptor& d = view.memory.descriptor(block);
  d.tries.store(0, std::memory_order_relaxed);
  d.producer = view.self;
  d.flags.store(flags, std::memory_order_relaxed);
  d.content_type = 0;
  d.time.store(time != 0 ? time : coarse_now(), std::memory_order_relaxed);
  d.note.store(0, std::memory_order_relaxed);
  if (BlockWord{d.own.load(std::memory_order_relaxed)}.ticket() == kKept) {
    d.own.store(block_word(State::kLoaned, view.self, 0).raw);
  }
}

void keep(View& view, BlockIndex block) {
  view.memory.descriptor(block).own.store(block_word(State::kLoaned, view.self, kKept).raw);
  if ((view.control().state.load() & kDraining) != 0) ring_all(view);
}

Want Producer::claim(std::uint64_t bytes, BlockIndex& block) {
  if ((view_.control().state.load() & closed_by_) != 0) return Want::kStopped;
  block = claimer_.claim(view_, view_.memory.geometry().class_for(bytes));
  if (block == kNoBlock) return Want::kBlock;
  if (budget_.reserve(view_.memory, block, bytes)) return Want::kNothing;
  release(view_, block);
  return Want::kBytes;
}

Want Producer::publish(BlockIndex block, std::uint32_t flags, std::uint64_t time) {
  QueueMemory& m = view_.memory;
  Control& c = m.control();
  const Geometry& g = m.geometry();
  Descriptor& d = m.descriptor(block);
  describe(view_, block, flags, time);
  // Who ends the queue changes its state and then looks at the blocks; we have said in our block's word that
  // a message may come (by the exchange that claimed it, or just now), and look at the state: one of us sees
  // the other.
  if ((c.state.load() & closed_by_) != 0) return Want::kStopped;
  Ticket stale = 0;
  for (Ticket t = std::max({next_, c.tail.load(), g.first_ticket()});;) {
    RingWord there{m.place(t).load()};
    if (there.lap() >= g.lap(t)) {  // published by somebody, at this ticket or laps later
      t += (there.lap() - g.lap(t)) * g.ring_length() + 1;
      continue;
    }
    if (there.lap() + 1 != g.lap(t)) {
      poison(view_, Poison::kLap);
      return Want::kStopped;
    }
    switch (room_for(t)) {
      case Room::kYes:
        break;
      case Room::kStale:
        if (stale == t) poison(view_, Poison::kLap);  // published long since, and not there
        if ((c.state.load() & kPoisoned) != 0) return Want::kStopped;
        stale = t;
        continue;
      case Room::kFull:
        d.own.store(block_word(State::kLoaned, view_.self, 0).raw, std::memory_order_relaxed);
        next_ = t;
        if ((c.state.load() & kPoisoned) != 0) return Want::kStopped;
        raise(c.deepest, m.limit());
        return Want::kPlace;
    }
    // Released to whoever claims the block once a reader, perhaps through another mapping, has let go of it.
    d.own.store(block_word(State::kPushing, view_.self, t).raw, std::memory_order_release);
    std::uint64_t expected = there.raw;
    // Publishes the message: the block's word, its descriptor and its bytes.
    if (!m.place(t).compare_exchange_strong(expected, ring_word(g.lap(t), block).raw)) continue;
    next_ = t + 1;
    break;
  }
  if (next_ % kHintEvery == 0) {
    raise(c.tail, next_);
    prefetch_to_write(&m.place(next_ + kHintEvery));
  }
  wake_reader(view_);
  if (next_ - head_ > unseen_depth_) note_depth();
  return Want::kNothing;
}

Want Producer::place() {
  for (;;) {
    if ((view_.control().state.load() & closed_by_) != 0) return Want::kStopped;
    switch (room_for(view_.memory.end())) {
      case Room::kYes:
        return Want::kNothing;
      case Room::kFull:
        return (view_.control().state.load() & kPoisoned) != 0 ? Want::kStopped : Want::kPlace;
      case Room::kStale:
        break;  // others have gone on meanwhile
    }
  }
}

// The shared bound of the taken ones lies in the readers' cache: it is fetched only when there may be a new
// record.
void Producer::note_depth() {
  Control& c = view_.control();
  head_ = std::max({head_, c.head.load(), view_.memory.geometry().first_ticket()});
  std::uint64_t limit = view_.memory.limit();
  raise(c.deepest, std::min(next_ - std::min(head_, next_), limit));
  unseen_depth_ = c.deepest.load() + std::max(kHintEvery, limit / 16);
}

// May ticket t be published? Only once `limit` tickets before it has been taken; the taken ones have no gaps.
Producer::Room Producer::room_for(Ticket t) {
  QueueMemory& m = view_.memory;
  Control& c = m.control();
  const Geometry& g = m.geometry();
  std::uint64_t limit = m.limit();
  if (limit == 0) {
    poison(view_, Poison::kLimit);
    return Room::kFull;
  }
  if (t < head_ + limit) return Room::kYes;
  head_ = std::max(c.head.load(), g.first_ticket());
  if (t < head_ + limit) return Room::kYes;
  Ticket old = t - limit;
  RingWord there{m.place(old).load()};
  if (there.lap() != g.lap(old)) return Room::kStale;  // overwritten, so t is published long since
  if (!m.is_block(there.block())) {
    poison(view_, Poison::kBlockIndex);
    return Room::kFull;
  }
  BlockWord own{m.descriptor(there.block()).own.load()};
  if (own.is_pushing(old)) return Room::kFull;
  raise(c.head, old + 1);
  head_ = old + 1;
  return Room::kYes;
}

}  // namespace procgraph::detail
