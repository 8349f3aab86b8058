#include "topic/subscriber.h"

#include <algorithm>

#include "queue/poison.h"
#include "queue/waiting.h"
#include "topic/retire.h"
#include "topic/settle.h"

namespace procgraph::detail {

namespace {

constexpr Ticket kTopicAhead = 5;  // descriptors on their way from the writer's cache at a time

}  // namespace

bool Subscriber::take(Taken& taken) {
  while (take_any(taken)) {
    if (!is_too_old(taken)) return true;
    pass_over(taken);
  }
  return false;
}

bool Subscriber::take_any(Taken& taken) {
  if ((s_.view->control().state.load() & kPoisoned) != 0) return false;
  if (s_.slot().returns.load() != returns_ && take_returned(taken)) return true;
  return s_.slot().gates != 0 ? take_next(taken) : take_kept(taken);
}

bool Subscriber::is_too_old(const Taken& taken) {
  const std::int64_t expire = s_.slot().expire;
  if (expire == 0) return false;
  const Descriptor& d = s_.view->memory.descriptor(taken.block);
  return static_cast<std::int64_t>(coarse_now() - d.time.load(std::memory_order_relaxed)) > expire;
}

// What was missed just before it is told with the next one.
void Subscriber::pass_over(const Taken& taken) {
  if (taken.missed != 0 && taken.deliveries == 1) {
    std::lock_guard lock(s_.taking);
    s_.skipped += taken.missed;
  }
  expire(s_, taken.ticket);
}

bool Subscriber::has_message() {
  if ((s_.view->control().state.load() & kPoisoned) != 0) return false;
  if (s_.slot().returns.load() != returns_) {
    std::uint32_t returns = s_.slot().returns.load();
    if (oldest_returned() != kNoTicket) return true;
    returns_ = returns;
  }
  return is_left();
}

// What the ring's word says of the message at t.
Subscriber::Place Subscriber::judge(Ticket t, RingWord there, BlockIndex& block) {
  const std::uint64_t lap = s_.view->memory.geometry().lap(t);
  if (there.lap() > lap) return Place::kOverwritten;
  if (there.lap() < lap) {
    if (there.lap() + 1 == lap) return Place::kEmpty;
    poison(*s_.view, Poison::kLap);
    return Place::kImpossible;
  }
  block = there.block();
  if (s_.view->memory.is_block(block)) return Place::kPublished;
  poison(*s_.view, Poison::kBlockIndex);
  return Place::kImpossible;
}

Subscriber::Place Subscriber::look(Ticket t, BlockIndex& block) {
  return judge(t, RingWord{s_.view->memory.place(t).load()}, block);
}

// Of a reader that gates: nothing from its cursor on can be retired, so that what the ring says holds.
bool Subscriber::take_next(Taken& taken) {
  Shared<Ticket>& next = s_.slot().next;
  for (Ticket t = next.load();;) {
    BlockIndex block = 0;
    Place place = judge(t, line_.look(s_.view->memory, t), block);
    if (place == Place::kOverwritten) {  // others of this process have gone a lap further
      Ticket now = next.load();
      if (now == t) poison(*s_.view, Poison::kLap);
      if (now == t) return false;
      t = now;
      continue;
    }
    if (place != Place::kPublished) return false;
    // Publishes that the message is ours; fails if another handle of this process was faster.
    if (!next.compare_exchange_strong(t, t + 1)) continue;
    s_.note(t).taker.store(this_thread(), std::memory_order_relaxed);
    prefetch_from(t + 1);
    taken = {.ticket = t, .block = block};
    return true;
  }
}

// The descriptors that will be wanted next come from the writer's cache while this message is being used; to
// be read only, for others read them too.
void Subscriber::prefetch_from(Ticket t) {
  QueueMemory& m = s_.view->memory;
  for (fetched_ = std::max(fetched_, t); fetched_ < t + kTopicAhead; ++fetched_) {
    const RingWord there = line_.seen(fetched_);
    if (there.lap() != m.geometry().lap(fetched_) || !m.is_block(there.block())) return;
    const auto* lines = reinterpret_cast<const char*>(&m.descriptor(there.block()));
    __builtin_prefetch(lines);
    __builtin_prefetch(lines + 64);
  }
}

// Of a reader that does not gate: the oldest that is still there and not further behind than it wants.
bool Subscriber::take_kept(Taken& taken) {
  std::lock_guard lock(s_.taking);
  if (s_.is_full_handed()) return false;
  ReaderSlot& slot = s_.slot();
  Ticket next = slot.next.load(std::memory_order_relaxed);
  bool all = slot.history >= s_.view->memory.geometry().capacity;  // it wants whatever is kept
  for (Ticket t = all ? next : wanted_from(next);;) {
    BlockIndex block = 0;
    Place place = look(t, block);
    if (place == Place::kEmpty || place == Place::kImpossible) return false;
    const std::uint64_t gap = s_.skipped + (t - next);
    if (place == Place::kOverwritten || !hold(t, block, gap)) {
      t = wanted_from(t + 1);
      continue;
    }
    slot.in_hand.fetch_add(1, std::memory_order_relaxed);
    MissedSoFar& unused = slot.missed[slot.missed[0].next.load() == next ? 1 : 0];
    std::uint64_t missed = missed_so_far(slot) + (t - next);
    unused.next.store(0);
    unused.missed.store(missed);
    unused.next.store(t + 1);
    // Publishes that the message is ours, and which were passed over.
    slot.next.store(t + 1);
    s_.skipped = 0;
    taken = {.ticket = t, .block = block, .missed = gap};
    return true;
  }
}

// The first ticket from `t` on that the reader may still get.
Ticket Subscriber::wanted_from(Ticket t) {
  QueueMemory& m = s_.view->memory;
  Ticket end = m.end();
  Ticket newest = end - std::min(end, s_.slot().history);
  return std::max({t, s_.view->topic.part().first.load(), newest});
}

// Notes that we have the message in hand, so that its block stays. False: it cannot be had any more, or its
// place among the notes belongs to an older one that this process still has in hand.
bool Subscriber::hold(Ticket t, BlockIndex block, std::uint64_t gap) {
  ReaderNote& note = s_.note(t);
  if (NoteWord{note.word.load(std::memory_order_relaxed)}.keeps()) return false;
  note.block.store(block, std::memory_order_relaxed);
  note.taker.store(this_thread(), std::memory_order_relaxed);
  note.gap.store(gap, std::memory_order_relaxed);
  note.word.store(note_word(t, Note::kHeld, 0).raw);
  if (BlockWord{s_.view->memory.descriptor(block).own.load()}.is_pushing(t)) return true;
  note.word.store(note_word(t, Note::kDone, 0).raw);
  free_retired(*s_.view, block, t);  // who retired it may have seen our note
  return false;
}

bool Subscriber::take_returned(Taken& taken) {
  std::uint32_t returns = s_.slot().returns.load();
  for (;;) {
    const Ticket oldest = oldest_returned();
    if (oldest == kNoTicket) {
      returns_ = returns;
      return false;
    }
    ReaderNote& note = s_.note(oldest);
    const BlockIndex block = block_of(s_, oldest);
    if (block == kNoBlock) return false;
    std::uint32_t tries = NoteWord{note.word.load()}.tries_of(oldest);
    if (!mark(oldest, Note::kReturned, Note::kHeld)) continue;
    note.taker.store(this_thread(), std::memory_order_relaxed);
    taken = {.ticket = oldest,
             .block = block,
             .deliveries = tries + 1,
             .missed = s_.slot().gates != 0 ? 0 : note.gap.load(std::memory_order_relaxed)};
    return true;
  }
}

Ticket Subscriber::oldest_returned() {
  Ticket oldest = kNoTicket;
  bool sane = for_each_taken(*s_.view, s_.reader, [&](Ticket t) {
    if (NoteWord{s_.note(t).word.load()}.of(t) == Note::kReturned) oldest = std::min(oldest, t);
  });
  if (!sane) poison(*s_.view, Poison::kReader);
  return oldest;
}

bool Subscriber::mark(Ticket t, Note from, Note to) {
  Shared<std::uint64_t>& word = s_.note(t).word;
  std::uint64_t now = word.load();
  if (NoteWord{now}.of(t) != from) return false;
  // Publishes in whose hands the message is; fails if another thread of ours has just changed that.
  return word.compare_exchange_strong(now, note_word(t, to, NoteWord{now}.tries_of(t)).raw);
}

// Is there a message that we may still take?
bool Subscriber::is_left() {
  QueueMemory& m = s_.view->memory;
  Ticket next = s_.slot().next.load(), end = m.end();
  if (s_.slot().gates != 0) return next < end;
  for (Ticket t = wanted_from(next); t < end; ++t) {
    BlockIndex block = 0;
    bool kept =
        look(t, block) == Place::kPublished && BlockWord{m.descriptor(block).own.load()}.is_pushing(t);
    if (kept && !NoteWord{s_.note(t).word.load()}.keeps()) return true;
  }
  return false;
}

bool Subscriber::is_at_end() {
  TopicView& view = *s_.view;
  if ((view.control().state.load() & kDraining) == 0) return false;
  const bool comes_back = s_.slot().at_most_once == 0;
  bool delayed = false, changed = false;
  bool sane = for_each_taken(view, s_.reader, [&](Ticket t) {
    Note note = NoteWord{s_.note(t).word.load()}.of(t);
    const bool in_hand = note != Note::kReturned && note != Note::kSettling;
    const bool ours = in_hand && s_.note(t).taker.load(std::memory_order_relaxed) == this_thread();
    if (ours && note != Note::kWaited) {
      changed |= mark(t, note, Note::kWaited);
    } else if (note != Note::kWaited) {
      delayed |= comes_back || note == Note::kReturned;
    }
  });
  if (changed) ring_all(view);  // others may have waited for just this
  marked_ |= changed;
  if (!sane || delayed || is_coming()) return false;
  return !is_left();  // looked at last: what was coming has come, or never will
}

// Is a writer about to publish, who has looked whether the topic was still open before it was closed?
bool Subscriber::is_coming() {
  QueueMemory& m = s_.view->memory;
  bool coming = false;
  m.for_each_block([&](BlockIndex block) {
    BlockWord own{m.descriptor(block).own.load()};
    bool published = own.state() == State::kPushing && m.is_published(block, own);
    coming |= own.may_be_published() && !published;
  });
  return coming;
}

void Subscriber::resume() {
  if (!marked_) return;
  marked_ = false;
  (void)for_each_taken(*s_.view, s_.reader, [&](Ticket t) {
    if (s_.note(t).taker.load(std::memory_order_relaxed) == this_thread())
      (void)mark(t, Note::kWaited, Note::kHeld);
  });
}

}  // namespace procgraph::detail
