#include "topic/retire.h"

#include <algorithm>

#include "queue/blocks.h"
#include "queue/poison.h"
#include "queue/waiting.h"

namespace procgraph::detail {
namespace {

template <class Visit>
void for_each_gate(TopicView& view, Visit visit) {
  for (std::uint32_t i = 0; i < view.topic.readers(); ++i) {
    ReaderSlot& slot = view.topic.slot(i);
    if (slot.gates != 0 && slot.until.load() == 0) visit(slot);
  }
}

bool is_in_hand(TopicView& view, Ticket t) {
  for (std::uint32_t i = 0; i < view.topic.readers(); ++i) {
    ReaderSlot& slot = view.topic.slot(i);
    if (slot.gates != 0 || slot.until.load() != 0) continue;
    NoteWord note{view.topic.note(i, t).word.load()};
    if (note.ticket() == t && note.keeps()) return true;
  }
  return false;
}

}  // namespace

Ticket allowed(TopicView& view) {
  Ticket first = kNoTicket;
  const std::uint64_t grown = view.grown();
  for_each_gate(
      view, [&](ReaderSlot& slot) { first = std::min(first, slot.cursor.load() + slot.history + grown); });
  return first;
}

Ticket needed(TopicView& view) {
  Ticket first = kNoTicket;
  for_each_gate(view, [&](ReaderSlot& slot) { first = std::min(first, slot.cursor.load()); });
  return first;
}

BlockIndex retire(TopicView& view, Ticket t) {
  QueueMemory& m = view.memory;
  RingWord there{m.place(t).load()};
  if (there.lap() != m.geometry().lap(t)) return kNoBlock;
  BlockIndex block = there.block();
  if (!m.is_block(block)) {
    poison(view, Poison::kBlockIndex);
    return kNoBlock;
  }
  Descriptor& d = m.descriptor(block);
  std::uint64_t own = d.own.load(std::memory_order_acquire);
  if (!BlockWord{own}.is_pushing(t)) return kNoBlock;
  std::uint64_t bytes = m.geometry().charge(block, d.size.load(std::memory_order_relaxed));
  std::uint64_t ours = block_word(State::kLoaned, view.self, kKept).raw;
  if (!view.topic.has_lossy()) {
    // Publishes that the message has left the topic and that its block is ours: all have acknowledged it.
    if (!d.own.compare_exchange_strong(own, ours)) return kNoBlock;
    // Its bytes are given back before they stop to count: who counts again in between counts too many, never
    // too few.
    if (bytes != 0) view.control().released.fetch_add(bytes);
    d.size.store(0);
    return block;
  }
  // Publishes that the message has left the topic: nobody begins to read it from here on. Its bytes count as
  // long as we are named, for they are given back before they stop to.
  if (!d.own.compare_exchange_strong(own, block_word(State::kRetired, view.self, t).raw)) return kNoBlock;
  if (bytes != 0) view.control().released.fetch_add(bytes);
  std::uint64_t retired = block_word(State::kRetired, 0, t).raw;
  // Publishes that whoever is the last to be done with it frees it, and keeps the look at the notes behind
  // it: a reader that is done notes that, then looks at this word. One of the two sees the other, or the
  // block would be left to nobody.
  d.own.store(retired);
  if (is_in_hand(view, t)) return kNoBlock;
  // Publishes that its block is ours; fails if a reader that was just done with it has freed it.
  if (!d.own.compare_exchange_strong(retired, ours)) return kNoBlock;
  d.size.store(0, std::memory_order_relaxed);
  return block;
}

bool is_kept(TopicView& view, Ticket t) {
  RingWord there{view.memory.place(t).load()};
  return there.lap() == view.memory.geometry().lap(t) && view.memory.is_block(there.block()) &&
         BlockWord{view.memory.descriptor(there.block()).own.load()}.is_pushing(t);
}

bool evict(TopicView& view) {
  Shared<Ticket>& first = view.topic.part().first;
  Ticket end = std::min(needed(view), view.memory.end());
  for (Ticket t = std::max(first.load(), view.memory.geometry().first_ticket()); t < end; ++t) {
    if (!is_kept(view, t)) continue;
    if (BlockIndex block = retire(view, t); block != kNoBlock) {
      release(view, block);
    } else {
      wake_freed(view);  // it is in somebody's hand, but its bytes count no more
    }
    raise(first, t + 1);
    return true;
  }
  raise(first, end);
  return false;
}

void free_retired(TopicView& view, BlockIndex block, Ticket t) {
  Descriptor& d = view.memory.descriptor(block);
  std::uint64_t retired = block_word(State::kRetired, 0, t).raw;
  if (d.own.load() != retired || is_in_hand(view, t)) return;
  // Publishes that the block is free, and that its last reader is done with its bytes.
  if (!d.own.compare_exchange_strong(retired, 0)) return;
  view.memory.busy(block).fetch_and(~bit(block));
  wake_freed(view);
}

void make_room(TopicView& view) {
  Control& c = view.control();
  while ((anybody(c, Line::kBlocks) || anybody(c, Line::kBytes)) && evict(view)) {
  }
  if (!anybody(c, Line::kPlaces)) return;
  Ticket end = view.memory.end(), room = allowed(view);
  for (Ticket t = end; t < room && anybody(c, Line::kPlaces); ++t) wake_one(view, Line::kPlaces);
}

}  // namespace procgraph::detail
