// Frames: many small messages in one block. To the queue a frame is one message: it has one ticket, one place
// of the capacity, one lease. What its reader has done with is written down record by record, so that a frame
// that comes back brings only what is left of it.
//
// In the payload lies one record after the other: its size (u32), 0 (u32), its bytes, up to a multiple of 8.
// The descriptor, whose own room for bytes is free, says how far the reader has come.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "queue/view.h"

namespace procgraph::detail {

inline constexpr unsigned kMostRecords = 64;                 // a bit each
inline constexpr std::uint64_t kMostFrameBytes = 64u << 10;  // a frame stays in cache

// In Descriptor::bytes. Belongs to the block's owner.
struct FrameHead {
  std::uint32_t count, reserved;
  Shared<std::uint64_t> settled;  // records that have left their reader's hands
  Shared<std::uint64_t> back;     // those of them that are to be delivered again
  Shared<std::uint64_t> before;   // those that were done with before the frame was taken
};
static_assert(sizeof(FrameHead) == 32 && sizeof(FrameHead) <= kInlineBytes);

[[nodiscard]] constexpr std::uint64_t record_size(std::uint64_t bytes) {
  return 8 + (bytes + 7) / 8 * 8;
}
// A frame lies in the payload, however small its records.
[[nodiscard]] constexpr std::uint64_t frame_size(std::uint64_t records_size) {
  return std::max(records_size, kInlineBytes + 1);
}
[[nodiscard]] constexpr std::uint64_t all_records(std::uint32_t count) {
  return count >= kMostRecords ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}
[[nodiscard]] inline FrameHead& frame_head(Descriptor& d) {
  return *reinterpret_cast<FrameHead*>(d.bytes.data());
}
[[nodiscard]] inline bool is_frame(const Descriptor& d) {
  return (d.flags.load(std::memory_order_relaxed) & kFrame) != 0;
}

// A loan becomes a frame of so many records.
inline void begin_frame(Descriptor& d, std::uint32_t count) {
  FrameHead& head = frame_head(d);
  head.count = count;
  head.reserved = 0;
  head.settled.store(0, std::memory_order_relaxed);
  head.back.store(0, std::memory_order_relaxed);
  head.before.store(0, std::memory_order_relaxed);
}

// Writes a record at `to`; where the next one goes.
inline std::byte* add_record(std::byte* to, const void* bytes, std::uint32_t size) {
  const std::uint64_t prefix = size;
  std::memcpy(to, &prefix, sizeof(prefix));
  if (size != 0) std::memcpy(to + sizeof(prefix), bytes, size);
  return to + record_size(size);
}

// Takes the next record off the front; nothing: what lies there is none.
[[nodiscard]] inline std::optional<std::span<const std::byte>> take_record(
    std::span<const std::byte>& records) {
  std::uint32_t size = 0;
  if (records.size() < 8) return std::nullopt;
  std::memcpy(&size, records.data(), sizeof(size));
  if (record_size(size) > records.size()) return std::nullopt;
  const auto record = records.subspan(8, size);
  records = records.subspan(record_size(size));
  return record;
}

// We have taken a frame: its records that are still to be delivered. Nothing: it makes no sense.
[[nodiscard]] std::optional<std::uint64_t> open_frame(Descriptor& d);
// These records of our lease are done with, or to be delivered again. With the last one the lease ends: the
// frame is acknowledged, or comes back with what is left. Threads: any.
void settle_records(View& view, BlockIndex block, std::uint64_t records, bool done);

// Of a frame that nobody reads: its lease has ended, or its owner is dead.
[[nodiscard]] bool is_done(Descriptor& d);
[[nodiscard]] std::uint64_t left_of(Descriptor& d);
void mark_done(Descriptor& d, std::uint64_t records);
// Something was done with since it was taken: what is left has not failed as often as the frame was
// delivered.
[[nodiscard]] bool has_moved_on(Descriptor& d);

}  // namespace procgraph::detail
