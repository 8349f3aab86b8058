#include "procgraph/admin.h"

#include "queue/audit.h"
#include "queue/blocks.h"
#include "queue/poison.h"
#include "queue/recovery.h"
#include "queue/waiting.h"
#include "roster.h"
#include "topic/audit.h"
#include "topic/recovery.h"

namespace procgraph {
namespace {

using detail::BlockIndex;
using detail::BlockWord;
using detail::State;
using detail::View;

// Calls act(view) if both regions are what they should be, with the view of a queue or of a topic; one that a
// node has overwritten is left alone, as nobody can attach to it.
template <class Act>
void with(std::span<std::byte> control, std::span<std::byte> roster, Act act) {
  auto bells = detail::Roster::of_runner(roster);
  if (!bells) return;
  if (detail::is_topic(control)) {
    auto view = detail::TopicView::attach(control, {});
    if (!view) return;
    view->roster = *bells;
    act(*view);
  } else if (auto memory = detail::QueueMemory::attach(control, {})) {
    View view{.memory = *memory, .roster = *bells};
    act(view);
  }
}

bool is_participant(std::uint16_t number) {
  return number >= 1 && number <= kMaxParticipants;
}

bool is_whole(std::span<std::byte> control) {
  return detail::is_topic(control) ? static_cast<bool>(detail::TopicView::attach(control, {}))
                                   : static_cast<bool>(detail::QueueMemory::attach(control, {}));
}

void count_blocks(detail::QueueMemory& memory, QueueSample& s) {
  memory.for_each_block([&](BlockIndex block) {
    detail::Descriptor& d = memory.descriptor(block);
    BlockWord own{d.own.load()};
    bool published = own.state() == State::kPushing && memory.is_published(block, own);
    if (published || own.state() == State::kRedeliver) ++s.waiting;
    if (own.is_lease() || own.is_settling()) ++s.leased;
    if (own.state() == State::kParked) ++s.parked;
    if (own.raw != 0) s.bytes += std::min(d.size.load(), memory.capacity_of(block));
  });
}

void count_tallies(detail::QueueMemory& memory, QueueSample& s) {
  std::uint64_t blocked = 0;
  memory.for_each_tally([&](detail::Tally& tally) {
    s.dropped += tally.dropped.load();
    s.expired += tally.expired.load();
    s.dead += tally.dead.load();
    s.redelivered += tally.returned.load();
    s.refused += tally.refused.load();
    blocked += tally.blocked.load();
  });
  s.blocked = std::chrono::nanoseconds(static_cast<std::int64_t>(blocked));
}

}  // namespace

Result<QueueSizes> queue_sizes(const QueueShape& shape) {
  auto geometry = detail::make_geometry(shape);
  if (!geometry) return geometry.error();
  return QueueSizes{.control = geometry->control_size, .payload = geometry->payload_size};
}

Result<void> init_queue(std::span<std::byte> control, const QueueShape& shape) {
  auto geometry = detail::make_geometry(shape);
  if (!geometry) return geometry.error();
  if (control.size() < geometry->control_size) return Error{"queue: the control region is too small", 0};
  auto& c = *reinterpret_cast<detail::Control*>(control.data());
  c.header = detail::header_of(shape);
  c.limit.store(shape.capacity);
  c.memory.store(shape.memory);
  c.tail.store(geometry->first_ticket());
  c.head.store(geometry->first_ticket());
  return {};
}

Recovery reap(std::span<std::byte> control, std::span<std::byte> roster, std::uint16_t participant) {
  Recovery done;
  if (!is_participant(participant)) return done;
  with(control, roster, [&](auto& view) {
    // Whoever dies may have left nonsense behind; the others are not to find it one by one.
    if (const detail::Poison found = detail::audit(view); found != detail::Poison::kNone)
      detail::poison(view, found);
    done = detail::reap(view, participant);
  });
  return done;
}

void sidestep(std::span<std::byte> control, std::span<std::byte> roster, std::uint16_t participant) {
  if (!is_participant(participant)) return;
  with(control, roster, [&](View& view) {
    // In a topic it may have been about to say that bytes are free.
    if (detail::is_topic(control)) view.control().doubt.fetch_add(1);
    detail::take_out_of_lines(view, participant);
    detail::ring_all(view);
  });
}

void writer_gone(std::span<std::byte> control, std::span<std::byte> roster, std::uint16_t participant) {
  if (!is_participant(participant)) return;
  with(control, roster, [&](View& view) { detail::give_up_writing(view, participant); });
}

void end_of_writers(std::span<std::byte> control, std::span<std::byte> roster) {
  with(control, roster, [](View& view) { detail::announce(view, detail::kDraining); });
}

bool is_draining(std::span<std::byte> control) {
  if (!is_whole(control)) return false;
  auto& c = *reinterpret_cast<detail::Control*>(control.data());
  return (c.state.load() & detail::kDraining) != 0;
}

void end_of_readers(std::span<std::byte> control, std::span<std::byte> roster) {
  with(control, roster, [](View& view) { detail::announce(view, detail::kNoReader); });
}

QueueSample sample(std::span<std::byte> control) {
  auto memory = detail::QueueMemory::attach(control, {});
  if (!memory) return {};
  QueueSample s;
  s.put = memory->end() - memory->geometry().first_ticket();
  count_blocks(*memory, s);
  count_tallies(*memory, s);
  s.deepest = memory->control().deepest.load();
  // What is left of `put` has come to its good end.
  std::uint64_t rest = s.waiting + s.leased + s.dropped + s.expired + s.dead;
  s.acknowledged = s.put - std::min(s.put, rest);
  s.got = s.acknowledged + s.leased + s.redelivered + s.dead;
  return s;
}

std::optional<QueuePoison> poisoned(std::span<std::byte> control) {
  if (!is_whole(control)) return QueuePoison{.finder = 0, .reason = "its header was overwritten"};
  auto& c = *reinterpret_cast<detail::Control*>(control.data());
  // The finder may have been killed between its two stores.
  if ((c.state.load() & detail::kPoisoned) == 0 && c.poison.load() == 0) return std::nullopt;
  auto finder = static_cast<std::uint16_t>(c.poison.load() >> 16);
  return QueuePoison{.finder = finder, .reason = detail::to_text(detail::poison_of(c))};
}

std::uint64_t roster_size() {
  return sizeof(detail::RosterRegion);
}

Result<void> init_roster(std::span<std::byte> roster, std::chrono::nanoseconds wake_cost) {
  if (roster.size() < sizeof(detail::RosterRegion)) return Error{"roster: the region is too small", 0};
  auto& r = *reinterpret_cast<detail::RosterRegion*>(roster.data());
  r.magic = detail::kRosterMagic;
  r.version = detail::kAbiVersion;
  r.wake_cost = static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(wake_cost.count(), 0, std::numeric_limits<std::uint32_t>::max()));
  return {};
}

