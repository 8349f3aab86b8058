// What the control region of a topic has beyond a queue's: who reads, and how far each has come. All zero is
// valid but for what the runner writes before the start. docs/node-protocol.md describes the same.
//
// A topic's blocks, ring, waiting lines and counters are a queue's. A message, once published, stays until it
// is *retired*: no reader that gates still needs it, and a newer one needs its place or its memory. Whoever
// finds it so retires it, by one exchange on its block's word.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "queue/layout.h"
#include "shared.h"
#include "topic/words.h"

namespace procgraph::detail {

inline constexpr std::uint64_t kTopicMagic = magic("pgtopic1");

// Messages that a reader which does not gate may have in hand at a time: what it holds is taken out of the
// topic's memory, so that writers need not wait for it.
inline constexpr std::uint32_t kMostInHand = 64;

// Follows the queue's Control.
struct alignas(kPage) TopicPart {
  std::uint32_t readers, lossy;       // as declared; lossy: those of them that do not gate
  alignas(128) Shared<Ticket> first;  // lower bound of the oldest ticket that is not retired
};

// How many messages a reader had passed over, ever, when its next ticket was this one.
struct MissedSoFar {
  Shared<Ticket> next;
  Shared<std::uint64_t> missed;
};

// One reader: a port of a process, or of one of its copies. It has its place from before anything starts.
struct alignas(256) ReaderSlot {
  // Writers look at these.
  Shared<Ticket> cursor;       // of one that gates: the first message that it has not acknowledged
  Shared<Ticket> until;        // 0: it reads; else where the topic ended when the reader went for good
  std::uint64_t history;       // messages that it may be behind
  std::uint32_t gates;         // writers wait for it
  std::uint32_t at_most_once;  // nothing comes back to it
  std::int64_t expire;         // ns; older messages are passed over when their turn comes; 0: none
  // Nobody else looks at these while it reads.
  alignas(128) Shared<Ticket> next;   // the first message that it has not taken
  Shared<std::uint32_t> returns;      // changes whenever a message has come back
  Shared<std::uint32_t> reader;       // participant; 0: it has not come yet
  Shared<std::uint64_t> redelivered;  // this and `expired`: see topic/settle.h
  Shared<std::uint32_t> in_hand;      // of one that does not gate: messages that it keeps
  // Of one that does not gate: the one that bears `next` holds, the other is written before `next` is.
  std::array<MissedSoFar, 2> missed;
  Shared<std::uint64_t> expired;
};

// What a reader notes about the message at this place of the ring. All but `word` is written before it.
struct ReaderNote {
  Shared<std::uint64_t> word;     // NoteWord
  Shared<std::uint64_t> gap;      // messages passed over just before this one; of one that does not gate
  Shared<BlockIndex> block;       // where it lies; of one that does not gate
  Shared<std::uint32_t> taker;    // which handle of the process took it
  Shared<std::uint64_t> journal;  // settling: Journal
};

// docs/node-protocol.md gives these; another layout is another version.
static_assert(offsetof(TopicPart, first) == 128 && sizeof(TopicPart) == 4096);
static_assert(offsetof(ReaderSlot, until) == 8 && offsetof(ReaderSlot, history) == 16);
static_assert(offsetof(ReaderSlot, gates) == 24 && offsetof(ReaderSlot, at_most_once) == 28);
static_assert(offsetof(ReaderSlot, expire) == 32 && offsetof(ReaderSlot, next) == 128);
static_assert(offsetof(ReaderSlot, returns) == 136 && offsetof(ReaderSlot, reader) == 140);
static_assert(offsetof(ReaderSlot, redelivered) == 144 && offsetof(ReaderSlot, in_hand) == 152);
static_assert(offsetof(ReaderSlot, missed) == 160 && offsetof(ReaderSlot, expired) == 192);
static_assert(sizeof(ReaderSlot) == 256 && offsetof(ReaderNote, journal) == 24 && sizeof(ReaderNote) == 32);

}  // namespace procgraph::detail
