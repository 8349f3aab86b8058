// Who sleeps on a queue, and for what: what the runner may ask of a graph that seems to stand still. It only
// looks; what it finds is as old as the look.
#include <algorithm>
#include <bit>

#include "procgraph/admin.h"
#include "queue/blocks.h"
#include "queue/waiting.h"
#include "roster.h"

namespace procgraph {
namespace {

using detail::Control;
using detail::Line;

constexpr SleepingThread::For what_for(Line line) {
  return line == Line::kReaders  ? SleepingThread::For::kMessage
         : line == Line::kPlaces ? SleepingThread::For::kPlace
                                 : SleepingThread::For::kMemory;
}

// A slot of nobody is on its way into a line or out of it.
void add_line(Control& control, Line line, std::vector<SleepingThread>& found) {
  detail::WaitLine& waiters = control.lines[static_cast<unsigned>(line)];
  for (unsigned word = 0; word < detail::kMaskWords; ++word) {
    for (std::uint64_t bits = waiters.mask[word].load(); bits != 0; bits &= bits - 1) {
      detail::WaitSlot& slot = control.slots[word * 64 + static_cast<unsigned>(std::countr_zero(bits))];
      const std::uint32_t owner = slot.owner.load();
      if (owner == 0 || owner > kMaxParticipants) continue;
      found.push_back({.doorbell = slot.doorbell.load(),
                       .participant = static_cast<std::uint16_t>(owner),
                       .what = what_for(line)});
    }
  }
}

}  // namespace

std::vector<SleepingThread> sleeping_threads(std::span<std::byte> control) {
  std::vector<SleepingThread> found;
  if (poisoned(control)) return found;
  auto& c = *reinterpret_cast<Control*>(control.data());
  for (const Line line : {Line::kReaders, Line::kPlaces, Line::kBlocks, Line::kBytes})
    add_line(c, line, found);
  return found;
}

std::optional<std::uint32_t> doorbell_at(std::uint64_t offset) {
  constexpr std::uint64_t kFirst =
      offsetof(detail::RosterRegion, doorbells) + offsetof(detail::Doorbell, rings);
  if (offset < kFirst || (offset - kFirst) % sizeof(detail::Doorbell) != 0) return std::nullopt;
  const std::uint64_t index = (offset - kFirst) / sizeof(detail::Doorbell);
  if (index >= detail::kDoorbells) return std::nullopt;
  return static_cast<std::uint32_t>(index);
}

QueueBounds bounds(std::span<std::byte> control) {
  auto memory = detail::QueueMemory::attach(control, {});
  if (!memory) return {};
  return {.capacity = memory->limit(), .most = memory->geometry().max_capacity};
}

void raise_capacity(std::span<std::byte> control, std::span<std::byte> roster, std::uint64_t capacity) {
  auto memory = detail::QueueMemory::attach(control, {});
  auto bells = detail::Roster::of_runner(roster);
  if (!memory || !bells) return;
  detail::View view{.memory = *memory, .roster = *bells};
  detail::raise(view.control().limit, std::min(capacity, memory->geometry().max_capacity));
  detail::ring_all(view);  // not the line alone: one that was killed here had perhaps just emptied it
}

}  // namespace procgraph
