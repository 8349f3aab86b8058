// Who is started again, and with whom: told once more, from what has really happened.
#include <algorithm>
#include <csignal>
#include <utility>

#include "simulation.h"

namespace procgraph {
namespace {

bool is_in(const std::vector<int>& codes, int code) {
  return std::ranges::find(codes, code) != codes.end();
}

int code_of(const Exit& exit) {
  return exit.signal != 0 ? 128 + exit.signal : exit.code;
}

}  // namespace

bool Simulation::has_succeeded(SpawnId id) const {
  const Truth& truth = truth_[id.value];
  const SpawnState& state = situation_.at(id);
  const bool trouble = state.timed_out || state.unready || truth.overdue || truth.unhealthy;
  return !trouble && truth.exit.signal == 0 && is_in(cast_.at(cast_.owner(id)).ok_codes, truth.exit.code);
}

// Nothing is left for it to do, or nobody is left to do it for.
bool Simulation::is_done_with(SpawnId id) const {
  const Truth& truth = truth_[id.value];
  const SpawnState& state = situation_.at(id);
  const Role& role = cast_.at(cast_.owner(id));
  if (has_succeeded(id)) return !role.reads.empty() && truth.ended;
  if (state.timed_out || state.unready || truth.overdue || truth.unhealthy || (truth.asked && role.service))
    return false;
  const auto has_no_reader = [&](ChannelId channel) { return readers_ended_[channel.value] > 0; };
  return code_of(truth.exit) == 128 + SIGPIPE && !role.writes.empty() &&
         (truth.unread || std::ranges::any_of(role.writes, has_no_reader));
}

// Whether it is started again with another process, told once more.
bool Simulation::must_go_with(SpawnId id) const {
  const Truth& truth = truth_[id.value];
  if (stopping_since_ || truth.abandoned || truth.dismissed) return false;
  if (truth.recalled) return truth.asked || !has_succeeded(id);
  const auto goes = [&](const Need& need) {
    const Role& role = cast_.at(need.process);
    bool returns = false;
    for (std::uint32_t i = role.first; i < role.first + role.count; ++i) {
      const Truth& other = truth_[i];
      returns = returns || rests(SpawnId{i}) || (other.alive() && other.recalled) ||
                (other.left() && situation_.spawns[i].returns);
    }
    return need.restart && returns;
  };
  return !has_succeeded(id) && !has_lost_another(id) &&
         std::ranges::any_of(cast_.at(cast_.owner(id)).needs, goes);
}

bool Simulation::has_lost_another(SpawnId id) const {
  return std::ranges::any_of(cast_.at(cast_.owner(id)).needs, [this](const Need& need) {
    const Role& role = cast_.at(need.process);
    std::uint32_t gone = 0;
    for (std::uint32_t i = role.first; i < role.first + role.count; ++i)
      gone += life::over(situation_.spawns[i].life);
    return need.restart && gone > role.spare;
  });
}

void Simulation::recall_those_with(ProcessId id) {
  for (std::uint32_t i = 0; i < truth_.size(); ++i) {
    const auto goes = [&](const Need& need) { return need.process == id && need.restart; };
    if (!std::ranges::any_of(cast_.at(cast_.owners[i]).needs, goes)) continue;
    if (has_lost_another(SpawnId{i})) continue;
    if (std::exchange(truth_[i].ordered, false)) recall_those_with(cast_.owners[i]);
    if (!truth_[i].alive() && !truth_[i].left()) continue;
    const bool news = !std::exchange(truth_[i].recalled, true) && truth_[i].alive() && !truth_[i].asked;
    if (news) recall_those_with(cast_.owners[i]);
  }
}

bool Simulation::is_there(const Need& need) const {
  const Role& role = cast_.at(need.process);
  std::uint32_t gone = 0;
  for (std::uint32_t i = role.first; i < role.first + role.count; ++i) {
    const Truth& truth = truth_[i];
    if (life::over(situation_.spawns[i].life)) {
      ++gone;
    } else if (!truth.alive() || truth.asked || (need.condition == Condition::kReady && !truth.ready)) {
      return false;
    }
  }
  return gone <= role.spare;
}

void Simulation::see(const action::Recalled&) {
  must(!stopping_since_, "recalled during the stop");
  ++recalls_;
}

// The policy, told once more.
bool Simulation::must_return(SpawnId id) const {
  const Truth& truth = truth_[id.value];
  const Role& role = cast_.at(cast_.owner(id));
  const RestartPolicy& policy = role.restart;
  if (policy.when == Restart::kNever || stopping_since_ || has_lost_another(id) || truth.dismissed)
    return false;
  if (is_in(policy.except, code_of(truth.exit))) return false;
  const auto in_time = [&](Instant when) { return now_ - when < policy.max->within; };
  if (policy.max && std::ranges::count_if(truth.restarts, in_time) >= policy.max->count) return false;
  if (situation_.at(id).timed_out || situation_.at(id).unready || truth.overdue || truth.unhealthy)
    return true;
  if (truth.exit.signal == 0 && is_in(role.ok_codes, truth.exit.code))
    return policy.when == Restart::kAlways && (role.reads.empty() || !truth.ended);
  const bool pipe = code_of(truth.exit) == 128 + SIGPIPE;
  const auto has_no_reader = [&](ChannelId channel) { return readers_ended_[channel.value] > 0; };
  return !pipe || role.writes.empty() || !(truth.unread || std::ranges::any_of(role.writes, has_no_reader));
}

void Simulation::see(const action::Restarting& action) {
  Truth& truth = truth_[action.end.spawn.value];
  const RestartPolicy& policy = cast_.at(cast_.owner(action.end.spawn)).restart;
  must(!stopping_since_, "a restart during the stop");
  must(truth.empty || truth.resting, "a restart, though something of it is left");
  must(!truth.abandoned && truth.released == 0, "a restart of one that was given up");
  if (truth.started && truth.exited_at - truth.started_at >= policy.reset_after) truth.row = 0;
  const Duration wait = std::min(policy.first * (1 << std::min(truth.row++, 20U)), policy.most);
  must(action.wait >= wait && action.wait <= wait + wait / 4, "a wait out of its bounds");
  ++restarts_;
  forget_life(action.end.spawn, now_ + action.wait);
  truth.restarts.push_back(now_);
  recall_those_with(cast_.owner(action.end.spawn));
}

void Simulation::forget_life(SpawnId id, Instant due) {
  Truth& truth = truth_[id.value];
  truth = {.looked = truth.looked,
           .was_ready = truth.was_ready,
           .stubborn = truth.stubborn,
           .leaves = truth.leaves,
           .hangs = truth.hangs,
           .life = truth.life + 1,
           .due = due,
           .resting = true,
           .row = truth.row,
           .restarts = std::move(truth.restarts)};
}

}  // namespace procgraph
