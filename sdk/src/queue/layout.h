// The control region of a queue as it lies in memory. All zero is valid but for the header, which the runner
// writes. Docs: docs/node-protocol.md describes the same, for those who write a node without this library.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "queue/geometry.h"
#include "shared.h"

namespace procgraph::detail {

inline constexpr std::uint64_t kQueueMagic = magic("pgqueue1");

inline constexpr unsigned kMaskWords = 64;
inline constexpr unsigned kWordsPerBit = 2;              // of the summary, which has 32 bits
inline constexpr unsigned kWaitSlots = kMaskWords * 64;  // threads that can wait on one queue at a time

// What somebody may wait for: one line of waiters each.
enum class Line : std::uint8_t {
  kReaders,  // a message
  kPlaces,   // fewer than `limit` messages waiting
  kBlocks,   // a free block of the class in `need`
  kBytes,    // `need` bytes of the memory
};
inline constexpr unsigned kLines = 4;

enum : std::uint32_t {  // bits of Control::state; none: open
  kDraining = 1,        // no writer will come again
  kNoReader = 2,        // no reader will come again
  kPoisoned = 4,        // something impossible was found: see Control::poison
  kRunnerWaits = 8,     // the runner is to be rung when room appears here
  kOver = 16,           // the runner is gone: who came from outside says so to all that it has left behind
};
inline constexpr std::uint32_t kBroken = kPoisoned | kOver;
inline constexpr std::uint32_t kClosed = kDraining | kNoReader | kBroken;  // to writers

// A thread that waits. Owned by the participant whose number it bears, so that the reaper can free it.
struct WaitSlot {
  Shared<std::uint32_t> owner;     // participant; 0: free
  Shared<std::uint32_t> doorbell;  // index in the roster
  Shared<std::uint64_t> need;      // class or bytes, by line
};

// The waiters of one line: a bit per slot, and above the 64 words a summary, version:32 | one bit per pair of
// words. A bit is set before its summary bit, with a new version; a summary bit is cleared by CAS against the
// version under which both words were seen empty.
struct WaitLine {
  alignas(64) std::array<Shared<std::uint64_t>, kMaskWords> mask;
  Shared<std::uint32_t> turn;  // the slot after the one woken last: waiters take turns
};

// As declared: the geometry follows from it.
struct Header {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t participants, writers;
  std::uint32_t check;  // of all that is declared: see check_of()
  std::uint64_t capacity, memory, max_message, max_capacity, max_memory, letter_room;
  std::uint32_t when_full, at_most_once, max_deliveries, prefault;
  std::int64_t expire, lease_timeout, retry_first, retry_most;  // ns
};

// What one participant counts here. A word of its own for each cause, written by one thread at a time: a
// number that was written down before can be written again.
struct alignas(64) Tally {
  Shared<std::uint64_t> returned, dropped, expired, dead;  // see settle.h
  Shared<std::uint64_t> refused;                           // messages that were never put
  Shared<std::uint64_t> blocked;                           // ns that it has waited as a writer
  std::array<std::uint64_t, 2> reserved;
};
static_assert(sizeof(Tally) == 64);

struct Control {
  Header header;

  // Read by every operation, written rarely.
  alignas(128) Shared<std::uint32_t> state;
  Shared<std::uint32_t> poison;  // finder:16 | reason:16
  Shared<std::uint32_t>
      doubt;  // deaths so far; after one, reserved and released may be wrong by what it was about to add
  Shared<std::uint64_t> limit;  // messages that may wait
  std::array<Shared<std::uint64_t>, kLines> summary;
  Shared<std::uint64_t> memory;  // bytes that may be in flight

  // Lower bounds of the next unpublished and the oldest untaken ticket.
  alignas(128) Shared<Ticket> tail;
  alignas(128) Shared<Ticket> head;
  // Bytes ever reserved and ever released; their difference is what is in flight.
  alignas(128) Shared<std::uint64_t> reserved;
  alignas(128) Shared<std::uint64_t> released;
  // Changes whenever a message has come back.
  alignas(128) Shared<std::uint32_t> returns;
  Shared<std::uint32_t> parks;    // changes whenever one was parked
  Shared<std::uint64_t> tallies;  // a bit per 64 participants whose tallies were ever used
  Shared<std::uint64_t> deepest;  // the most messages that were found waiting
  Shared<std::uint32_t> watched;  // the runner will look at the leases by itself
  // Blocks from this one on (within the class) have never been used: no scan needs to touch them.
  alignas(128) std::array<Shared<BlockIndex>, kMaxClasses> used;

  alignas(128) std::array<WaitLine, kLines> lines;
  alignas(64) Shared<std::uint32_t> used_slots;  // slots from this one on have never been used
  alignas(
      64) std::array<Shared<std::uint64_t>, 64> gone;  // a bit per participant that gave up its writing end
  alignas(kPage) std::array<WaitSlot, kWaitSlots> slots;
};

// docs/node-protocol.md gives these; another layout is another version.
static_assert(sizeof(Header) == 120 && offsetof(Control, state) == 128 && offsetof(Control, limit) == 144);
static_assert(offsetof(Control, summary) == 152 && offsetof(Control, memory) == 184);
static_assert(offsetof(Control, tail) == 256 && offsetof(Control, head) == 384);
static_assert(offsetof(Control, reserved) == 512 && offsetof(Control, released) == 640);
static_assert(offsetof(Control, returns) == 768 && offsetof(Control, used) == 896);
static_assert(offsetof(Control, lines) == 1024 && sizeof(WaitLine) == 576);
static_assert(offsetof(Control, used_slots) == 3328 && offsetof(Control, gone) == 3392);
static_assert(offsetof(Control, slots) == 4096 && sizeof(Control) == 69632);

// Who holds a block, and what is in it. All but `own` belongs to the owner.
struct alignas(128) Descriptor {
  Shared<std::uint64_t> own;   // BlockWord
  Shared<std::uint64_t> size;  // bytes of the message; while on loan, bytes reserved
  // Leased: which handle of the process took it. Back again: when it may be delivered, see retry.h.
  Shared<std::uint32_t> taker;
  Shared<std::uint32_t> tries;  // deliveries that came to nothing
  Shared<std::uint32_t> flags;  // kLetter, kFrame; from kMissedShift on, how many were lost just before it
  std::uint16_t content_type;   // reserved
  std::uint16_t producer;       // participant
  Shared<std::uint64_t> time;   // of the commit, CLOCK_MONOTONIC_COARSE, in ns
  // Leased, where there is a lease_timeout: since when, on that clock; 0: not known yet. Settling, parked:
  // the journal of settle.h.
  Shared<std::uint64_t> note;
  std::array<std::byte, kInlineBytes> bytes;
};
static_assert(sizeof(Descriptor) == 128 && offsetof(Descriptor, note) == 40 &&
              offsetof(Descriptor, bytes) == 48);

enum : std::uint32_t {  // bits of Descriptor::flags
  kLetter = 1,          // a dead letter, see letter.h
  kFrame = 2,           // many messages in one, see frame.h
};
// Messages that were lost on the way here, just before this one: see Writer::forward. In 24 bits; no more are
// told.
inline constexpr unsigned kMissedShift = 8;
inline constexpr std::uint64_t kMostMissed = (1u << 24) - 1;

}  // namespace procgraph::detail
