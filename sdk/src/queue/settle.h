// Settling: a message leaves somebody's hands otherwise than by an acknowledgement: it comes back, or it is
// dropped. Each is counted exactly once, though whoever does it may be killed at any instruction.
//
// What will be counted is written into the block first, as the number that the counter will show (a journal
// of one word); then one store of the block's word decides it. All that follows can be done again by the
// reaper with the same result: a counter belongs to one participant, so its numbers are given out once.
#pragma once

#include <cstdint>

#include "queue/view.h"

namespace procgraph::detail {

enum class Cause : std::uint8_t {
  kNone,
  kGivenBack,  // by a negative acknowledgement
  kDeath,      // of the process that had it
  kDropped,    // for a newer one
  kExpired,
  kPutBack,   // by a reader that has not tried it
  kRejected,  // given back for good
};

// What has become of a message in a dead one's hands; kNothing: it was none there, or was dropped as it was
// to be.
enum class Settled : std::uint8_t { kNothing, kReturned, kDead, kGone };

// What Descriptor::note holds, told apart by its highest two bits.
inline constexpr std::uint64_t kJournal = std::uint64_t{1} << 63;
inline constexpr std::uint64_t kRest = std::uint64_t{1} << 62;  // the rest: when it may be delivered, in ns

// 1 | cause:3 | tries:16 | count:44
struct Journal {
  std::uint64_t raw = 0;

  [[nodiscard]] bool is_valid() const { return (raw & kJournal) != 0; }
  [[nodiscard]] Cause cause() const { return static_cast<Cause>(raw >> 60 & 7); }
  [[nodiscard]] std::uint32_t tries() const { return raw >> 44 & kMostTries; }
  [[nodiscard]] std::uint64_t count() const { return raw & ((std::uint64_t{1} << 44) - 1); }
};

[[nodiscard]] constexpr Journal journal(Cause cause, std::uint32_t tries, std::uint64_t count) {
  return {kJournal | static_cast<std::uint64_t>(cause) << 60 | std::uint64_t{tries} << 44 | count};
}
// To be delivered again, or to become a dead letter.
[[nodiscard]] constexpr bool comes_back(Cause cause) {
  return cause == Cause::kGivenBack || cause == Cause::kDeath || cause == Cause::kPutBack ||
         cause == Cause::kRejected;
}

// Our lease ends without an acknowledgement: the message becomes one again, for anybody, after its rest, or
// is parked if it has failed too often. Where messages are delivered at most once it is gone.
void give_back(View& view, BlockIndex block);
// A message that nobody has tried: its tries stay as they are, and it comes back wherever it is delivered at
// most once, too.
void put_back(View& view, BlockIndex block);
// The same, but that it comes back where messages are delivered at most once, too: for a frame of which there
// is something left that its reader's program has not seen. Rejected, it is parked however often it failed.
void hand_back(View& view, BlockIndex block, Cause cause = Cause::kGivenBack);
// A message that we have taken out of the queue (kDropping, kExpiring) is gone.
void drop(View& view, BlockIndex block, Cause cause);
// The same for a dead owner, from whatever state it left the block in: leased, dropping, expiring, settling.
// Says what has become of the message.
Settled settle_for(View& view, std::uint16_t dead, BlockIndex block);

}  // namespace procgraph::detail