std::uint32_t rings(std::span<std::byte> roster) {
  auto r = detail::Roster::of_runner(roster);
  return r ? r->word(detail::kRunnerBell).load() : 0;
}

void wait_for_rings(std::span<std::byte> roster, std::uint32_t seen) {
  if (auto r = detail::Roster::of_runner(roster))
    (void)detail::futex_wait(r->word(detail::kRunnerBell), seen, std::nullopt);
}

void ring(std::span<std::byte> roster) {
  if (auto r = detail::Roster::of_runner(roster)) r->ring(detail::kRunnerBell);
}

void register_participant(std::span<std::byte> roster, std::uint16_t participant, std::int32_t pid,
                          std::uint64_t start) {
  auto r = detail::Roster::of_runner(roster);
  if (!r || !is_participant(participant)) return;
  r->participant(participant).start.store(start);
  r->participant(participant).pid.store(pid);
}

std::uint64_t opened_ports(std::span<std::byte> roster, std::uint16_t participant) {
  auto r = detail::Roster::of_runner(roster);
  return r && is_participant(participant) ? r->opened(participant).load() : 0;
}

void share_opened_ports(std::span<std::byte> roster, std::uint16_t from, std::uint16_t to) {
  auto r = detail::Roster::of_runner(roster);
  if (r && is_participant(from) && is_participant(to)) r->opened(to).fetch_or(r->opened(from).load());
}

void forget_participant(std::span<std::byte> roster, std::uint16_t participant) {
  auto r = detail::Roster::of_runner(roster);
  if (!r || !is_participant(participant)) return;
  r->participant(participant).pid.store(0);
  r->opened(participant).store(0);
  r->release_all(participant);
}

}  // namespace procgraph
