#include "supervise/situation.h"

namespace procgraph {

void Deadlines::set(Instant when, Kind kind, SpawnId spawn) {
  clear(kind, spawn);
  const Key key{kind, spawn.value};
  when_.emplace(key, when);
  order_.emplace(when, key);
}

void Deadlines::clear(Kind kind, SpawnId spawn) {
  const auto found = when_.find({kind, spawn.value});
  if (found == when_.end()) return;
  order_.erase({found->second, found->first});
  when_.erase(found);
}

std::optional<Instant> Deadlines::of(Kind kind, SpawnId spawn) const {
  const auto found = when_.find({kind, spawn.value});
  return found == when_.end() ? std::optional<Instant>() : found->second;
}

std::optional<Instant> Deadlines::next() const {
  if (order_.empty()) return {};
  return order_.begin()->first;
}

std::optional<Deadlines::Key> Deadlines::take(Instant now) {
  if (order_.empty() || order_.begin()->first > now) return {};
  const Key key = order_.begin()->second;
  order_.erase(order_.begin());
  when_.erase(key);
  return key;
}

Situation make_situation(const Cast& cast) {
  Situation situation;
  situation.spawns.resize(cast.owners.size());
  situation.ranks.resize(cast.ranks.size());
  for (const Role& role : cast.roles) {
    situation.roles.push_back(
        {.unstarted = role.count, .unended = role.count, .unjudged = role.count, .unready = role.count});
    (role.finally ? situation.last : situation.left) += role.count;
    if (!role.finally) situation.ranks[role.rank] += role.count;
    situation.counting += role.counts();
  }
  situation.waits = situation.counting > 0;
  for (const Edge& edge : cast.edges) {
    EdgeState& state = situation.edges.emplace_back();
    state.writers = static_cast<std::uint32_t>(edge.writers.size());
    state.readers = static_cast<std::uint32_t>(edge.readers.size());
    for (const ProcessId writer : edge.writers) state.services += cast.at(writer).service;
    state.lasting = state.services < state.writers;
    state.feeders = edge.feeders;
  }
  return situation;
}

}  // namespace procgraph
