// Blocks: from free to ours and back, and the bytes that may be in flight. The truth is each block's own
// word; the map of busy blocks says where to look first.
#pragma once

#include <array>
#include <cstdint>

#include "queue/view.h"

namespace procgraph::detail {

// True if a block of the class can be had.
[[nodiscard]] bool has_free_block(QueueMemory& memory, unsigned c);

// Bytes reserved and not released, as the counters say.
[[nodiscard]] std::uint64_t in_flight(Control& c);
// Would `bytes` more still be within the memory? Counts again where a death has put the counters in doubt.
[[nodiscard]] bool fits(QueueMemory& memory, std::uint64_t bytes);
// Sets `released` right after a death, so far as nothing moves meanwhile; what does move can only make the
// difference too large.
void recount(QueueMemory& memory);
[[nodiscard]] std::uint64_t in_flight(Control& c);

// Gives a block that we own back to all: the message is acknowledged, or the loan dropped. Wakes whom that
// lets go on.
void release(View& view, BlockIndex block);

// One handle's way to free blocks. Remembers a few places of the map, so that most claims cost one exchange.
class Claimer {
 public:
  // A block of the class, now on loan to us, about to be published; kNoBlock if none is free.
  [[nodiscard]] BlockIndex claim(View& view, unsigned c);
  // Gives back what is remembered and not claimed. Anybody else may claim such a block before that, too.
  void forget(View& view);

 private:
  // Bits that we set in a word of the map; the blocks behind them are free until somebody claims them.
  struct Hints {
    std::uint64_t bits = 0;
    std::uint64_t far = 0;   // those of them whose blocks are not on their way from the reader's cache yet
    std::uint32_t word = 0;  // within the class
  };

  enum class Search { kFound, kLost, kNone };  // kLost: others were faster, look again

  [[nodiscard]] bool refill(QueueMemory& memory, unsigned c);
  [[nodiscard]] Search search(QueueMemory& memory, unsigned c, std::uint32_t words);

  std::array<Hints, kMaxClasses> hints_{};
};

// One handle's view of the memory that is left: looks at what readers have released only when what it knows
// does not suffice.
class Budget {
 public:
  // Reserves bytes for a block on loan: false if they do not fit now.
  [[nodiscard]] bool reserve(QueueMemory& memory, BlockIndex block, std::uint64_t bytes);

 private:
  void refresh(Control& c);

  std::uint64_t released_ = 0;
  std::uint32_t doubt_ = 0;
};

// A loan that turned out shorter.
void shorten(View& view, BlockIndex block, std::uint64_t bytes);

}  // namespace procgraph::detail
