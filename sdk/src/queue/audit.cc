#include "queue/audit.h"

#include <algorithm>

namespace procgraph::detail {
namespace {

constexpr std::uint32_t kStates = kClosed | kRunnerWaits;  // all that a state can be made of
constexpr std::uint32_t kFlags = kLetter | kFrame | ~((1u << kMissedShift) - 1);

// No counter of bytes is ever further from the truth than by what all blocks hold.
bool may_be_in_flight(View& view) {
  Control& c = view.control();
  const Geometry& g = view.memory.geometry();
  const auto most = static_cast<std::int64_t>(4 * (g.payload_size + g.blocks * kInlineBytes));
  const std::uint64_t released = c.released.load();
  const auto difference = static_cast<std::int64_t>(c.reserved.load() - released);
  if (c.released.load() != released) return true;  // they were not read together
  return difference <= most && difference >= -most;
}

bool are_bounds(View& view) {
  Control& c = view.control();
  const Geometry& g = view.memory.geometry();
  const std::uint64_t limit = c.limit.load(), memory = c.memory.load();
  return limit >= 1 && limit <= g.max_capacity && memory >= g.memory && memory <= g.max_memory &&
         c.deepest.load() <= g.ring_length();
}

bool are_used(View& view) {
  Control& c = view.control();
  const Geometry& g = view.memory.geometry();
  for (unsigned i = 0; i < kMaxClasses; ++i) {
    if (c.used[i].load() > (i < g.classes ? g.of_class[i].count : 0)) return false;
  }
  return true;
}

// What one word of the lines says before the slots are counted: who stands in line has a slot.
bool are_waiters(View& view) {
  Control& c = view.control();
  std::uint64_t last = 0;  // one past the last slot that stands in any line
  for (unsigned line = 0; line < kLines; ++line) {
    const auto words = static_cast<std::uint32_t>(c.summary[line].load());
    if (words != 0) last = std::max<std::uint64_t>(last, 64 * (std::bit_width(words) - 1) + 1);
    for (unsigned i = 0; i < kMaskWords; ++i) {
      if (const std::uint64_t mask = c.lines[line].mask[i].load(); mask != 0)
        last = std::max<std::uint64_t>(last, 64 * i + std::bit_width(mask));
    }
  }
  const std::uint32_t used = c.used_slots.load();
  if (used > kWaitSlots || last > used) return false;
  return std::all_of(c.slots.begin(), c.slots.begin() + used,
                     [](const WaitSlot& slot) { return slot.owner.load() <= kMaxParticipants; });
}

bool are_doorbells(View& view) {
  Control& c = view.control();
  return std::all_of(c.slots.begin(), c.slots.begin() + std::min(c.used_slots.load(), kWaitSlots),
                     [](const WaitSlot& slot) { return slot.doorbell.load() < kDoorbells; });
}

bool may_be(View& view, BlockWord own) {
  if (own.raw == 0) return true;
  if (own.state() == State::kLoaned) return own.ticket() <= kKept;
  return own.state() <= State::kRetired && own.state() != State::kFree &&
         own.ticket() >= view.memory.geometry().first_ticket();
}

Poison audit_blocks(View& view) {
  QueueMemory& m = view.memory;
  Poison found = Poison::kNone;
  Ticket newest = 0;
  m.for_each_block([&](BlockIndex block) {
    Descriptor& d = m.descriptor(block);
    const BlockWord own{d.own.load()};
    const bool sane = may_be(view, own) && d.tries.load() <= kMostTries && (d.flags.load() & ~kFlags) == 0;
    if (!sane) found = Poison::kBlock;
    if (d.size.load() > m.capacity_of(block)) found = Poison::kLength;
    if (own.state() != State::kLoaned) newest = std::max(newest, own.ticket());
  });
  // Looked at last: whatever was published or about to be, was so before.
  return found == Poison::kNone && newest > m.end() ? Poison::kBlock : found;
}

}  // namespace

bool is_bound(View& view, Ticket t) {
  const Geometry& g = view.memory.geometry();
  if (t <= g.first_ticket()) return t == g.first_ticket();
  return RingWord{view.memory.place(t - 1).load()}.lap() >= g.lap(t - 1);
}

Poison audit_words(View& view) {
  Control& c = view.control();
  if ((c.state.load() & ~kStates) != 0) return Poison::kState;
  if (!are_bounds(view)) return Poison::kLimit;
  if (!is_bound(view, c.tail.load()) || !is_bound(view, c.head.load())) return Poison::kLap;
  return may_be_in_flight(view) && are_used(view) ? Poison::kNone : Poison::kCount;
}

Poison audit(View& view) {
  if (const Poison found = audit_words(view); found != Poison::kNone) return found;
  if (!are_doorbells(view)) return Poison::kDoorbell;
  if (!are_waiters(view)) return Poison::kWaiters;
  return audit_blocks(view);
}

}  // namespace procgraph::detail
