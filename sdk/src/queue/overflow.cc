#include "queue/overflow.h"

#include <algorithm>

#include "queue/blocks.h"

namespace procgraph::detail {
namespace {

// By doubling, as far as it goes. False: it went that far before.
bool grow(View& view, Want want, std::uint64_t bytes) {
  const Geometry& g = view.memory.geometry();
  Control& c = view.control();
  if (want == Want::kPlace) {
    std::uint64_t now = view.memory.limit();
    if (now >= g.max_capacity) return false;
    raise(c.limit, std::min(now * 2, g.max_capacity));
    return true;
  }
  std::uint64_t now = view.memory.byte_limit();
  if (want != Want::kBytes || now >= g.max_memory) return false;
  raise(c.memory, std::min(std::max(now * 2, now + bytes), g.max_memory));
  return true;
}

Want refuse(View& view, Want how) {
  view.memory.tally(view.self).refused.fetch_add(1, std::memory_order_relaxed);
  return how;
}

}  // namespace

Want make_room(View& view, Consumer& dropper, Want want, std::uint64_t bytes) {
  switch (view.memory.policy().when_full) {
    case Overflow::kBlock:
      return want;
    case Overflow::kDropNewest:
      return refuse(view, Want::kDropped);
    case Overflow::kReject:
      return refuse(view, Want::kFull);
    case Overflow::kGrow:
      return grow(view, want, bytes) ? Want::kNothing : want;
    case Overflow::kDropOldest:
      break;
  }
  bool dropped = dropper.drop_oldest(want == Want::kPlace);
  // No place, and nobody waits any more: readers were faster. No memory, and nobody waits: readers hold it
  // all.
  return dropped || want == Want::kPlace ? Want::kNothing : refuse(view, Want::kDropped);
}

}  // namespace procgraph::detail
