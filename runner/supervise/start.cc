// When a process may start, and when it never will; and what its end means for the channels that it held.
#include <algorithm>
#include <utility>

#include "supervise/turn.h"

namespace procgraph {

// Of all replicas, but for those that are gone and can be spared.
Turn::Hope Turn::hope(const Need& need) const {
  const RoleState& role = state_.roles[need.process.value];
  const std::uint32_t spare = cast_.at(need.process).spare;
  const bool judged = role.unjudged == 0;
  if (need.restart) return presence(need);
  switch (need.condition) {
    case Condition::kReady:
      if (role.never_ready > spare) return Hope::kLost;
      return role.unready == role.never_ready ? Hope::kHolds : Hope::kOpen;
    case Condition::kStarted:
      if (role.never_started > spare) return Hope::kLost;
      return role.unstarted == role.never_started ? Hope::kHolds : Hope::kOpen;
    case Condition::kFinished:
      if (role.skipped) return Hope::kLost;
      return role.unended == 0 ? Hope::kHolds : Hope::kOpen;
    case Condition::kSucceeded:
      if (role.skipped || role.failed) return Hope::kLost;
      return judged ? Hope::kHolds : Hope::kOpen;
    case Condition::kFailed:
      if (role.skipped) return Hope::kLost;
      if (!judged) return Hope::kOpen;
      return role.failed ? Hope::kHolds : Hope::kLost;
  }
  return Hope::kOpen;
}

bool Turn::waiting(ProcessId id) const {
  const Role& role = cast_.at(id);
  const auto first = state_.spawns.begin() + role.first;
  return std::any_of(first, first + role.count, [](const SpawnState& one) { return life::waits(one.life); });
}

void Turn::begin(ProcessId id) {
  const Role& role = cast_.at(id);
  for (SpawnId spawn{role.first}; spawn.value < role.first + role.count; ++spawn.value) {
    if (life::waits(at(spawn).life)) move(spawn, life::Input::kBegin);
  }
}

// What it needed then has come true; only what it goes with counts from there on.
bool Turn::has_begun(ProcessId id) const {
  const Role& role = cast_.at(id);
  const auto first = state_.spawns.begin() + role.first;
  return std::any_of(first, first + role.count, [](const SpawnState& one) {
    const bool skipped = one.life == life::State::kSkipped;  // one copy alone, by an order
    return one.lives.starts > 0 || (one.life != life::State::kWaiting && !skipped);
  });
}

void Turn::consider(std::uint32_t group) {
  const std::vector<ProcessId>& members = cast_.groups[group];
  if (members.empty() || !has_turn(members.front())) return;
  skip_lost(members);
  // Within a group they start together, so one that is after another's start need not wait for it.
  const auto met = [&](const Need& need) {
    return hope(need) == Hope::kHolds || (need.condition == Condition::kStarted &&
                                          cast_.at(need.process).group == group && waiting(need.process));
  };
  const auto may_start = [&](ProcessId id) {
    const bool again = has_begun(id);
    return !waiting(id) || std::ranges::all_of(cast_.at(id).needs, [&](const Need& need) {
      return (again && !need.restart) || met(need);
    });
  };
  if (!std::ranges::all_of(members, may_start)) return;
  for (const ProcessId id : members) begin(id);
}

void Turn::skip_lost(const std::vector<ProcessId>& group) {
  for (const ProcessId id : group) {
    if (!waiting(id)) continue;
    const bool again = has_begun(id);
    const auto& needs = cast_.at(id).needs;
    const auto lost = std::ranges::find_if(
        needs, [&](const Need& need) { return (!again || need.restart) && hope(need) == Hope::kLost; });
    if (lost != needs.end()) skip(id, lost->process);
  }
}

// Copies of it that are under way go on.
void Turn::skip(ProcessId id, ProcessId because) {
  const Role& role = cast_.at(id);
  const auto first = state_.spawns.begin() + role.first;
  const auto busy = [](const SpawnState& one) { return life::busy(one.life); };
  const bool all = std::none_of(first, first + role.count, busy);
  if (all && !std::exchange(at(id).skipped, true)) emit(action::Skipped{id, because});
  for (SpawnId spawn{role.first}; spawn.value < role.first + role.count; ++spawn.value) {
    if (life::waits(at(spawn).life)) move(spawn, life::Input::kStop);
  }
}

// Nobody runs and no time is awaited, so no condition can come true any more: a circle that nobody refused.
void Turn::skip_stuck() {
  for (std::uint32_t i = 0; i < cast_.roles.size(); ++i) {
    if (has_turn(ProcessId{i}) && waiting(ProcessId{i}))
      return skip(ProcessId{i}, {});  // which may set others free
  }
}

void Turn::give_up_ends(ProcessId id) {
  const Role& role = cast_.at(id);
  if (std::exchange(at(id).gone, true)) return;
  for (const ChannelId channel : role.writes) {
    EdgeState& edge = state_.edges[channel.value];
    --edge.writers;
    if (role.service) --edge.services;
    look_at(channel);
  }
  for (const ChannelId channel : role.reads) {
    --state_.edges[channel.value].readers;
    look_at(channel);
  }
}

// A service does not hold a channel open once its other writers are gone, unless services are its only
// writers.
void Turn::look_at(ChannelId id) {
  EdgeState& edge = state_.edges[id.value];
  const std::uint32_t holding = edge.lasting ? edge.writers - edge.services : edge.writers;
  const Edge& ends = cast_.at(id);
  // Where only dead letters go and nobody reads, they are kept for the end.
  const bool kept = ends.feeders > 0 && ends.writers.empty() && ends.readers.empty();
  const bool over = state_.left == 0;
  const bool stopping = over || state_.stop.mode != Mode::kNone;
  // Whoever comes from outside writes until the stop begins. It reads until readers of the graph would be
  // asked to end: what its processes still make has somebody to go to.
  const bool outside_writes = ends.outside_writes && !stopping;
  const bool outside_reads = ends.outside_reads && !over && !(stopping && state_.stop.drained);
  if (holding == 0 && edge.feeders == 0 && !outside_writes && !std::exchange(edge.writers_ended, true))
    emit(action::EndWriters{id});
  if (edge.readers == 0 && !kept && !outside_reads && !std::exchange(edge.readers_ended, true))
    emit(action::EndReaders{id});
}

}  // namespace procgraph
