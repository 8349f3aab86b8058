#include "topic/recovery.h"

#include <algorithm>

#include "queue/poison.h"
#include "queue/recovery.h"
#include "queue/waiting.h"
#include "topic/retire.h"
#include "topic/settle.h"
#include "topic/subscription.h"

namespace procgraph::detail {
namespace {

// What the reader had taken and not acknowledged is to be taken again, by whoever follows it here.
void return_taken(TopicView& view, std::uint32_t reader, Recovery& done) {
  Subscription dead{.view = &view, .reader = reader};
  bool sane = for_each_taken(view, reader, [&](Ticket t) {
    Settled settled = settle_for_dead(dead, t);
    done.returned += settled == Settled::kReturned ? 1 : 0;
    done.gone += settled == Settled::kGone ? 1 : 0;
  });
  if (!sane) return poison(view, Poison::kReader);
  catch_up(dead);
  dead.slot().returns.fetch_add(1);
}

// Of a reader that does not gate: what it had noted as held and not taken yet was never in its hand.
void forget_reach(TopicView& view, std::uint32_t reader) {
  ReaderSlot& slot = view.topic.slot(reader);
  Ticket next = slot.next.load();
  std::uint32_t in_hand = 0;
  for (Ticket t = next; t < next + view.memory.geometry().ring_length(); ++t) {
    Shared<std::uint64_t>& word = view.topic.note(reader, t).word;
    std::uint64_t now = word.load();
    NoteWord note{now};
    if (!note.keeps()) continue;
    if (note.ticket() < next) {
      ++in_hand;
    } else {
      // Publishes that the message is in nobody's hand.
      word.compare_exchange_strong(now, note_word(note.ticket(), Note::kDone, 0).raw);
    }
  }
  slot.in_hand.store(in_hand);
}

// Blocks whose last reader, or whoever retired them, died before it could free them.
void free_all_retired(TopicView& view) {
  view.memory.for_each_block([&](BlockIndex block) {
    BlockWord own{view.memory.descriptor(block).own.load()};
    if (own.state() == State::kRetired) free_retired(view, block, own.ticket());
  });
}

// The last step: a reap that is run again must still find them. The number may soon be another process's,
// perhaps of another node, and that one does not hold the places.
void leave_places(TopicView& view, std::uint16_t dead) {
  for (std::uint32_t i = 0; i < view.topic.readers(); ++i) {
    std::uint32_t holder = dead;
    // Publishes that the place is anybody's of its node.
    view.topic.slot(i).reader.compare_exchange_strong(holder, 0);
  }
}

}  // namespace

Recovery reap(TopicView& view, std::uint16_t dead) {
  Recovery done;
  for (std::uint32_t i = 0; i < view.topic.readers(); ++i) {
    ReaderSlot& slot = view.topic.slot(i);
    if (slot.reader.load() != dead) continue;
    return_taken(view, i, done);
    if (slot.gates == 0) forget_reach(view, i);
  }
  done.undone = reap_blocks(view, dead).undone;
  free_all_retired(view);
  leave(view, dead);
  leave_places(view, dead);
  return done;
}

void remove_reader(TopicView& view, std::uint32_t reader) {
  if (reader >= view.topic.readers()) return;
  Ticket reading = 0;
  // Publishes that nothing is kept for this reader any more.
  view.topic.slot(reader).until.compare_exchange_strong(reading, view.memory.end());
  free_all_retired(view);
  ring_all(view);
}

bool open_place(TopicView& view, std::uint32_t reader, std::uint16_t participant, std::uint64_t replay) {
  if (reader >= view.topic.readers()) return false;
  ReaderSlot& slot = view.topic.slot(reader);
  if (slot.gates != 0 || slot.until.load() == 0) return false;
  const Ticket first = view.memory.geometry().first_ticket(), end = view.memory.end();
  Ticket next = std::max(end - std::min(end - first, replay), view.topic.part().first.load());
  while (next < end && !is_kept(view, next)) ++next;
  slot.missed[1].next.store(0);
  slot.missed[0].missed.store(next - first);  // it has come past them without taking any
  slot.missed[0].next.store(next);
  slot.redelivered.store(0);
  slot.expired.store(0);
  slot.next.store(next);
  slot.reader.store(participant);
  slot.until.store(0);  // publishes all of this
  return true;
}

void empty_place(TopicView& view, std::uint32_t reader) {
  if (reader >= view.topic.readers() || view.topic.slot(reader).gates != 0) return;
  remove_reader(view, reader);
  // What is noted there would be taken for the next one's.
  for (Ticket t = 0; t < view.memory.geometry().ring_length(); ++t) {
    Shared<std::uint64_t>& word = view.topic.note(reader, t).word;
    if (word.load() != 0) word.store(0);
  }
  view.topic.slot(reader).in_hand.store(0);
  view.topic.slot(reader).reader.store(0);
}

}  // namespace procgraph::detail
