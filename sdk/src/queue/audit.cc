#include "queue/audit.h"

#include <algorithm>

#include "queue/frame.h"

namespace procgraph::detail {
namespace {

constexpr std::uint32_t kStates = kClosed | kRunnerWaits;  // all that a state can be made of
constexpr std::uint32_t kFlags = kLetter | kFrame | ~((1u << kMissedShift) - 1);

// No counter of bytes is ever further from the truth than by what all blocks hold.
bool may_be_in_flight(View& view) {
  Control& c = view.control();
  const Geometry& g = view.memory.geometry();
  const auto most = static_cast<std::int64_t>(4 * (g.payload_size + g.blocks * kInlineBytes));
  const std::uint64_t released = c.released.load(std::memory_order_acquire);
  const auto difference = static_cast<std::int64_t>(c.reserved.load(std::memory_order_acquire) - released);
  if (c.released.load(std::memory_order_acquire) != released) return true;  // they were not read together
  return difference <= most && difference >= -most;
}

bool are_bounds(View& view) {
  Control& c = view.control();
  const Geometry& g = view.memory.geometry();
  const std::uint64_t limit = c.limit.load(std::memory_order_acquire),
                      memory = c.memory.load(std::memory_order_acquire);
  return limit >= 1 && limit <= g.max_capacity && memory >= g.memory && memory <= g.max_memory &&
         c.deepest.load(std::memory_order_acquire) <= g.ring_length();
}

bool are_used(View& view) {
  Control& c = view.control();
  const Geometry& g = view.memory.geometry();
  for (unsigned i = 0; i < kMaxClasses; ++i) {
    if (c.used[i].load(std::memory_order_acquire) > (i < g.classes ? g.of_class[i].count : 0)) return false;
  }
  return true;
}

// What one word of the lines says before the slots are counted: who stands in line has a slot.
bool are_waiters(View& view) {
  Control& c = view.control();
  std::uint64_t last = 0;  // one past the last slot that stands in any line
  for (unsigned line = 0; line < kLines; ++line) {
    const auto words = static_cast<std::uint32_t>(c.summary[line].load(std::memory_order_acquire));
    if (words != 0) last = std::max<std::uint64_t>(last, 64 * kWordsPerBit * (std::bit_width(words) - 1) + 1);
    for (unsigned i = 0; i < kMaskWords; ++i) {
      if (const std::uint64_t mask = c.lines[line].mask[i].load(std::memory_order_acquire); mask != 0)
        last = std::max<std::uint64_t>(last, 64 * i + std::bit_width(mask));
    }
  }
  const std::uint32_t used = c.used_slots.load(std::memory_order_acquire);
  if (used > kWaitSlots || last > used) return false;
  return std::all_of(c.slots.begin(), c.slots.begin() + used, [](const WaitSlot& slot) {
    return slot.owner.load(std::memory_order_acquire) <= kMaxParticipants;
  });
}

bool are_doorbells(View& view) {
  Control& c = view.control();
  return std::all_of(
      c.slots.begin(), c.slots.begin() + std::min(c.used_slots.load(std::memory_order_acquire), kWaitSlots),
      [](const WaitSlot& slot) { return slot.doorbell.load(std::memory_order_acquire) < kDoorbells; });
}

bool may_be(View& view, BlockWord own) {
  if (own.raw == 0) return true;
  if (own.state() == State::kLoaned) return own.ticket() <= kKept;
  return own.state() <= State::kRetired && own.state() != State::kFree &&
         own.ticket() >= view.memory.geometry().first_ticket();
}

// Of a frame that is no loan any more: what is said of its messages is of messages that it has. The words
// belong to the block's owner; where the block has changed hands meanwhile they mean something else.
bool is_frame_head(Descriptor& d, BlockWord own) {
  const FrameHead& head = frame_head(d);
  const std::uint32_t count = head.count;
  std::uint64_t said = 0;
  for (const auto* word : {&head.settled, &head.back, &head.before, &head.given, &head.refused})
    said |= word->load(std::memory_order_acquire);
  const bool sane = count >= 1 && count <= kMostRecords && (said & ~all_records(count)) == 0;
  return sane || d.own.load(std::memory_order_acquire) != own.raw;
}

Poison audit_words(View& view) {
  Control& c = view.control();
  if ((c.state.load(std::memory_order_acquire) & ~kStates) != 0) return Poison::kState;
  if (!are_bounds(view)) return Poison::kLimit;
  if (!is_bound(view, c.tail.load(std::memory_order_acquire)) ||
      !is_bound(view, c.head.load(std::memory_order_acquire)))
    return Poison::kLap;
  return may_be_in_flight(view) && are_used(view) ? Poison::kNone : Poison::kCount;
}

}  // namespace

bool is_bound(View& view, Ticket t) {
  const Geometry& g = view.memory.geometry();
  if (t <= g.first_ticket()) return t == g.first_ticket();
  return RingWord{view.memory.place(t - 1).load(std::memory_order_acquire)}.lap() >= g.lap(t - 1);
}

void BlockAudit::look(BlockIndex block) {
  Descriptor& d = view_.memory.descriptor(block);
  const BlockWord own{d.own.load(std::memory_order_acquire)};
  const std::uint32_t flags = d.flags.load(std::memory_order_acquire);
  const bool sane =
      may_be(view_, own) && d.tries.load(std::memory_order_acquire) <= kMostTries && (flags & ~kFlags) == 0;
  if (!sane) found_ = Poison::kBlock;
  if (d.size.load(std::memory_order_acquire) > view_.memory.capacity_of(block)) found_ = Poison::kLength;
  if (own.state() != State::kLoaned) newest_ = std::max(newest_, own.ticket());
  if ((flags & kFrame) != 0 && own.raw != 0 && own.state() != State::kLoaned && !is_frame_head(d, own))
    found_ = Poison::kFrame;
}

Poison BlockAudit::end() {
  // Looked at last: whatever was published or about to be, was so before.
  return found_ == Poison::kNone && newest_ > view_.memory.end() ? Poison::kBlock : found_;
}

Poison audit(View& view) {
  if (const Poison found = audit_words(view); found != Poison::kNone) return found;
  if (!are_doorbells(view)) return Poison::kDoorbell;
  return are_waiters(view) ? Poison::kNone : Poison::kWaiters;
}

}  // namespace procgraph::detail
