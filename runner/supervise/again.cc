// Whether a process that has ended is started again, and its rest until then.
#include <algorithm>
#include <csignal>
#include <utility>

#include "supervise/turn.h"

namespace procgraph {
namespace {

// As a shell tells it: what `except` names.
int exit_code(const SpawnState& spawn) {
  if (spawn.refusal != 0) return spawn.refusal;
  return spawn.exit.signal != 0 ? 128 + spawn.exit.signal : spawn.exit.code;
}

}  // namespace

// By its policy alone. What could not even be started the first time is a mistake, and no mishap.
bool Turn::calls_for_restart(SpawnId id) const {
  const SpawnState& spawn = state_.at(id);
  const RestartPolicy& policy = cast_.at(cast_.owner(id)).restart;
  if (spawn.lives.starts == 0 || spawn.hangs || spawn.severed.valid() || spawn.dismissed) return false;
  const bool failed = verdict_of(id) != Verdict::kSucceeded;
  return procgraph::calls_for_restart(policy, failed, exit_code(spawn));
}

bool Turn::is_restarted(SpawnId id) const {
  return state_.stop.mode == Mode::kNone && calls_for_restart(id) && !has_lost_another(cast_.owner(id)) &&
         !is_spent(cast_.at(cast_.owner(id)).restart, state_.at(id).lives, now_);
}

// Whom its readers have cut off would be cut off again, whoever has worked all of its data off has nothing
// left to do, and at a poisoned channel nobody can do anything.
bool Turn::may_go_on(const event::Empty& event) const {
  const Role& role = cast_.at(cast_.owner(event.spawn));
  const auto is_poisoned = [&](ChannelId id) { return state_.edges[id.value].poisoned; };
  if (std::ranges::any_of(role.reads, is_poisoned) || std::ranges::any_of(role.writes, is_poisoned))
    return false;
  const auto has_no_reader = [&](ChannelId id) { return state_.edges[id.value].readers_ended; };
  switch (verdict_of(event.spawn)) {
    case Verdict::kLate:
      return !event.unread && std::ranges::none_of(role.writes, has_no_reader);
    case Verdict::kSucceeded:
      return role.reads.empty() || !event.ended;
    default:
      return true;
  }
}

void Turn::rest(SpawnId id) {
  SpawnState& spawn = at(id);
  const RestartPolicy& policy = cast_.at(cast_.owner(id)).restart;
  action::Restarting restarting{.end = failure_of(id), .failed = verdict_of(id) != Verdict::kSucceeded};
  restarting.wait = order_restart(policy, spawn.lives, spawn.ran, now_, roll());
  restarting.recent = recent(policy, spawn.lives, now_);
  restarting.restarts = spawn.lives.restarts;
  emit(restarting);
  forget_life(id);
  state_.deadlines.set(now_ + restarting.wait, Deadlines::Kind::kRetry, id);
  recall_those_with(cast_.owner(id));
}

void Turn::forget_life(SpawnId id) {
  SpawnState& spawn = at(id);
  state_.deadlines.clear(Deadlines::Kind::kGrace, id);
  state_.deadlines.clear(Deadlines::Kind::kDeath, id);
  spawn = {.life = spawn.life,
           .lives = std::move(spawn.lives),
           .looked = spawn.looked,
           .was_ready = spawn.was_ready};
}

// SplitMix64 (Steele, Lea and Flood 2014).
std::uint64_t Turn::roll() {
  std::uint64_t z = state_.dice += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

}  // namespace procgraph
