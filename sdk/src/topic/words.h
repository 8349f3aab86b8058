// What a reader of a topic notes about one message. A message of which nothing is noted is what its place
// between the reader's two tickets says: not taken yet, or taken once and in hand.
#pragma once

#include <cstdint>

#include "queue/words.h"

namespace procgraph::detail {

enum class Note : std::uint8_t {
  kNone = 0,  // the word speaks of an older message
  kHeld,      // in hand
  kWaited,    // in hand, and the thread that took it waits for the end of data, which it does not delay
  kReturned,  // came back, to be taken again by this reader
  kDone,      // acknowledged, or passed over
  kSettling,  // in hand, and its journal is being carried out: see topic/settle.h
};

// ticket:48 | note:4 | tries:12, one for each place of the ring and reader. Tickets begin at the ring's
// length, so that zero speaks of no message.
struct NoteWord {
  static constexpr unsigned kNoteBits = 4, kTryBits = 12;

  std::uint64_t raw = 0;

  [[nodiscard]] Ticket ticket() const { return raw >> (kNoteBits + kTryBits); }
  [[nodiscard]] Note note() const { return static_cast<Note>(raw >> kTryBits & ((1u << kNoteBits) - 1)); }
  [[nodiscard]] std::uint32_t tries() const {
    return static_cast<std::uint32_t>(raw & ((1u << kTryBits) - 1));
  }
  // What it says of this message.
  [[nodiscard]] Note of(Ticket t) const { return ticket() == t ? note() : Note::kNone; }
  [[nodiscard]] std::uint32_t tries_of(Ticket t) const { return ticket() == t ? tries() : 0; }
  // Its block must not be used again, whoever else is done with it.
  [[nodiscard]] bool keeps() const { return note() != Note::kNone && note() != Note::kDone; }
};

[[nodiscard]] constexpr NoteWord note_word(Ticket ticket, Note note, std::uint32_t tries) {
  constexpr std::uint32_t kMost = (1u << NoteWord::kTryBits) - 1;
  return {(ticket << (NoteWord::kNoteBits + NoteWord::kTryBits)) |
          (static_cast<std::uint64_t>(note) << NoteWord::kTryBits) | (tries < kMost ? tries : kMost)};
}

}  // namespace procgraph::detail
