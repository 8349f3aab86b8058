#include "topic/audit.h"

namespace procgraph::detail {
namespace {

// Each is looked at after what it can only be ahead of.
bool is_reader(TopicView& view, ReaderSlot& slot) {
  const Ticket first = view.memory.geometry().first_ticket();
  const Ticket cursor = slot.cursor.load(std::memory_order_acquire),
               next = slot.next.load(std::memory_order_acquire),
               until = slot.until.load(std::memory_order_acquire);
  if (slot.gates != 0 ? cursor < first || cursor > next : next < first) return false;
  if (slot.gates == 0 && slot.in_hand.load(std::memory_order_acquire) > kMostInHand) return false;
  return is_bound(view, next) && (until == 0 || is_bound(view, until)) &&
         slot.reader.load(std::memory_order_acquire) <= kMaxParticipants;
}

}  // namespace

Poison audit(TopicView& view) {
  if (const Poison found = audit(static_cast<View&>(view)); found != Poison::kNone) return found;
  if (!is_bound(view, view.topic.part().first.load(std::memory_order_acquire))) return Poison::kLap;
  for (std::uint32_t i = 0; i < view.topic.readers(); ++i) {
    if (!is_reader(view, view.topic.slot(i))) return Poison::kReader;
  }
  return Poison::kNone;
}

}  // namespace procgraph::detail
