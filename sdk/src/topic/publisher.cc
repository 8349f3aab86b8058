#include "topic/publisher.h"

#include <algorithm>
#include <utility>

#include "queue/poison.h"
#include "queue/producer.h"
#include "topic/retire.h"

namespace procgraph::detail {
namespace {

constexpr Ticket kRetiredAhead = 6;  // on their way at a time

}  // namespace

Want Publisher::claim(std::uint64_t bytes, BlockIndex& block) {
  if ((view_.control().state.load() & kClosed) != 0) return Want::kStopped;
  unsigned c = view_.memory.geometry().class_for(bytes);
  for (;;) {
    block = c == 0 && saved_ != kNoBlock ? std::exchange(saved_, kNoBlock) : claimer_.claim(view_, c);
    if (block == kNoBlock) {
      if (evict(view_)) continue;
      return Want::kBlock;
    }
    if (budget_.reserve(view_.memory, block, bytes)) return Want::kNothing;
    release(view_, block);
    if (!evict(view_)) return Want::kBytes;
  }
}

void Publisher::save(BlockIndex block) {
  if (saved_ == kNoBlock && view_.memory.geometry().class_of(block) == 0) {
    saved_ = block;
    wake_freed(view_);
  } else {
    release(view_, block);
  }
}

void Publisher::forget() {
  if (saved_ != kNoBlock) release(view_, std::exchange(saved_, kNoBlock));
  claimer_.forget(view_);
}

Want Publisher::publish(BlockIndex block, std::uint32_t flags, std::uint64_t time) {
  QueueMemory& m = view_.memory;
  Control& c = m.control();
  const Geometry& g = m.geometry();
  Descriptor& d = m.descriptor(block);
  describe(view_, block, flags, time);
  if ((c.state.load() & kClosed) != 0) return Want::kStopped;
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
    if (t >= allowed_) allowed_ = allowed(view_);
    if (t >= allowed_) {
      d.own.store(block_word(State::kLoaned, view_.self, 0).raw, std::memory_order_relaxed);
      next_ = t;
      return Want::kPlace;
    }
    make_place(t);
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
  if (anybody(c, Line::kReaders)) wake_all(view_, Line::kReaders);
  return Want::kNothing;
}

Want Publisher::place() {
  if ((view_.control().state.load() & kClosed) != 0) return Want::kStopped;
  return view_.memory.end() < allowed(view_) ? Want::kNothing : Want::kPlace;
}

// Before ticket t is published, all that are a history or more behind it are retired. The history is asked
// for after allowed(): it only grows, so that none is retired that a reader which gates still needs.
void Publisher::make_place(Ticket t) {
  const Geometry& g = view_.memory.geometry();
  const std::uint64_t history = view_.history();
  Shared<Ticket>& shared = view_.topic.part().first;
  if (t < std::max(first_, g.first_ticket()) + history) return;
  for (first_ = std::max({first_, shared.load(), g.first_ticket()}); first_ + history <= t; ++first_) {
    if (BlockIndex block = retire(view_, first_); block != kNoBlock) save(block);
  }
  if (first_ % kHintEvery == 0) raise(shared, first_);
  prefetch_to_retire();
}

// The blocks that will be retired next come from their readers' caches while this message is being put: those
// that all who gate are done with.
void Publisher::prefetch_to_retire() {
  QueueMemory& m = view_.memory;
  const Geometry& g = m.geometry();
  const std::uint64_t history = view_.history();
  for (fetched_ = std::max(fetched_, first_); fetched_ < first_ + kRetiredAhead; ++fetched_) {
    if (fetched_ + history >= allowed_) return;
    const RingWord there{m.place(fetched_).load(std::memory_order_relaxed)};
    if (there.lap() == g.lap(fetched_)) m.prefetch(there.block());
  }
}

}  // namespace procgraph::detail
