// Who sleeps on a queue, and for what: what the runner may ask of a graph that seems to stand still. It only
// looks; what it finds is as old as the look.
#include <algorithm>
#include <bit>

#include "procgraph/admin.h"
#include "queue/blocks.h"
#include "queue/waiting.h"
#include "roster.h"
#include "topic/memory.h"

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

bool stands(Control& control, std::uint32_t slot) {
  return std::ranges::any_of(control.lines, [slot](detail::WaitLine& line) {
    return (line.mask[slot / 64].load() >> (slot % 64) & 1) != 0;
  });
}

// Calls look(view) of a queue or a topic that is what it should be; without a roster nobody can be woken.
template <class Look>
void look_at(std::span<std::byte> control, std::span<std::byte> roster, Look look) {
  detail::View view;
  if (detail::is_topic(control)) {
    const auto topic = detail::TopicView::attach(control, {});
    if (!topic) return;
    view = static_cast<const detail::View&>(*topic);
  } else {
    const auto memory = detail::QueueMemory::attach(control, {});
    if (!memory) return;
    view.memory = *memory;
  }
  if (!roster.empty()) {
    const auto bells = detail::Roster::of_runner(roster);
    if (!bells) return;
    view.roster = *bells;
  }
  look(view);
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

std::vector<std::uint32_t> stirring_doorbells(std::span<std::byte> control) {
  std::vector<std::uint32_t> found;
  if (poisoned(control)) return found;
  auto& c = *reinterpret_cast<Control*>(control.data());
  const std::uint32_t used = std::min(c.used_slots.load(), detail::kWaitSlots);
  for (std::uint32_t i = 0; i < used; ++i) {
    if (c.slots[i].owner.load() != 0 && !stands(c, i)) found.push_back(c.slots[i].doorbell.load());
  }
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
  QueueBounds found;
  look_at(control, {}, [&](detail::View& view) {
    found = {.capacity = view.memory.limit(), .most = view.memory.geometry().max_capacity};
  });
  return found;
}

QueueBounds memory_bounds(std::span<std::byte> control) {
  QueueBounds found;
  look_at(control, {}, [&](detail::View& view) {
    found = {.capacity = view.memory.byte_limit(), .most = view.memory.geometry().max_memory};
  });
  return found;
}

void raise_capacity(std::span<std::byte> control, std::span<std::byte> roster, std::uint64_t capacity) {
  look_at(control, roster, [&](detail::View& view) {
    detail::raise(view.control().limit, std::min(capacity, view.memory.geometry().max_capacity));
    detail::ring_all(view);  // not the line alone: one that was killed here had perhaps just emptied it
  });
}

void raise_memory(std::span<std::byte> control, std::span<std::byte> roster, std::uint64_t bytes) {
  look_at(control, roster, [&](detail::View& view) {
    detail::raise(view.control().memory, std::min(bytes, view.memory.geometry().max_memory));
    detail::ring_all(view);
  });
}

}  // namespace procgraph
