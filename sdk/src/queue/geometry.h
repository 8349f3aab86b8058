// Geometry: where everything in a queue's two regions lies. A value, computed from the declared shape by
// runner and nodes alike; no offset is ever read from shared memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "procgraph/admin.h"
#include "queue/words.h"

namespace procgraph::detail {

inline constexpr std::uint64_t kPage = 4096;
inline constexpr std::uint64_t kInlineBytes = 80;  // messages up to this lie in their descriptor
inline constexpr unsigned kMaxClasses = 16;
inline constexpr std::uint32_t kMostTries = 0xffff;
inline constexpr std::chrono::hours kLongestRest{240};

// Blocks of one size. Class 0 is the inline one; the others grow by 4 from 256 bytes up to exactly the
// largest message.
struct BlockClass {
  BlockIndex first = 0;  // a multiple of 64: no word of a map belongs to two classes
  BlockIndex count = 0;
  std::uint64_t size = 0;    // of the largest message
  std::uint64_t stride = 0;  // in the payload region; 0: inline
  std::uint64_t offset = 0;  // in the payload region
};

struct Geometry {
  std::uint64_t capacity = 0, memory = 0, max_message = 0, max_capacity = 0, max_memory = 0;
  std::uint64_t largest = 0;  // bytes of the largest block
  std::uint32_t writers = 0;
  unsigned ring_bits = 0;  // log2 of the ring's length
  unsigned classes = 0;
  bool keeps_taken = false;   // what all have taken stays until its place or its memory is needed
  bool counts_inline = true;  // see charge()
  std::array<BlockClass, kMaxClasses> of_class{};
  BlockIndex blocks = 0;  // one past the last index
  std::uint64_t ring_at = 0, busy_at = 0, returned_at = 0, descriptors_at = 0,
                tallies_at = 0;  // offsets in the control region
  std::uint64_t control_size = 0, payload_size = 0;

  [[nodiscard]] std::uint64_t ring_length() const { return std::uint64_t{1} << ring_bits; }
  // The first ticket: the lap before it exists, as zeros.
  [[nodiscard]] Ticket first_ticket() const { return ring_length(); }
  [[nodiscard]] std::uint64_t lap(Ticket t) const { return t >> ring_bits; }
  [[nodiscard]] std::uint64_t place(Ticket t) const { return t & (ring_length() - 1); }
  // What a message in this block counts for the memory. Inline ones, which do not lie in the payload, count
  // nothing where all that there can be are no more than a sixteenth of it: they are the many, and counting
  // costs an exchange at either end.
  [[nodiscard]] std::uint64_t charge(BlockIndex block, std::uint64_t bytes) const {
    return counts_inline || block >= of_class[0].count ? bytes : 0;
  }
  // The smallest class for this many bytes (at most `largest`).
  [[nodiscard]] unsigned class_for(std::uint64_t bytes) const {
    unsigned c = 0;
    while (of_class[c].size < bytes) ++c;
    return c;
  }
  // The class that a block belongs to; `classes` if the index is none of a block.
  [[nodiscard]] unsigned class_of(BlockIndex block) const {
    for (unsigned c = 0; c < classes; ++c) {
      if (block - of_class[c].first < of_class[c].count) return c;
    }
    return classes;
  }
};

// What a topic, which is made of the same parts, has beyond a queue.
struct Beyond {
  const char* kind = "queue";     // for error messages
  bool keeps_taken = false;       // see Geometry
  std::uint64_t before_ring = 0;  // bytes, whole pages, between Control and the ring
  std::uint64_t in_hand = 0;      // messages that count neither as waiting nor for the memory
};

[[nodiscard]] Result<Geometry> make_geometry(const QueueShape& shape, const Beyond& beyond = {});

}  // namespace procgraph::detail
