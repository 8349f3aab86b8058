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

#include "queue/settle.h"
#include "queue/view.h"

namespace procgraph::detail {

inline constexpr unsigned kMostRecords = 64;                 // a bit each
inline constexpr std::uint64_t kMostFrameBytes = 64u << 10;  // a frame stays in cache

// Records on their way from the writer's cache while one is being used: the processor sees too late where it
// goes.
inline constexpr std::size_t kBytesAhead = 1024;

// In Descriptor::bytes. Belongs to the block's owner.
struct FrameHead {
  std::uint32_t count, reserved;
  Shared<std::uint64_t> settled;  // records that have left their reader's hands
  Shared<std::uint64_t> back;     // those of them that are to be delivered again
  Shared<std::uint64_t> before;   // those that were done with before the frame was taken
  Shared<std::uint64_t> given;    // those that its reader's program has seen since
  Shared<std::uint64_t> refused;  // those of `back` that are of no use to try again
};
static_assert(sizeof(FrameHead) == 48 && sizeof(FrameHead) <= kInlineBytes);

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
  head.given.store(0, std::memory_order_relaxed);
  head.refused.store(0, std::memory_order_relaxed);
}

// Writes a record at `to`; where the next one goes.
inline std::byte* add_record(std::byte* to, const void* bytes, std::uint32_t size) {
  const std::uint64_t prefix = size;
  std::memcpy(to, &prefix, sizeof(prefix));
  if (size != 0) std::memcpy(to + sizeof(prefix), bytes, size);
  return to + record_size(size);
}

// The records of a frame, from one to the next.
struct RecordCursor {
  const std::byte* at;
  const std::byte* end;

  // Takes the next one off the front; false: what lies there is none. (Two words, not a span in an optional:
  // a reader does this for every few bytes.)
  [[nodiscard]] bool take(const std::byte*& data, std::uint32_t& size) {
    const auto left = static_cast<std::uint64_t>(end - at);
    if (left < 8) return false;
    std::memcpy(&size, at, sizeof(size));
    if (record_size(size) > left) return false;
    prefetch_to_read(at + kBytesAhead);
    data = at + 8;
    at += record_size(size);
    return true;
  }
};
[[nodiscard]] inline RecordCursor records_of(std::span<const std::byte> frame) {
  return {frame.data(), frame.data() + frame.size()};
}

// We have taken a frame: its records that are still to be delivered. Nothing: it makes no sense.
[[nodiscard]] std::optional<std::uint64_t> open_frame(Descriptor& d);
// These records go to our program.
inline void give_out(Descriptor& d, std::uint64_t records) {
  frame_head(d).given.fetch_or(records, std::memory_order_relaxed);
}
// Its program has not seen them after all.
inline void take_back(Descriptor& d, std::uint64_t records) {
  frame_head(d).given.fetch_and(~records, std::memory_order_relaxed);
}
// These records of our lease are done with (kNone), to be delivered again (kGivenBack), or of no use to try
// again (kRejected). With the last one the lease ends: the frame is acknowledged, or comes back with what is
// left; it is parked if all that is left is of no use. Threads: any.
void settle_records(View& view, BlockIndex block, std::uint64_t records, Cause cause);

// Of a frame that nobody reads: its lease has ended, or its owner is dead.
[[nodiscard]] bool is_done(Descriptor& d);
[[nodiscard]] std::uint64_t left_of(Descriptor& d);
void mark_done(Descriptor& d, std::uint64_t records);
// Something was done with since it was taken: what is left has not failed as often as the frame was
// delivered.
[[nodiscard]] bool has_moved_on(Descriptor& d);
// Something that its reader's program has seen is not done with.
[[nodiscard]] bool has_failed(Descriptor& d);
// Somebody reads it, and has nothing of it in hand now.
[[nodiscard]] bool is_idle(Descriptor& d);

}  // namespace procgraph::detail
