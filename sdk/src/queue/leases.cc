// Who holds messages for too long. The runner looks when the oldest lease would be too old, and not at all
// while nobody holds anything: then the first one who takes a message rings.
#include <algorithm>

#include "futex.h"
#include "procgraph/admin.h"
#include "queue/frame.h"
#include "queue/settle.h"

namespace procgraph {
namespace {

using detail::BlockIndex;
using detail::BlockWord;
using detail::Clock;

// A lease's beginning is known to the kernel's tick, and nobody is stopped too early.
constexpr std::chrono::milliseconds kTick{10};

struct Scan {
  bool any = false;
  Leases found;
};

Scan scan(detail::QueueMemory& memory, Clock::time_point now, Clock::time_point amnesty) {
  Scan result;
  Clock::duration longest = memory.policy().lease_timeout + kTick;
  memory.for_each_block([&](BlockIndex block) {
    detail::Descriptor& d = memory.descriptor(block);
    BlockWord own{d.own.load()};
    if (!own.is_lease()) return;
    result.any = true;
    std::uint64_t note = d.note.load();
    if (is_frame(d) && is_idle(d)) note = 0;
    bool known = note != 0 && (note & (detail::kJournal | detail::kRest)) == 0;
    Clock::time_point since = known ? std::min(Clock::time_point(std::chrono::nanoseconds(note)), now) : now;
    since = std::max(since, amnesty);
    auto& overdue = result.found.overdue;
    // The word once more: the note may have been the next lease's.
    if (now - since <= longest || d.own.load() != own.raw) {
      result.found.look = std::min(result.found.look.value_or(detail::kNever), since + longest);
    } else if (std::ranges::find(overdue, own.owner()) == overdue.end()) {
      overdue.push_back(own.owner());
    }
  });
  // Until those are gone their leases stand; what others take meanwhile is not to be missed.
  if (result.any && !result.found.look) result.found.look = now + longest;
  return result;
}

}  // namespace

Leases leases(std::span<std::byte> control, Clock::time_point now, Clock::time_point amnesty) {
  auto memory = detail::QueueMemory::attach(control, {});
  if (!memory || memory->policy().lease_timeout.count() == 0) return {};
  detail::Control& c = memory->control();
  c.watched.store(1);
  Scan result = scan(*memory, now, amnesty);
  if (result.any) return std::move(result.found);
  c.watched.store(0);  // whoever takes a message from now on rings; one who just has did not: look again
  result = scan(*memory, now, amnesty);
  if (result.any) c.watched.store(1);
  return std::move(result.found);
}

}  // namespace procgraph
