#include "topic/subscription.h"

#include <algorithm>

#include "queue/poison.h"
#include "queue/waiting.h"
#include "topic/retire.h"

namespace procgraph::detail {
namespace {

constexpr int kMostLooks = 1000;  // at two words that belong together

bool is_done(Subscription& s, Ticket t) {
  return NoteWord{s.note(t).word.load()}.of(t) == Note::kDone;
}

// `from`, the first message that was not acknowledged, is now; and with it those behind it that were already.
// Whoever notes a message as done looks at the cursor after that; whoever moves the cursor looks at the note
// of the next message after that: one of the two sees the other, and goes on.
void advance(Subscription& s, Ticket from) {
  Shared<Ticket>& cursor = s.slot().cursor;
  for (Ticket to = from + 1;; ++to) {
    while (is_done(s, to)) ++to;
    // Publishes that this reader is done with all before, also with their bytes.
    if (!cursor.compare_exchange_strong(from, to)) return;
    if (!is_done(s, to)) break;
    from = to;
  }
}

void acknowledge_in_order(Subscription& s, Ticket t) {
  Shared<Ticket>& cursor = s.slot().cursor;
  if (cursor.load(std::memory_order_relaxed) != t) {
    s.note(t).word.store(note_word(t, Note::kDone, 0).raw);
    if (cursor.load() != t) return;
  }
  advance(s, t);
  make_room(*s.view);
}

}  // namespace

bool subscribe(Subscription& s, TopicView& view, std::uint32_t reader) {
  if (reader >= view.topic.readers()) return false;
  s.view = &view;
  s.reader = reader;
  s.slot().reader.store(view.self);
  return true;
}

bool follow(Subscription& s, TopicView& view, std::uint32_t reader, std::uint16_t started) {
  if (reader >= view.topic.readers()) return false;
  Shared<std::uint32_t>& holder = view.topic.slot(reader).reader;
  std::uint32_t before = holder.load();
  const bool is_started = before == started && started != view.self;
  const bool lives = before != 0 && before != view.self && before <= kMaxParticipants &&
                     view.roster.participant(static_cast<std::uint16_t>(before)).pid.load() != 0;
  // Publishes whose the place is now; fails if another one has just taken it up.
  if (is_started || lives || !holder.compare_exchange_strong(before, view.self)) return false;
  s.view = &view;
  s.reader = reader;
  return true;
}

std::uint64_t missed_so_far(ReaderSlot& slot) {
  for (int i = 0; i < kMostLooks; ++i) {
    Ticket next = slot.next.load();
    for (MissedSoFar& m : slot.missed) {
      std::uint64_t missed = m.missed.load();
      if (m.next.load() == next && slot.next.load() == next) return missed;
    }
    if (slot.next.load() == next) break;  // it has taken none yet
  }
  return 0;
}

std::optional<std::pair<Ticket, Ticket>> taken_range(TopicView& view, ReaderSlot& slot) {
  const Geometry& g = view.memory.geometry();
  if (slot.gates == 0) {
    Ticket next = slot.next.load();
    return std::pair(next - std::min(next, g.ring_length()), next);
  }
  for (int i = 0; i < kMostLooks; ++i) {
    Ticket first = slot.cursor.load(), next = slot.next.load();
    if (slot.cursor.load() != first) continue;  // others of this process have gone on meanwhile
    if (first < g.first_ticket() || next < first || next - first > g.ring_length()) break;
    return std::pair(first, next);
  }
  return std::nullopt;
}

void acknowledge(Subscription& s, Ticket t, BlockIndex block) {
  if (s.slot().gates != 0) {
    acknowledge_in_order(s, t);
  } else {
    bool was_full = s.is_full_handed();
    s.slot().in_hand.fetch_sub(1, std::memory_order_relaxed);
    s.note(t).word.store(note_word(t, Note::kDone, 0).raw);
    free_retired(*s.view, block, t);
    if (was_full) wake_all(*s.view, Line::kReaders);  // other threads of ours may have waited for this
  }
  if ((s.view->control().state.load() & kDraining) != 0) ring_all(*s.view);
}

BlockIndex block_of(Subscription& s, Ticket t) {
  QueueMemory& m = s.view->memory;
  const BlockIndex block = s.slot().gates != 0 ? RingWord{m.place(t).load()}.block() : s.note(t).block.load();
  if (m.is_block(block)) return block;
  poison(*s.view, Poison::kBlockIndex);
  return kNoBlock;
}

void catch_up(Subscription& s) {
  const Ticket first = s.slot().cursor.load();
  if (s.slot().gates != 0 && is_done(s, first)) advance(s, first);
}

}  // namespace procgraph::detail
