// What the end of a process counts for: success, failure, cut off by its readers, stopped by us.
#include <algorithm>
#include <csignal>

#include "supervise/turn.h"

namespace procgraph {
namespace {

// A shell that runs the program tells its death by a signal as an exit code.
bool died_of(const Exit& exit, int signal) {
  return exit.signal == signal || exit.code == 128 + signal;
}

void add_once(std::vector<ProcessId>& list, ProcessId id) {
  if (std::ranges::find(list, id) == list.end()) list.push_back(id);
}

int run_code(const Exit& exit) {
  if (exit.signal != 0) return 128 + exit.signal;
  return exit.code != 0 ? exit.code : 1;  // 0 where it is not among ok_codes
}

}  // namespace

void Turn::judge(SpawnId id) {
  const Verdict verdict = verdict_of(id);
  if (verdict != Verdict::kLate) return conclude(id, verdict);
  at(id).verdict = verdict;
  state_.late.push_back(id);
}

Verdict Turn::verdict_of(SpawnId id) const {
  const SpawnState& spawn = state_.at(id);
  const Role& role = cast_.at(cast_.owner(id));
  if (spawn.severed.valid()) return Verdict::kFailed;
  if (spawn.life == life::State::kSkipped) return Verdict::kSkipped;
  if (spawn.renounced) return Verdict::kStopped;
  if (spawn.refusal != 0 || spawn.timed_out || spawn.hangs || spawn.overdue || spawn.unready ||
      spawn.unhealthy)
    return Verdict::kFailed;
  if (spawn.exit.signal == 0 && std::ranges::count(role.ok_codes, spawn.exit.code) > 0)
    return Verdict::kSucceeded;
  if (spawn.asked && (role.service || spawn.dismissed || died_of(spawn.exit, role.stop_signal)))
    return Verdict::kStopped;
  if (spawn.killed && spawn.exit.signal == SIGKILL) return Verdict::kStopped;
  if (died_of(spawn.exit, SIGPIPE) && !role.writes.empty()) return Verdict::kLate;
  return Verdict::kFailed;
}

void Turn::conclude(SpawnId id, Verdict verdict) {
  const ProcessId owner = cast_.owner(id);
  at(id).verdict = verdict;
  --at(owner).unjudged;
  changed(owner);
  if (verdict == Verdict::kFailed) fail(id);
}

// One that was late: it may have been drawn into another's end since somebody looked.
void Turn::conclude_late(SpawnId id, Verdict verdict) {
  if (std::erase(state_.late, id) > 0) conclude(id, verdict);
}

void Turn::fail(SpawnId id) {
  const ProcessId owner = cast_.owner(id);
  const Role& role = cast_.at(owner);
  RoleState& state = at(owner);
  Failure failure = failure_of(id);
  const bool hangs = at(failure.spawn).hangs;
  // What one that hangs holds of its channels cannot be taken back, so nobody may wait for that.
  const bool spared = ++state.lost <= role.spare && !hangs;
  state.failed = state.failed || !spared;
  if (role.part_of.valid()) return sever(id);
  if (role.spare > 0) failure.left = role.count - state.lost;
  const Lives& lives = at(id).lives;
  const RestartPolicy& policy = cast_.at(owner).restart;
  if (calls_for_restart(id) && is_spent(policy, lives, now_)) {
    failure.restarts = recent(policy, lives, now_);
    failure.in = now_ - lives.recent.front();
  }
  if (spared) return emit(action::Failed{failure, Effect::kSpared});
  record(failure, hangs ? OnFailure::kStop : role.on_failure);
}

// With its relay a process loses what it would read, or what it has written. One that has failed already is
// why its relay did.
void Turn::sever(SpawnId relay) {
  const SpawnId id = cast_.whole(relay);
  SpawnState& spawn = at(id);
  if (at(cast_.owner(id)).failed || spawn.verdict == Verdict::kFailed || spawn.severed.valid()) return;
  spawn.severed = relay;
  if (!life::over(spawn.life)) return move(id, life::Input::kStop);
  if (spawn.verdict == Verdict::kLate) return conclude_late(id, Verdict::kFailed);
  spawn.verdict = Verdict::kFailed;
  changed(cast_.owner(id));
  fail(id);
}

Failure Turn::failure_of(SpawnId id) const {
  const SpawnState& spawn = state_.at(id);
  if (spawn.severed.valid()) return failure_of(spawn.severed);
  Failure failure{.order = spawn.order, .spawn = id, .why = Why::kExit, .code = run_code(spawn.exit)};
  if (spawn.refusal != 0) {
    failure.why = Why::kRefused;
    failure.code = spawn.refusal;
  } else if (spawn.timed_out) {
    failure.why = Why::kTimeout;
    failure.code = 124;
  } else if (spawn.hangs) {
    failure.why = Why::kHangs;
    failure.code = 71;
  } else if (spawn.overdue || spawn.unready || spawn.unhealthy) {
    failure.why = spawn.overdue ? Why::kLease : spawn.unready ? Why::kReady : Why::kHealth;
    failure.code = 1;
  }
  return failure;
}

void Turn::record(const Failure& failure, OnFailure on_failure) {
  const bool ignored = on_failure == OnFailure::kIgnore;
  if (!ignored && (!state_.first || failure.order < state_.first->order)) state_.first = failure;
  if (!ignored && failure.spawn.valid()) add_once(state_.failed, cast_.owner(cast_.whole(failure.spawn)));
  const bool stopping = state_.stop.mode != Mode::kNone;
  const bool hangs = failure.spawn.valid() && at(failure.spawn).hangs;
  const bool stops = on_failure == OnFailure::kStop && (hangs || !cast_.keep_going);
  const bool ends =
      !failure.spawn.valid() && !failure.channel.valid();  // the graph's own: its caller stops it
  const Effect effect = ignored           ? Effect::kIgnored
                        : stopping        ? Effect::kStopping
                        : (stops || ends) ? Effect::kStops
                                          : Effect::kGoesOn;
  emit(action::Failed{failure, effect});
  if (stops && !stopping) stop(Mode::kAtOnce, Reason::kFailure);
}

// Data is lost, and whoever is at that channel cannot go on: so the graph fails, whatever its processes make
// of it.
void Turn::poison(ChannelId id) {
  if (std::exchange(state_.edges[id.value].poisoned, true)) return;
  record({.order = ++state_.order, .channel = id, .why = Why::kPoisoned, .code = 65}, OnFailure::kStop);
}

bool Turn::readers_gone(SpawnId id) const {
  const ProcessId writer = cast_.owner(id);
  const auto gone = [&](ProcessId reader) {
    return reader == writer || cast_.at(reader).service || state_.roles[reader.value].unended == 0;
  };
  return std::ranges::all_of(cast_.at(writer).writes, [&](ChannelId channel) {
    return std::ranges::all_of(cast_.at(channel).readers, gone);
  });
}

// kLate: some reader's own verdict is still open.
Verdict Turn::late_verdict(SpawnId id) const {
  const ProcessId writer = cast_.owner(id);
  bool open = false;
  for (const ChannelId channel : cast_.at(writer).writes) {
    bool all = true, lost = false;
    for (const ProcessId reader : cast_.at(channel).readers) {
      if (reader == writer) continue;
      const RoleState& role = state_.roles[reader.value];
      const bool fine = !role.failed && (role.unjudged == 0 || role.unended > 0);  // a service may still run
      all = all && fine;
      lost = lost || role.failed;
    }
    if (all) return Verdict::kCutOff;
    open = open || !lost;
  }
  return open ? Verdict::kLate : Verdict::kFailed;
}

void Turn::judge_late() {
  for (bool moved = true; moved;) {
    moved = false;
    const std::vector<SpawnId> late = state_.late;
    for (const SpawnId id : late) {
      if (!readers_gone(id)) continue;
      const Verdict verdict = late_verdict(id);
      if (verdict == Verdict::kLate) continue;
      conclude_late(id, verdict);
      moved = true;
    }
  }
  for (const SpawnId id : closed_circle()) conclude_late(id, Verdict::kFailed);
}

// Those that wait for one another's verdicts only: nobody's success is behind them.
std::vector<SpawnId> Turn::closed_circle() const {
  std::vector<SpawnId> circle;
  std::ranges::copy_if(state_.late, std::back_inserter(circle), [&](SpawnId id) { return readers_gone(id); });
  const auto inside = [&](ProcessId reader) {
    return std::ranges::all_of(state_.late, [&](SpawnId id) {
      return cast_.owner(id) != reader || std::ranges::find(circle, id) != circle.end();
    });
  };
  for (bool moved = true; moved;) {
    moved = std::erase_if(circle, [&](SpawnId id) {
              return !std::ranges::all_of(cast_.at(cast_.owner(id)).writes, [&](ChannelId channel) {
                return std::ranges::all_of(cast_.at(channel).readers, inside);
              });
            }) > 0;
  }
  return circle;
}

}  // namespace procgraph
