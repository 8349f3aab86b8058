// What somebody outside orders: the end of the run, or of some of its processes, or another life of them.
#include <algorithm>

#include "supervise/step.h"
#include "supervise/turn.h"

namespace procgraph {

std::string_view order_refused(const Cast& cast, const Situation& situation, SpawnId id, Order order) {
  const SpawnState& spawn = situation.at(id);
  const bool rests = spawn.life == life::State::kResting || spawn.life == life::State::kHeld;
  if (life::over(spawn.life)) return "has ended already";
  if (order == Order::kEnd) return "";
  if (order == Order::kSignal) {
    const bool runs = spawn.life == life::State::kRunning || spawn.life == life::State::kStopping;
    return runs ? "" : rests ? "does not run now: it waits to be started again" : "does not run now";
  }
  if (situation.stop.mode != Mode::kNone) return "cannot be started again: the graph stops";
  if (spawn.dismissed) return "cannot be started again: it has been stopped";
  if (!cast.at(cast.owner(id)).returns())
    return "cannot be started again: the file gives it no 'restart', so its channels do not wait for it";
  if (spawn.lives.starts == 0 && !rests) return "has not started yet";
  return "";
}

void Turn::take(const event::StopOrder& event) {
  if (event.force) {
    state_.stop.ordered = true;
    stop(Mode::kKill, Reason::kForced);
    return skip_finale();
  }
  if (state_.stop.mode != Mode::kNone) return;
  state_.stop.ordered = true;
  stop(Mode::kInOrder, Reason::kOrdered);
}

void Turn::announce_once(std::vector<ProcessId>& told, SpawnId id, Action what) {
  const ProcessId owner = cast_.owner(id);
  if (std::ranges::find(told, owner) != told.end()) return;
  told.push_back(owner);
  emit(std::move(what));
}

void Turn::take(const event::EndOrder& event) {
  std::vector<ProcessId> told;
  for (const SpawnId id : event.spawns) {
    if (!order_refused(cast_, state_, id, Order::kEnd).empty()) continue;
    announce_once(told, id, action::Dismissed{cast_.owner(id)});
    at(id).dismissed = true;
  }
  for (const SpawnId id : event.spawns) end(id);
}

// One that has not started is skipped, and so is the whole process if that was the last of its copies.
void Turn::end(SpawnId id) {
  if (!at(id).dismissed || life::over(at(id).life)) return;
  move(id, life::Input::kStop);
  const ProcessId owner = cast_.owner(id);
  const Role& role = cast_.at(owner);
  const auto first = state_.spawns.begin() + role.first;
  const bool all = std::all_of(first, first + role.count,
                               [](const SpawnState& one) { return one.life == life::State::kSkipped; });
  if (all && !std::exchange(at(owner).skipped, true)) emit(action::Skipped{owner, {}});
}

void Turn::take(const event::RestartOrder& event) {
  std::vector<ProcessId> told;
  for (const SpawnId id : event.spawns) {
    if (!order_refused(cast_, state_, id, Order::kRestart).empty()) continue;
    if (at(id).life == life::State::kRunning) announce_once(told, id, action::Recalled{cast_.owner(id), {}});
    start_again(id);
  }
}

// One that is on its way to another life needs no order; one that waits for it need not wait any longer.
void Turn::start_again(SpawnId id) {
  SpawnState& spawn = at(id);
  if (spawn.life == life::State::kResting && !spawn.ordered) {
    state_.deadlines.clear(Deadlines::Kind::kRetry, id);
    return move(id, lacks_another(id) ? life::Input::kHold : life::Input::kDue);
  }
  if (spawn.life != life::State::kRunning) return;
  spawn.recalled = spawn.reordered = true;
  move(id, life::Input::kStop);
}

}  // namespace procgraph
