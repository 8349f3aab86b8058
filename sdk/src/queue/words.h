// The two sorts of 64-bit words that hold the truth about a queue. Everything else in its memory is a hint
// that may be stale.
#pragma once

#include <cstdint>

namespace procgraph::detail {

using Ticket = std::uint64_t;      // the order number of a message; 48 bits, the first is the ring's size
using BlockIndex = std::uint32_t;  // 24 bits

inline constexpr unsigned kBlockBits = 24;
inline constexpr unsigned kTicketBits = 48;
inline constexpr unsigned kOwnerBits = 12;
inline constexpr BlockIndex kMaxBlocks = 1u << kBlockBits;
inline constexpr BlockIndex kNoBlock = ~BlockIndex{0};  // for an optional one, which a register holds

// In whose hands a block is.
enum class State : std::uint8_t {
  kFree = 0,  // nobody's; found through the map of busy blocks
  kLoaned,    // its owner fills it: about to be published if its ticket is zero, else for as long as it likes
  kPushing,   // published if, and only if, the ring names this block at this ticket; else about to be
  kLeased,    // its owner reads it
  kWaited,    // leased, and the thread that took it waits for the end of data, which it does not delay
  // Came back; found through the map of returned blocks. In the owner's place stand its tries, so that no two
  // rounds of it look alike; but for a frame's, whose tries may begin again: then one that has looked at the
  // round before may take it while it should rest.
  kRedeliver,
  kDropping,  // its owner has taken it out to drop it
  kExpiring,  // the same, for it is too old
  kSettling,  // its owner carries out what Descriptor::note says: see settle.h
  kParked,    // failed too often; its owner, dead or alive, was the last to have it; the runner's to move
  kRetired,   // of a topic: nobody can begin to read it; free once nobody has it in hand, and nobody is named
};

inline constexpr Ticket kHintEvery =
    8;                              // the shared lower bounds move once in so many: a cache line of the ring
inline constexpr Ticket kKept = 1;  // no message's: tickets start at the ring's length, which is 2 at least

// state:4 | owner:12 | ticket:48, one per block. Zero: free.
struct BlockWord {
  std::uint64_t raw = 0;

  [[nodiscard]] State state() const { return static_cast<State>(raw >> (kOwnerBits + kTicketBits)); }
  [[nodiscard]] std::uint16_t owner() const {
    return static_cast<std::uint16_t>((raw >> kTicketBits) & ((1u << kOwnerBits) - 1));
  }
  [[nodiscard]] Ticket ticket() const { return raw & ((std::uint64_t{1} << kTicketBits) - 1); }
  [[nodiscard]] bool is_pushing(Ticket t) const { return state() == State::kPushing && ticket() == t; }
  // Its writer has looked whether the queue is still open, or is about to: a message may come of it.
  [[nodiscard]] bool may_be_published() const {
    return state() == State::kPushing || (state() == State::kLoaned && ticket() == 0);
  }
  // Its bytes count for the memory.
  [[nodiscard]] bool counts() const { return raw != 0 && (state() != State::kRetired || owner() != 0); }
  [[nodiscard]] bool is_lease() const { return state() == State::kLeased || state() == State::kWaited; }
  // On its way out of somebody's hands.
  [[nodiscard]] bool is_settling() const {
    return state() >= State::kDropping && state() <= State::kSettling;
  }
};

[[nodiscard]] constexpr BlockWord block_word(State state, std::uint16_t owner, Ticket ticket) {
  return {(static_cast<std::uint64_t>(state) << (kOwnerBits + kTicketBits)) |
          (static_cast<std::uint64_t>(owner & ((1u << kOwnerBits) - 1)) << kTicketBits) |
          (ticket & ((std::uint64_t{1} << kTicketBits) - 1))};
}

// lap:40 | block:24, one per place of the ring; written by writers only. Zero: the lap before the first.
struct RingWord {
  std::uint64_t raw = 0;

  [[nodiscard]] std::uint64_t lap() const { return raw >> kBlockBits; }
  [[nodiscard]] BlockIndex block() const { return static_cast<BlockIndex>(raw & (kMaxBlocks - 1)); }
};

[[nodiscard]] constexpr RingWord ring_word(std::uint64_t lap, BlockIndex block) {
  return {(lap << kBlockBits) | block};
}

}  // namespace procgraph::detail
