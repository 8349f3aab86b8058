// The loop's eye: who waits for whom, on request and where the graph's shape can hang.
#include <algorithm>

#include "supervise/loop.h"
#include "supervise/waits_text.h"

namespace procgraph {

// One that is over its first process, or is to start at any time, may move; only one that has never started
// and waits in `after` for ends waits for those who are to end.
SpawnLife Loop::life_of(SpawnId id) const {
  const SpawnState& state = situation_.at(id);
  const Live& live = live_[id.value];
  if (live.child.pid > 0) return {.first = live.child.pid};
  if (life::over(state.life)) return {};
  SpawnLife life{.to_come = true};
  if (state.life != life::State::kWaiting) return life;
  for (const Need& need : cast_.at(cast_.owner(id)).needs) {
    if (need.condition < Condition::kFinished) continue;
    const Role& other = cast_.at(need.process);
    for (std::uint32_t i = other.first; i < other.first + other.count; ++i)
      if (!life::over(situation_.at(SpawnId{i}).life)) life.after.push_back(SpawnId{i});
  }
  return life;
}

Sight Loop::look() {
  std::vector<SpawnLife> lives;
  for (const Spawn& spawn : plan_.spawns) lives.push_back(life_of(spawn.id));
  std::vector<pid_t> strays;
  for (const Orphan& orphan : leftovers_.orphans()) strays.push_back(orphan.pid);
  return observer_.look(lives, strays);
}

// How full what they wait for is makes a drawing worth more.
Sight Loop::look_and_measure() {
  Sight sight = look();
  for (BufferIndex buffer = 0; buffer < sight.waits.buffers.size(); ++buffer)
    observer_.measure(sight, buffer);
  return sight;
}

std::string Loop::draw_waits() {
  return draw(look_and_measure().waits);
}

void Loop::watch_for_deadlocks() {
  deadlocks_.emplace(io_, plan_.graph.deadlock, observer_,
                     DeadlockWatch::Hears{.look = [this] { return look(); },
                                          .found = [this](const Deadlock& deadlock) { take(deadlock); }});
}

void Loop::take(const Deadlock& deadlock) {
  narrator_.deadlock(deadlock);
  if (deadlock.fails) tell(event::Deadlocked{});
  outflow_.soon();
}

}  // namespace procgraph
