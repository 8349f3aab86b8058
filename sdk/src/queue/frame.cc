#include "queue/frame.h"

#include "queue/blocks.h"

namespace procgraph::detail {
namespace {

std::uint64_t done_of(FrameHead& head) {
  return head.settled.load(std::memory_order_relaxed) & ~head.back.load(std::memory_order_relaxed);
}

}  // namespace

std::optional<std::uint64_t> open_frame(Descriptor& d) {
  FrameHead& head = frame_head(d);
  if (head.count == 0 || head.count > kMostRecords) return std::nullopt;
  const std::uint64_t done = done_of(head), left = all_records(head.count) & ~done;
  if (left == 0) return std::nullopt;
  // Whoever is killed between two of these leaves the same records to be delivered.
  head.before.store(done, std::memory_order_relaxed);
  head.settled.store(done, std::memory_order_relaxed);
  head.back.store(0, std::memory_order_relaxed);
  head.given.store(0, std::memory_order_relaxed);
  head.refused.store(0, std::memory_order_relaxed);
  return left;
}

void settle_records(View& view, BlockIndex block, std::uint64_t records, Cause cause) {
  Descriptor& d = view.memory.descriptor(block);
  FrameHead& head = frame_head(d);
  const std::uint64_t all = all_records(head.count);
  if (cause != Cause::kNone) head.back.fetch_or(records);
  if (cause == Cause::kRejected) head.refused.fetch_or(records);
  // Publishes that we are done with these bytes to the thread that settles the last of them, and ends the
  // lease.
  if ((head.settled.fetch_or(records) | records) != all) return;
  const std::uint64_t back = head.back.load();
  if (back == 0) return release(view, block);
  const bool useless = (back & ~head.refused.load()) == 0;
  hand_back(view, block, useless ? Cause::kRejected : Cause::kGivenBack);
}

std::uint64_t left_of(Descriptor& d) {
  FrameHead& head = frame_head(d);
  return all_records(head.count) & ~done_of(head);
}

void mark_done(Descriptor& d, std::uint64_t records) {
  FrameHead& head = frame_head(d);
  head.settled.fetch_or(records);
  head.back.fetch_and(~records);
}

bool is_done(Descriptor& d) {
  return left_of(d) == 0;
}

bool has_moved_on(Descriptor& d) {
  FrameHead& head = frame_head(d);
  return (done_of(head) & ~head.before.load(std::memory_order_relaxed)) != 0;
}

bool has_failed(Descriptor& d) {
  FrameHead& head = frame_head(d);
  return (head.given.load(std::memory_order_relaxed) & ~done_of(head)) != 0;
}

bool is_idle(Descriptor& d) {
  FrameHead& head = frame_head(d);
  return (head.given.load(std::memory_order_relaxed) & ~head.settled.load(std::memory_order_relaxed)) == 0;
}

}  // namespace procgraph::detail
