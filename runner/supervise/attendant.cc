#include "supervise/attendant.h"

#include <algorithm>
#include <utility>

namespace procgraph {

Attendant::Attendant(const Plan& plan, const Opened& opened, Hears hears)
    : plan_(plan), opened_(opened), hears_(std::move(hears)), watched_(plan.graph.channels.size()) {
  for (const Spawn& spawn : plan.spawns) {
    if (spawn.participant != 0) join(spawn.id, spawn.participant);
  }
}

void Attendant::join(SpawnId spawn, std::uint16_t participant) {
  if (by_participant_.size() <= participant) by_participant_.resize(participant + 1U);
  by_participant_[participant] = spawn;
}

void Attendant::leave(std::uint16_t participant) {
  by_participant_[participant] = {};
}

void Attendant::notice(ChannelId channel) {
  if (plan_.graph.at(channel).kind->attend != nullptr) noticed_.insert(channel.value);
}

void Attendant::notice_all() {
  for (const Channel& channel : plan_.graph.channels) notice(channel.id);
}

void Attendant::look() {
  if (noticed_.empty()) return;
  const Point now = std::chrono::steady_clock::now();
  for (const std::uint32_t channel : std::exchange(noticed_, {})) look_at(ChannelId{channel}, now);
}

void Attendant::notice_due() {
  const Point now = std::chrono::steady_clock::now();
  for (const auto& [when, channel] : due_) {
    if (when > now) break;
    noticed_.insert(channel);
  }
}

std::optional<Attendant::Point> Attendant::next() const {
  if (due_.empty()) return {};
  return due_.begin()->first;
}

void Attendant::look_at(ChannelId id, Point now) {
  const Channel& channel = plan_.graph.at(id);
  Watched& watched = watched_[id.value];
  Attention attention{
      .now = now,
      .amnesty = amnesty_,
      .dead_letters = {},
      .name_of =
          [&](std::uint16_t participant) {
            const SpawnId spawn = spawn_of(participant);
            return spawn.valid() ? plan_.at(spawn).label
                                 : std::string(channel.outside.reads ? "outside" : "?");
          },
      .parks = watched.parks,
      .kept = watched.kept,
  };
  if (channel.dead_letter.valid()) attention.dead_letters = opened_.live(channel.dead_letter);
  const Needs needs = channel.kind->attend(opened_.live(id), attention);
  if (watched.look) due_.erase({*watched.look, id.value});
  if (needs.look) due_.emplace(*needs.look, id.value);
  watched.look = needs.look;
  watched.parks = needs.parks;
  watched.kept = needs.kept;
  // Where dead letters have no place the first one is the graph's end, and stays where it is.
  if (channel.dead_letter.valid() || !watched.told) {
    for (const DeadFact& fact : needs.dead) hears_.dead(id, fact);
    watched.told = watched.told || !needs.dead.empty();
  }
  for (const std::uint16_t participant : needs.overdue) {
    const SpawnId spawn = spawn_of(participant);
    if (spawn.valid()) hears_.overdue(id, spawn);
  }
  if (needs.finished && !std::exchange(watched.finished, true)) hears_.finished(id);
}

// Invalid for a number that no process of ours has: whatever stands in shared memory may be wrong.
SpawnId Attendant::spawn_of(std::uint16_t participant) const {
  return participant < by_participant_.size() ? by_participant_[participant] : SpawnId{};
}

}  // namespace procgraph
