#include "killstep_history.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "queue/blocks.h"
#include "queue/consumer.h"
#include "queue/producer.h"
#include "queue/settle.h"

namespace procgraph::testing {
namespace {

using detail::BlockIndex;
using detail::View;
using detail::Want;

View attach(std::span<std::byte> control, std::span<std::byte> payload, std::span<std::byte> roster,
            std::uint16_t participant) {
  return {.memory = *detail::QueueMemory::attach(control, payload),
          .roster = *detail::Roster::attach(roster),
          .self = participant};
}

void find(std::vector<Found>& found, View& view, BlockIndex block, bool came_back, bool parked = false) {
  detail::Descriptor& d = view.memory.descriptor(block);
  if (is_frame(d) && detail::is_done(d)) found.push_back({-1});  // it was to be acknowledged, not delivered
  for_each_message(view, block, [&](std::string_view text) {
    int id = -1;
    std::from_chars(text.data(), text.data() + std::min<std::size_t>(text.size(), 8), id);
    found.push_back({id, d.tries + 1, came_back, parked});
  });
}

std::string judge_one(int id, std::uint32_t steps, int times) {
  std::string name = "message " + std::to_string(id);
  bool may = (steps & History::kPutBegun) != 0;
  if ((steps & History::kAcked) != 0) return times == 0 ? "" : name + " was acknowledged and came again";
  if (times > 1) return name + " came " + std::to_string(times) + " times";
  if (!may && times > 0) return name + " was never put and came";
  return "";
}

// Every message that was put is found, acknowledged, or counted as gone; and so is every return.
std::string judge_counters(const History& history, const std::vector<Found>& found,
                           const std::array<int, kMessages>& times, const QueueSample& s, bool at_most_once) {
  std::uint64_t acknowledged = 0, lost = 0, unsure = 0, returns = 0;
  for (std::size_t id = 0; id < kMessages; ++id) {
    std::uint32_t steps = history.steps[id].load();
    if (times[id] != 0) continue;
    if ((steps & History::kAckBegun) != 0) {
      ++acknowledged;
      returns += history.deliveries[id].load() - 1;
    } else if ((steps & History::kPut) != 0) {
      ++lost;
    } else if ((steps & History::kPutBegun) != 0) {
      ++unsure;
    }
  }
  for (const Found& f : found) returns += f.deliveries - 1;
  std::uint64_t gone = s.dropped + s.expired;
  std::uint64_t taken =
      at_most_once ? s.acknowledged - acknowledged - found.size() : 0;  // with the dead reader
  // One that was refused was never put, though drop_newest lets its writer believe so.
  if (gone + taken + s.refused < lost) return "a message is lost and not counted";
  if (gone + taken + s.refused > lost + unsure) return "a message is counted as gone and was not put";
  if (s.put != found.size() + acknowledged + gone + taken) return "the counters do not sum up";
  // What came back and then expired or was dropped took its number with it.
  std::uint64_t counted = s.redelivered + s.dead;
  const bool more = gone != 0 || history.puts_back;
  if (more ? counted < returns : counted != returns) return "the count of returns is wrong";
  return "";
}

bool any_returned(View& view) {
  bool any = false;
  view.memory.for_each_block([&](BlockIndex block) {
    any |= detail::BlockWord{view.memory.descriptor(block).own.load()}.state() == detail::State::kRedeliver;
  });
  return any;
}

// Fills the queue to its capacity and empties it again, in order.
std::string use(View& view) {
  detail::Producer producer(view);
  detail::Consumer consumer(view);
  std::uint64_t capacity = view.memory.limit();
  for (std::uint64_t i = 0; i <= capacity; ++i) {
    BlockIndex block = 0;
    if (producer.claim(8, block) != Want::kNothing) return "no block for place " + std::to_string(i);
    view.memory.bytes(block)[0] = static_cast<std::byte>(i);
    Want want = producer.publish(block);
    if (want != Want::kNothing) release(view, block);
    if ((want == Want::kNothing) != (i < capacity)) return "capacity is not exact at " + std::to_string(i);
  }
  for (std::uint64_t i = 0; i < capacity; ++i) {
    const BlockIndex block = consumer.take();
    if (block == detail::kNoBlock || view.memory.bytes(block)[0] != static_cast<std::byte>(i))
      return "order is broken at " + std::to_string(i);
    release(view, block);
  }
  producer.forget();
  return consumer.take() != detail::kNoBlock ? "a message too many" : "";
}

// Each writer's messages come in its order: those that came back first, then the others.
std::string judge_order(const std::vector<Found>& found) {
  std::array<int, 2 * kMessages / kEach> last{};
  last.fill(-1);
  bool fresh = false;
  for (const Found& f : found) {
    if (f.parked) continue;
    if (fresh && f.came_back) return "a message that came back was passed by others";
    fresh = !f.came_back;
    int& before = last[static_cast<std::size_t>(f.id / kEach) * 2 + (fresh ? 1 : 0)];
    if (f.id < before) return "message " + std::to_string(f.id) + " came after " + std::to_string(before);
    before = f.id;
  }
  return "";
}

}  // namespace

std::string check_waiters(View& view, std::uint16_t dead) {
  detail::Control& c = view.control();
  for (unsigned i = 0; i < std::min(c.used_slots.load() + 1, detail::kWaitSlots); ++i) {
    if (c.slots[i].owner.load() == dead) return "a wait slot is still the dead one's";
    for (const detail::WaitLine& line : c.lines) {
      if (c.slots[i].owner.load() == 0 && (line.mask[i / 64].load() >> (i % 64) & 1) != 0)
        return "a wait bit is left";
    }
  }
  auto bell = view.roster.acquire(dead);
  if (!bell || *bell != dead * detail::kBellsEach) return "a doorbell is still the dead one's";
  view.roster.release(*bell);
  return "";
}

std::string judge(const History& history, const std::vector<Found>& found, const QueueSample& sample,
                  bool at_most_once) {
  std::array<int, kMessages> times{};
  for (const Found& f : found) {
    if (f.id < 0 || f.id >= kMessages) return "a message that is none: " + std::to_string(f.id);
    ++times[static_cast<std::size_t>(f.id)];
  }
  for (int id = 0; id < kMessages; ++id) {
    auto i = static_cast<std::size_t>(id);
    if (auto wrong = judge_one(id, history.steps[i].load(), times[i]); !wrong.empty()) return wrong;
  }
  if (history.in_frames) {
    for (std::size_t id = 0; id < kMessages; ++id) {
      const bool put = (history.steps[id].load() & History::kPut) != 0;
      const bool used = (history.steps[id].load() & History::kAckBegun) != 0;
      if (put && !used && times[id] == 0 && !at_most_once)  // else it died with its reader
        return "message " + std::to_string(id) + " is lost";
    }
    return judge_order(found);
  }
  if (auto wrong = judge_counters(history, found, times, sample, at_most_once); !wrong.empty()) return wrong;
  return judge_order(found);
}

std::vector<Found> drain(std::span<std::byte> control, std::span<std::byte> payload,
                         std::span<std::byte> roster, std::uint16_t participant) {
  View view = attach(control, payload, roster, participant);
  std::vector<Found> found;
  view.memory.for_each_block([&](BlockIndex block) {
    detail::Descriptor& d = view.memory.descriptor(block);
    detail::State state = detail::BlockWord{d.own.load()}.state();
    if (state == detail::State::kRedeliver) d.note.store(detail::kRest);
    if (state != detail::State::kParked) return;
    find(found, view, block, true, true);
    release(view, block);
  });
  detail::Consumer consumer(view);
  while (found.size() <= 1000) {
    const bool come_back = any_returned(view);  // they are taken first
    const BlockIndex block = consumer.take();
    if (block == detail::kNoBlock) break;
    find(found, view, block, come_back);
    release(view, block);
  }
  return found;
}

std::string inspect(std::span<std::byte> control, std::span<std::byte> payload, std::span<std::byte> roster,
                    std::uint16_t participant, std::uint16_t dead) {
  View view = attach(control, payload, roster, participant);
  if (procgraph::poisoned(control)) return "it is poisoned";
  auto s = procgraph::sample(control);
  if (s.waiting != 0 || s.leased != 0 || s.bytes != 0) return "something is left in it";
  std::string wrong;
  view.memory.for_each_block([&](BlockIndex block) {
    if (view.memory.descriptor(block).own.load() != 0)
      wrong = "block " + std::to_string(block) + " is not free";
  });
  if (!wrong.empty()) return wrong;
  if (wrong = check_waiters(view, dead); !wrong.empty()) return wrong;
  if (wrong = use(view); !wrong.empty()) return wrong;
  if (!fits(view.memory, view.memory.byte_limit())) return "bytes of its memory are missing";
  if (view.control().released.load() > view.control().reserved.load())
    return "it has more memory than it has";
  return "";
}

}  // namespace procgraph::testing
