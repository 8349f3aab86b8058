// QueueMemory: a mapped queue. Finds the parts of its regions and checks every index that comes out of them;
// knows no order of messages and nobody who waits.
#pragma once

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

class QueueMemory {
 public:
  QueueMemory() = default;
  // The payload may be empty: the runner does not map it.
  [[nodiscard]] static Result<QueueMemory> attach(std::span<std::byte> control, std::span<std::byte> payload);

  [[nodiscard]] const Geometry& geometry() const { return geometry_; }
  [[nodiscard]] Control& control() { return *control_; }
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
  // Where the message lies; `capacity_of` bytes of it are the block's.
  [[nodiscard]] std::byte* bytes(BlockIndex block);
  [[nodiscard]] std::uint64_t capacity_of(BlockIndex block) const {
    return geometry_.of_class[geometry_.class_of(block)].size;
  }

  // Is it published, or was its writer on the way to that?
  [[nodiscard]] bool is_published(BlockIndex block, BlockWord own);
  // Of an index read from the ring: does any block bear it?
  [[nodiscard]] bool is_block(BlockIndex block) const {
    return block < geometry_.of_class[0].count || geometry_.class_of(block) < geometry_.classes;
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
  Geometry geometry_;
  Control* control_ = nullptr;
  Shared<std::uint64_t>*ring_ = nullptr, *busy_ = nullptr, *returned_ = nullptr;
  Descriptor* descriptors_ = nullptr;
  std::byte* payload_ = nullptr;
};

[[nodiscard]] constexpr std::uint64_t bit(BlockIndex block) {
  return std::uint64_t{1} << (block % 64);
}

}  // namespace procgraph::detail
