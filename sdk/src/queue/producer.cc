#include "queue/producer.h"

#include <time.h>

#include <algorithm>

#include "queue/poison.h"
#include "queue/waiting.h"

namespace procgraph::detail {
namespace {

std::uint64_t coarse_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

void describe(Descriptor& d, std::uint16_t producer) {
  d.tries.store(0, std::memory_order_relaxed);
  d.producer = producer;
  d.flags = 0;
  d.content_type = 0;
  d.time = coarse_now();
}

}  // namespace

Want Producer::claim(std::uint64_t bytes, BlockIndex& block) {
  if (view_.control().state.load() != 0) return Want::kStopped;
  block = claimer_.claim(view_, view_.memory.geometry().class_for(bytes));
  if (block == kNoBlock) return Want::kBlock;
  if (budget_.reserve(view_.memory, block, bytes)) return Want::kNothing;
  release(view_, block);
  return Want::kBytes;
}

void Producer::keep(BlockIndex block) {
  view_.memory.descriptor(block).own.store(block_word(State::kLoaned, view_.self, kKept).raw);
  if ((view_.control().state.load() & kDraining) != 0) ring_all(view_);
}

Want Producer::publish(BlockIndex block) {
  QueueMemory& m = view_.memory;
  Control& c = m.control();
  const Geometry& g = m.geometry();
  Descriptor& d = m.descriptor(block);
  describe(d, view_.self);
  if (BlockWord{d.own.load(std::memory_order_relaxed)}.ticket() == kKept) {
    d.own.store(block_word(State::kLoaned, view_.self, 0).raw);
  }
  // Who ends the queue changes its state and then looks at the blocks; we have said in our block's word that
  // a message may come (by the exchange that claimed it, or just now), and look at the state: one of us sees
  // the other.
  if (c.state.load() != 0) return Want::kStopped;
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
        if ((c.state.load() & kPoisoned) != 0) return Want::kStopped;
        continue;
      case Room::kFull:
        d.own.store(block_word(State::kLoaned, view_.self, 0).raw, std::memory_order_relaxed);
        next_ = t;
        return (c.state.load() & kPoisoned) != 0 ? Want::kStopped : Want::kPlace;
    }
    d.own.store(block_word(State::kPushing, view_.self, t).raw, std::memory_order_relaxed);
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
  return Want::kNothing;
}

// May ticket t be published? Only once `limit` tickets before it has been taken; the taken ones have no gaps.
Producer::Room Producer::room_for(Ticket t) {
  QueueMemory& m = view_.memory;
  Control& c = m.control();
  const Geometry& g = m.geometry();
  std::uint64_t limit = std::min(c.limit.load(std::memory_order_relaxed), g.ring_length());
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
