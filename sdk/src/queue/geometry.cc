#include "queue/geometry.h"

#include <algorithm>
#include <bit>
#include <string>

#include "queue/layout.h"

namespace procgraph::detail {
namespace {

constexpr std::uint64_t kSmallestClass = 256;
constexpr std::uint64_t kShortestRing = 256;  // then 40 bits of lap cover 48 bits of ticket
constexpr std::uint64_t kFreeGrowth =
    8192;  // places that are cheap enough to have in reserve: 64 KiB of ring
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 46;

std::uint64_t round_up(std::uint64_t n, std::uint64_t to) {
  return (n + to - 1) / to * to;
}

Error wrong(const Beyond& beyond, std::string what) {
  return Error{beyond.kind + (": " + std::move(what)), 0};
}

// Blocks beyond those of waiting messages: for loans and leases of everybody who may take part.
std::uint64_t spare_blocks(const QueueShape& shape) {
  return std::max<std::uint64_t>(1024, 16 * (std::uint64_t{shape.participants} + 8));
}

std::uint64_t class_size(unsigned c, std::uint64_t largest) {
  if (c == 0) return kInlineBytes;
  return std::min(kSmallestClass << (2 * (c - 1)), largest);
}

// As many as there can be messages of this class, by number and by bytes.
std::uint64_t class_count(const Geometry& g, unsigned c, std::uint64_t spare) {
  std::uint64_t by_number = g.max_capacity + spare;
  if (c == 0) return by_number;
  std::uint64_t smallest = g.of_class[c - 1].size + 1;
  return std::min(by_number, g.max_memory / smallest);
}

Result<void> add_classes(Geometry& g, std::uint64_t spare, const Beyond& beyond) {
  std::uint64_t block = 0, offset = 0;
  for (unsigned c = 0; c < kMaxClasses; ++c) {
    BlockClass& k = g.of_class[c];
    k.size = class_size(c, g.largest);
    k.stride = c == 0 ? 0 : round_up(k.size, k.size < kPage ? 64 : kPage);
    std::uint64_t count = class_count(g, c, spare) + beyond.in_hand;
    if (block + count > kMaxBlocks) return wrong(beyond, "more than 16,777,216 blocks: lower its capacity");
    k.first = static_cast<BlockIndex>(block);
    k.count = static_cast<BlockIndex>(count);
    k.offset = offset;
    block = round_up(block + count, 64);
    offset += count * k.stride;
    g.classes = c + 1;
    if (k.size >= g.largest) break;
  }
  if (g.of_class[g.classes - 1].size < g.largest)
    return wrong(beyond,
                 "a message can have at most 64 GiB: lower max_message (by default a quarter of memory)");
  g.blocks = static_cast<BlockIndex>(block);
  g.counts_inline = g.of_class[0].count * kInlineBytes > g.memory / 16;
  g.payload_size = std::max(round_up(offset, kPage), kPage);
  return {};
}

void add_offsets(Geometry& g, const Beyond& beyond) {
  std::uint64_t map = round_up(g.blocks / 8, kPage);
  g.ring_at = round_up(sizeof(Control), kPage) + beyond.before_ring;
  g.busy_at = g.ring_at + round_up(8 * g.ring_length(), kPage);
  g.returned_at = g.busy_at + map;
  g.descriptors_at = g.returned_at + map;
  g.tallies_at = g.descriptors_at + round_up(std::uint64_t{g.blocks} * sizeof(Descriptor), kPage);
  g.control_size = g.tallies_at + (kMaxParticipants + 1) * sizeof(Tally);
}

}  // namespace

Result<Geometry> make_geometry(const QueueShape& shape, const Beyond& beyond) {
  Geometry g;
  g.keeps_taken = beyond.keeps_taken;
  g.capacity = shape.capacity;
  g.memory = shape.memory;
  g.max_message = shape.max_message != 0 ? shape.max_message : std::max<std::uint64_t>(shape.memory / 4, 1);
  g.max_capacity = shape.max_capacity;
  g.max_memory = shape.max_memory != 0 ? shape.max_memory : shape.memory;
  g.writers = shape.writers;
  if (g.capacity == 0) return wrong(beyond, "a capacity of 0 lets nothing through");
  if (g.capacity >= kMaxBlocks) return wrong(beyond, "a capacity beyond 16,777,215 is not possible");
  if (g.max_capacity == 0) g.max_capacity = std::max(g.capacity, std::min(64 * g.capacity, kFreeGrowth));
  if (g.max_capacity < g.capacity) return wrong(beyond, "max_capacity is less than capacity");
  if (g.max_memory > kMostBytes || g.memory > kMostBytes) return wrong(beyond, "more than 64 TiB of memory");
  if (g.max_memory < g.memory) return wrong(beyond, "max_memory is less than memory");
  if (g.max_message > g.memory) return wrong(beyond, "max_message is larger than memory");
  if (shape.letter_room > g.memory - g.max_message)
    return wrong(beyond, "a dead letter is larger than memory");
  g.largest = g.max_message + shape.letter_room;
  const QueuePolicy& p = shape.policy;
  if (p.when_full > Overflow::kGrow) return wrong(beyond, "no such policy for a full one");
  if (std::min({p.expire, p.lease_timeout, p.retry_first, p.retry_most}).count() < 0)
    return wrong(beyond, "a time is negative");
  if (p.retry_most > kLongestRest || p.retry_first > p.retry_most)
    return wrong(beyond, "retry goes from the shorter to the longer time, at most 10 days");
  if (p.max_deliveries > kMostTries) return wrong(beyond, "more than 65,535 deliveries");
  if (shape.participants > kMaxParticipants) return wrong(beyond, "more than 4,095 processes");
  if (g.max_capacity >= kMaxBlocks) return wrong(beyond, "a capacity beyond 16,777,215 is not possible");
  g.ring_bits =
      static_cast<unsigned>(std::countr_zero(std::bit_ceil(std::max(g.max_capacity, kShortestRing))));
  if (auto added = add_classes(g, spare_blocks(shape), beyond); !added) return added.error();
  add_offsets(g, beyond);
  return g;
}

}  // namespace procgraph::detail
