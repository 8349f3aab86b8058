#include "topic/settle.h"

#include <mutex>

#include "queue/waiting.h"

namespace procgraph::detail {
namespace {

Shared<std::uint64_t>& counter(ReaderSlot& slot, Cause cause) {
  return cause == Cause::kExpired ? slot.expired : slot.redelivered;
}

// Decides and counts it. Between the lock and its end the counter is ours, or our process's to die with.
void decide(Subscription& s, Ticket t, Cause cause) {
  ReaderNote& note = s.note(t);
  std::uint32_t tries = NoteWord{note.word.load(std::memory_order_relaxed)}.tries_of(t);
  if (comes_back(cause)) ++tries;
  std::lock_guard lock(s.counting);
  Shared<std::uint64_t>& count = counter(s.slot(), cause);
  const Journal entry = journal(cause, 0, count.load(std::memory_order_relaxed) + 1);
  note.journal.store(entry.raw, std::memory_order_relaxed);
  // Publishes what is decided: from here on whoever comes after us carries out the journal.
  note.word.store(note_word(t, Note::kSettling, tries).raw, std::memory_order_release);
  count.store(entry.count(), std::memory_order_relaxed);
}

void bring_back(Subscription& s, Ticket t, std::uint32_t tries) {
  // Publishes that the message is there again.
  s.note(t).word.store(note_word(t, Note::kReturned, tries).raw);
  s.slot().returns.fetch_add(1);
  wake_all(*s.view, Line::kReaders);
}

void note_done(ReaderNote& note, Ticket t) {
  note.word.store(note_word(t, Note::kDone, 0).raw);
}

void let_go(Subscription& s, Ticket t) {
  if (const BlockIndex block = block_of(s, t); block != kNoBlock) acknowledge(s, t, block);
}

// What follows from a decision; the note's word is kSettling.
void carry_out(Subscription& s, Ticket t) {
  ReaderNote& note = s.note(t);
  const Journal entry{note.journal.load(std::memory_order_relaxed)};
  if (comes_back(entry.cause()))
    return bring_back(s, t, NoteWord{note.word.load(std::memory_order_relaxed)}.tries_of(t));
  let_go(s, t);
}

}  // namespace

void give_back(Subscription& s, Ticket t) {
  if (s.slot().at_most_once != 0) return let_go(s, t);
  decide(s, t, Cause::kGivenBack);
  carry_out(s, t);
}

void expire(Subscription& s, Ticket t) {
  decide(s, t, Cause::kExpired);
  carry_out(s, t);
}

Settled settle_for_dead(Subscription& s, Ticket t) {
  ReaderNote& note = s.note(t);
  const Note now = NoteWord{note.word.load()}.of(t);
  if (now == Note::kReturned) return Settled::kNothing;
  if (now == Note::kSettling) {
    const Journal entry{note.journal.load()};
    // A number that the dead one had given out and perhaps not stored.
    raise(counter(s.slot(), entry.cause()), entry.count());
  } else if (s.slot().at_most_once == 0) {
    decide(s, t, Cause::kDeath);
  } else {
    note_done(note, t);
    return Settled::kGone;
  }
  if (!comes_back(Journal{note.journal.load()}.cause())) {
    note_done(note, t);
    return Settled::kNothing;
  }
  carry_out(s, t);
  return Settled::kReturned;
}

}  // namespace procgraph::detail
