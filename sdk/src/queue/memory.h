// QueueMemory: a mapped queue. Finds the parts of its regions and checks every index that comes out of them;
// knows no order of messages and nobody who waits.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "cpu.h"
#include "procgraph/admin.h"
#include "queue/geometry.h"
#include "queue/layout.h"
#include "queue/words.h"

namespace procgraph::detail {

// What the runner writes there; attach() reads it.
[[nodiscard]] Header header_of(const QueueShape& shape);
[[nodiscard]] QueueShape shape_of(const Header& header);
// FNV-1a, of 32 bits, of the header but for its `check`; to go on with what else is declared.
[[nodiscard]] std::uint32_t check_of(Header header);
[[nodiscard]] std::uint32_t check_on(std::uint32_t check, const void* bytes, std::size_t size);

class QueueMemory {
 public:
  QueueMemory() = default;
  // The payload may be empty: the runner does not map it.
  [[nodiscard]] static Result<QueueMemory> attach(std::span<std::byte> control, std::span<std::byte> payload);
  // As attach(), where the header has been read and the control region is known to be large enough.
  [[nodiscard]] static Result<QueueMemory> over(const Geometry& geometry, const QueuePolicy& policy,
                                                std::span<std::byte> control, std::span<std::byte> payload);

  [[nodiscard]] const Geometry& geometry() const { return geometry_; }
  [[nodiscard]] const QueuePolicy& policy() const { return policy_; }
  [[nodiscard]] Control& control() { return *control_; }
  // How many messages may wait now, and how many bytes may be in flight.
  [[nodiscard]] std::uint64_t limit() const {
    return std::min(control_->limit.load(std::memory_order_relaxed), geometry_.ring_length());
  }
  [[nodiscard]] std::uint64_t byte_limit() const {
    if (geometry_.max_memory == geometry_.memory) return geometry_.memory;  // another line of memory spared
    return std::min(control_->memory.load(std::memory_order_relaxed), geometry_.max_memory);
  }
  [[nodiscard]] Shared<std::uint64_t>& place(Ticket t) { return ring_[geometry_.place(t)]; }
  [[nodiscard]] Descriptor& descriptor(BlockIndex block) { return descriptors_[block]; }
  // Harmless for an index that no block bears.
  void prefetch(BlockIndex block) const {
    auto* lines = reinterpret_cast<const char*>(descriptors_ + block);
    prefetch_to_write(lines);
    prefetch_to_write(lines + 64);
  }
  [[nodiscard]] Shared<std::uint64_t>& busy(BlockIndex block) { return busy_[block / 64]; }
  [[nodiscard]] Shared<std::uint64_t>& returned(BlockIndex block) { return returned_[block / 64]; }
  // To count in; see the map of those that were ever used before reading others'.
  [[nodiscard]] Tally& tally(std::uint16_t participant) {
    std::uint64_t used = std::uint64_t{1} << (participant / 64);
    if ((control_->tallies.load(std::memory_order_relaxed) & used) == 0) control_->tallies.fetch_or(used);
    return tallies_[participant];
  }
  // Calls visit(tally) for those that may have counted anything.
  template <class Visit>
  void for_each_tally(Visit visit) const {
    for (std::uint64_t used = control_->tallies.load(); used != 0; used &= used - 1) {
      auto first = static_cast<unsigned>(std::countr_zero(used)) * 64;
      for (unsigned i = first; i < first + 64; ++i) visit(tallies_[i]);
    }
  }
  // Where the message lies; `capacity_of` bytes of it are the block's.
  [[nodiscard]] std::byte* bytes(BlockIndex block) {
    return is_inline(block) ? descriptors_[block].bytes.data() : bytes_in_payload(block);
  }
  [[nodiscard]] std::uint64_t capacity_of(BlockIndex block) const {
    return is_inline(block) ? kInlineBytes : geometry_.of_class[geometry_.class_of(block)].size;
  }

  // One past the last published ticket, as far as nothing moves: the shared bound lags, so walk.
  [[nodiscard]] Ticket end();
  // Is it published, or was its writer on the way to that?
  [[nodiscard]] bool is_published(BlockIndex block, BlockWord own);
  // Of an index read from the ring: does any block bear it?
  [[nodiscard]] bool is_block(BlockIndex block) const {
    return is_inline(block) || geometry_.class_of(block) < geometry_.classes;
  }

  [[nodiscard]] BlockIndex used(unsigned c) const {
    BlockIndex used = control_->used[c].load();
    return used < geometry_.of_class[c].count ? used : geometry_.of_class[c].count;
  }
  // Calls visit(index) for every block that was ever used.
  template <class Visit>
  void for_each_block(Visit visit) const {
    for (unsigned c = 0; c < geometry_.classes; ++c) {
      BlockIndex first = geometry_.of_class[c].first, end = first + used(c);
      for (BlockIndex b = first; b < end; ++b) visit(b);
    }
  }

 private:
  [[nodiscard]] bool is_inline(BlockIndex block) const { return block < geometry_.of_class[0].count; }
  [[nodiscard]] std::byte* bytes_in_payload(BlockIndex block);

  Geometry geometry_;
  QueuePolicy policy_;
  Control* control_ = nullptr;
  Shared<std::uint64_t>*ring_ = nullptr, *busy_ = nullptr, *returned_ = nullptr;
  Descriptor* descriptors_ = nullptr;
  Tally* tallies_ = nullptr;
  std::byte* payload_ = nullptr;
};

[[nodiscard]] constexpr std::uint64_t bit(BlockIndex block) {
  return std::uint64_t{1} << (block % 64);
}

}  // namespace procgraph::detail
