#include "queue/consumer.h"

#include <algorithm>
#include <bit>

#include "queue/poison.h"
#include "queue/settle.h"
#include "queue/waiting.h"

namespace procgraph::detail {
namespace {

constexpr Ticket kMessagesAhead = 5;  // descriptors on their way from the writer's cache at a time

}  // namespace

std::uint32_t this_thread() {
  static std::atomic<std::uint32_t> threads = 0;
  thread_local const std::uint32_t number = ++threads;
  return number;
}

RingWord RingLine::look(QueueMemory& memory, Ticket t) {
  const std::uint64_t lap = memory.geometry().lap(t);
  if (RingWord before = seen(t); before.lap() == lap) return before;
  begin_ = t;
  end_ = std::min<Ticket>(t - t % kWords + kWords,
                          t - memory.geometry().place(t) + memory.geometry().ring_length());
  for (Ticket each = begin_; each < end_; ++each) words_[each % kWords] = memory.place(each).load();
  return RingWord{words_[t % kWords]};
}

BlockIndex Consumer::take() {
  Control& c = view_.control();
  if ((c.state.load() & kPoisoned) != 0) return kNoBlock;
  if (may_have_returned()) {
    if (BlockIndex block = take_returned(State::kLeased); block != kNoBlock) return block;
  }
  return take_published(State::kLeased);
}

bool Consumer::has_message() {
  Control& c = view_.control();
  if ((c.state.load() & kPoisoned) != 0) return false;
  if (may_have_returned()) {
    std::uint32_t returns = c.returns.load();
    if (oldest_returned(State::kLeased) != kNoBlock) {
      alarm_ = kAtOnce;  // take() is to look there too
      return true;
    }
    returns_ = returns;
  }
  Ticket h = std::max({next_, c.head.load(), view_.memory.geometry().first_ticket()});
  std::uint64_t own = 0;
  return oldest_published(h, own) != kNoBlock;
}

bool Consumer::may_have_returned() const {
  return view_.control().returns.load() != returns_ || (alarm_ != kNever && Clock::now() >= alarm_);
}

bool Consumer::drop_oldest(bool published) {
  BlockIndex block = kNoBlock;
  if (!published) block = take_returned(State::kDropping);
  if (block == kNoBlock) block = take_published(State::kDropping);
  if (block != kNoBlock) drop(view_, block, Cause::kDropped);
  return block != kNoBlock;
}

bool Consumer::take_block(BlockIndex block, std::uint64_t own, State& purpose) {
  Descriptor& d = view_.memory.descriptor(block);
  std::int64_t expire = view_.memory.policy().expire.count();
  if (expire != 0 && purpose == State::kLeased) {
    auto age = static_cast<std::int64_t>(coarse_now() - d.time.load(std::memory_order_relaxed));
    if (age > expire) purpose = State::kExpiring;
  }
  // Publishes that the message is ours; receives its descriptor and bytes, and what its last reader left.
  return d.own.compare_exchange_strong(own, block_word(purpose, view_.self, BlockWord{own}.ticket()).raw);
}

void Consumer::begin_lease(Descriptor& d) {
  d.taker.store(this_thread(), std::memory_order_relaxed);
  if (view_.memory.policy().lease_timeout.count() == 0) return;
  d.note.store(coarse_now(), std::memory_order_release);
  Control& c = view_.control();
  if (c.watched.load() == 0 && c.watched.exchange(1) == 0) call_runner(view_);
}

BlockIndex Consumer::take_published(State purpose) {
  Control& c = view_.control();
  const Ticket first = std::max({next_, c.head.load(), view_.memory.geometry().first_ticket()});
  for (Ticket h = first;;) {
    std::uint64_t own = 0;
    const BlockIndex block = oldest_published(h, own);
    if (block == kNoBlock) {
      next_ = h;
      if (h != first) raise(c.head, h);
      return kNoBlock;
    }
    State as = purpose;
    if (!take_block(block, own, as)) continue;
    next_ = ++h;
    if (next_ % kHintEvery == 0) raise(c.head, next_);
    if (as == State::kExpiring) {
      free_place(view_);
      drop(view_, block, Cause::kExpired);
      continue;
    }
    if (as == State::kLeased) begin_lease(view_.memory.descriptor(block));
    prefetch_next();
    free_place(view_);
    return block;
  }
}

BlockIndex Consumer::oldest_published(Ticket& h, std::uint64_t& own) {
  QueueMemory& m = view_.memory;
  const Geometry& g = m.geometry();
  for (;;) {
    const RingWord there = line_.look(m, h);
    if (there.lap() > g.lap(h)) {  // overwritten: whatever lies a ring before that ticket was taken
      h += (there.lap() - g.lap(h) - 1) * g.ring_length() + 1;
      continue;
    }
    if (there.lap() < g.lap(h)) {
      if (there.lap() + 1 != g.lap(h)) poison(view_, Poison::kLap);  // else not published yet
      return kNoBlock;
    }
    if (!m.is_block(there.block())) {
      poison(view_, Poison::kBlockIndex);
      return kNoBlock;
    }
    own = m.descriptor(there.block()).own.load(std::memory_order_acquire);
    if (BlockWord{own}.is_pushing(h)) return there.block();
    ++h;  // taken
  }
}

// The descriptors that will be wanted next come from the writer's cache while this message is being used.
void Consumer::prefetch_next() {
  QueueMemory& m = view_.memory;
  for (fetched_ = std::max(fetched_, next_); fetched_ < next_ + kMessagesAhead; ++fetched_) {
    const RingWord there = line_.seen(fetched_);
    if (there.lap() != m.geometry().lap(fetched_)) return;
    m.prefetch(there.block());
  }
}

BlockIndex Consumer::take_returned(State purpose) {
  std::uint32_t returns = view_.control().returns.load();
  for (;;) {
    const BlockIndex block = oldest_returned(purpose);
    if (block == kNoBlock) {
      if (purpose == State::kLeased) returns_ = returns;
      return kNoBlock;
    }
    Descriptor& d = view_.memory.descriptor(block);
    std::uint64_t own = d.own.load();
    if (BlockWord{own}.state() != State::kRedeliver || (purpose == State::kLeased && !has_rested(d)))
      continue;
    State as = purpose;
    if (!take_block(block, own, as)) continue;
    view_.memory.returned(block).fetch_and(~bit(block));
    if (as == State::kExpiring) {
      drop(view_, block, Cause::kExpired);
      continue;
    }
    if (as == State::kLeased) begin_lease(d);
    alarm_ = kAtOnce;  // there may be more: take() is to look there again
    return block;
  }
}

// Else the alarm is set for it.
bool Consumer::has_rested(Descriptor& d) {
  std::uint64_t note = d.note.load();
  if ((note & (kRest | kJournal)) != kRest) return true;
  Clock::time_point ready{std::chrono::nanoseconds(note & ~kRest)};
  if (ready <= Clock::now()) return true;
  alarm_ = std::min(alarm_, ready);
  return false;
}

BlockIndex Consumer::oldest_returned(State purpose) {
  QueueMemory& m = view_.memory;
  alarm_ = kNever;
  BlockIndex oldest = kNoBlock;
  Ticket ticket = 0;
  for (unsigned c = 0; c < m.geometry().classes; ++c) {
    BlockIndex first = m.geometry().of_class[c].first, used = m.used(c);
    for (BlockIndex i = 0; i < used; i += 64) {
      for (std::uint64_t bits = m.returned(first + i).load(); bits != 0; bits &= bits - 1) {
        BlockIndex block = first + i + static_cast<BlockIndex>(std::countr_zero(bits));
        BlockWord own{m.descriptor(block).own.load()};
        if (own.state() != State::kRedeliver || (oldest != kNoBlock && own.ticket() >= ticket)) continue;
        if (purpose == State::kLeased && !has_rested(m.descriptor(block))) continue;
        oldest = block;
        ticket = own.ticket();
      }
    }
  }
  return oldest;
}

// Our thread's leases, from one sort to the other.
void Consumer::mark(State from, State to) {
  QueueMemory& m = view_.memory;
  bool changed = false;
  m.for_each_block([&](BlockIndex block) {
    Descriptor& d = m.descriptor(block);
    std::uint64_t own = d.own.load();
    BlockWord word{own};
    if (word.state() != from || word.owner() != view_.self || d.taker.load() != this_thread()) return;
    // Publishes whether this lease delays the end; fails if another thread of ours has just ended it.
    changed |= d.own.compare_exchange_strong(own, block_word(to, view_.self, word.ticket()).raw);
  });
  if (!changed) return;
  marked_ = to == State::kWaited;
  if (marked_) ring_all(view_);  // others may have waited for just this
}

bool Consumer::is_at_end() {
  QueueMemory& m = view_.memory;
  if ((m.control().state.load() & kDraining) == 0) return false;
  mark(State::kLeased, State::kWaited);
  bool comes_back = !m.policy().at_most_once, delayed = false;
  // Who lets go of a block stores its word with release, exchanges its map or the count of the parked, and
  // then looks whether to ring us. We look the other way round: seeing that exchange, we see the word.
  (void)m.control().parks.load();
  m.for_each_block([&](BlockIndex block) {
    if (block % 64 == 0) (void)m.busy(block).load();
    BlockWord own{m.descriptor(block).own.load()};
    bool held = own.state() == State::kLeased || own.state() == State::kSettling;
    delayed |= own.may_be_published() || own.state() == State::kRedeliver || (held && comes_back);
  });
  return !delayed;
}

void Consumer::resume() {
  if (marked_) mark(State::kWaited, State::kLeased);
  marked_ = false;
}

}  // namespace procgraph::detail
