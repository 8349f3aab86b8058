// What starts again whenever another process does: it ends with the other one's life, and is held until that
// is there again. Its own policy and counts have no part in this.
#include <algorithm>

#include "supervise/turn.h"

namespace procgraph {

// What has ended for good is not there, whatever it was before: all copies must be, but for those that can be
// spared.
Turn::Hope Turn::presence(const Need& need) const {
  const Role& role = cast_.at(need.process);
  std::uint32_t gone = 0;
  bool there = true;
  for (std::uint32_t i = role.first; i < role.first + role.count; ++i) {
    const SpawnState& spawn = state_.spawns[i];
    const bool runs = spawn.life == life::State::kRunning;
    const bool over = life::over(spawn.life);
    gone += over;
    there = there && (over || (runs && (need.condition == Condition::kStarted || spawn.ready)));
  }
  if (gone > role.spare) return Hope::kLost;
  return there ? Hope::kHolds : Hope::kOpen;
}

bool Turn::lacks_another(SpawnId id) const {
  return std::ranges::any_of(cast_.at(cast_.owner(id)).needs, [this](const Need& need) {
    return need.restart && presence(need) != Hope::kHolds;
  });
}

// It runs on, if it does, but will not be started with the other one again.
bool Turn::has_lost_another(ProcessId id) const {
  return std::ranges::any_of(
      cast_.at(id).needs, [this](const Need& need) { return need.restart && presence(need) == Hope::kLost; });
}

// Its life is over, or is about to be, and another one is to follow.
bool Turn::is_to_return(SpawnId id) const {
  const SpawnState& spawn = state_.at(id);
  switch (spawn.life) {
    case life::State::kResting:
    case life::State::kHeld:
      return true;
    case life::State::kStopping:
    case life::State::kKilled:
      return spawn.recalled;
    case life::State::kLeft:
    case life::State::kSwept:
      return spawn.returns;
    default:
      return false;
  }
}

// A failure of one whose other half is gone may have come before we could tell it to end: it is no other
// thing. A success that nobody asked for is one.
bool Turn::goes_with_another(SpawnId id) const {
  const SpawnState& spawn = state_.at(id);
  if (state_.stop.mode != Mode::kNone || spawn.lives.starts == 0 || spawn.hangs || spawn.severed.valid() ||
      spawn.dismissed)
    return false;
  const bool fine = verdict_of(id) == Verdict::kSucceeded;
  if (spawn.recalled) return spawn.asked || !fine;
  if (fine || has_lost_another(cast_.owner(id))) return false;
  return std::ranges::any_of(cast_.at(cast_.owner(id)).needs, [this](const Need& need) {
    const Role& role = cast_.at(need.process);
    bool returns = false;
    for (std::uint32_t i = role.first; i < role.first + role.count; ++i)
      returns = returns || is_to_return(SpawnId{i});
    return need.restart && returns;
  });
}

void Turn::recall_those_with(ProcessId id) {
  for (const ProcessId dependent : cast_.at(id).dependents) {
    const auto goes_with = [&](const Need& need) { return need.process == id && need.restart; };
    if (std::ranges::any_of(cast_.at(dependent).needs, goes_with) && !has_lost_another(dependent))
      recall(dependent, id);
  }
}

// Whoever goes with this one in turn need not wait for its end. Nobody is told twice, so a circle ends.
void Turn::recall(ProcessId id, ProcessId because) {
  const Role& role = cast_.at(id);
  bool runs = false, moved = false;
  for (SpawnId spawn{role.first}; spawn.value < role.first + role.count; ++spawn.value) {
    const life::State life = at(spawn).life;
    if (life == life::State::kQueued || (life == life::State::kResting && at(spawn).ordered)) {
      move(spawn, life::Input::kHold);
      moved = true;
    } else if (!life::waits(life) && life != life::State::kResting && life != life::State::kDelayed) {
      at(spawn).recalled = true;
      runs = runs || life == life::State::kRunning;
    }
  }
  if (runs) emit(action::Recalled{id, because});
  for (SpawnId spawn{role.first}; spawn.value < role.first + role.count; ++spawn.value) {
    if (at(spawn).life == life::State::kRunning) move(spawn, life::Input::kStop);
  }
  if (runs || moved) recall_those_with(id);
}

void Turn::hold(SpawnId id) {
  const ProcessId owner = cast_.owner(id);
  const bool reordered = at(id).reordered;
  forget_life(id);
  if (reordered) ++at(id).lives.restarts;
  recall_those_with(owner);
  look_for_others(owner);
  if (reordered) consider(cast_.at(owner).group);
}

// They may be there again already, or gone for good.
void Turn::look_for_others(ProcessId id) {
  for (const Need& need : cast_.at(id).needs) {
    if (need.restart) changed(need.process);
  }
}

}  // namespace procgraph
