// What must hold of the brain whatever happens, at every step and at the end.
#include <algorithm>
#include <chrono>
#include <csignal>

#include "simulation.h"

namespace procgraph {
using namespace std::chrono_literals;

// Whatever processes do, a stop takes no longer than the grace, nor does one of them longer than its own.
void Simulation::check_graces() {
  const bool over = killing_ || (stopping_since_ && now_ > *stopping_since_ + cast_.grace + kLateness);
  for (std::uint32_t i = 0; i < truth_.size(); ++i) {
    const Truth& truth = truth_[i];
    const Role& role = cast_.at(cast_.owners[i]);
    const Duration grace = role.grace + kLateness;
    if (role.finally) {  // it has a time of its own, when that of the stop is over
      must(!truth.alive() || truth.asked || now_ <= truth.started_at + *role.timeout + kLateness,
           "it runs on after its time");
      must(!truth.alive() || truth.killed ||
               !(killing_last_ || (truth.asked && now_ > truth.asked_at + grace)),
           "one of the last runs on after its grace");
      continue;
    }
    const bool asked_too_long = truth.asked && now_ > truth.asked_at + grace;
    must(!truth.alive() || truth.killed || !(over || asked_too_long), "it runs on after the grace");
    must(!truth.left() || truth.purged || !(over || now_ > truth.exited_at + grace),
         "what it left runs on after the grace");
  }
}

// Those that start finally have their own time, whatever stops the others.
bool Simulation::has_to_end(SpawnId id) const {
  const SpawnState& state = situation_.at(id);
  const Truth& truth = truth_[id.value];
  if (state.timed_out || truth.unhealthy || truth.overdue || truth.dismissed) return true;
  if (cast_.at(cast_.owner(id)).ready && !truth.ready && now_ >= truth.ready_by) return true;
  return is_last(id) ? killing_last_ || (quit_ && finale_) : stopping_since_.has_value() || truth.recalled;
}

// Whom a stop must have reached, without any time passing.
void Simulation::check_reach() {
  if (!stopping_since_ || done_) return;
  std::uint32_t front = 0;
  while (front < situation_.ranks.size() && situation_.ranks[front] == 0) ++front;
  for (std::uint32_t i = 0; i < truth_.size(); ++i) {
    const Role& role = cast_.at(cast_.owners[i]);
    if (role.finally) continue;
    const bool reached = at_once_ || (role.rank == front && role.reads.empty());
    must(!reached || !truth_[i].alive() || truth_[i].asked, "the stop does not reach it");
  }
}

// Who may still become ready has a time by when, and who is over it was asked to end.
void Simulation::check_readiness() {
  if (done_) return;
  for (std::uint32_t i = 0; i < truth_.size(); ++i) {
    const Truth& truth = truth_[i];
    const Role& role = cast_.at(cast_.owners[i]);
    const bool works = truth.alive() && truth.ready && !truth.asked;
    must(!role.health || !works || truth.probed, "nobody looks whether it works");
    if (!role.ready || !truth.alive() || truth.ready || truth.asked) continue;
    const auto until = situation_.deadlines.of(Deadlines::Kind::kReady, SpawnId{i});
    must(until.has_value(), "it is awaited for ever");
    must(until == truth.ready_by,
         "it has another time to be ready than the file gives, and it has asked for");
    must(until && now_ <= *until + kLateness, "it is not ready in time, and runs on");
  }
}

// Whoever is to be started again is: not while the graph stops, and not without its ends of channels, which
// the runner holds so long and no longer.
void Simulation::check_restarts() {
  for (std::uint32_t i = 0; i < cast_.roles.size(); ++i) {
    const Role& role = cast_.roles[i];
    const auto first = truth_.begin() + role.first;
    const auto unstarted = std::count_if(first, first + role.count,
                                         [](const Truth& one) { return !one.started && one.life == 0; });
    must(situation_.roles[i].unstarted == unstarted, "a start is counted twice, or never");
  }
  for (std::uint32_t i = 0; i < truth_.size(); ++i) {
    const Truth& truth = truth_[i];
    const bool over = life::over(situation_.spawns[i].life);
    const bool returns = cast_.at(cast_.owners[i]).returns();
    const bool held = situation_.spawns[i].life == life::State::kHeld;
    must(!truth.resting || truth.ordered || over || held || now_ <= truth.due + 1s + kLateness,
         "it is never started again");
    must(!over || truth.released == 1, "its ends are held, though it has ended for good");
    must(!stopping_since_ || truth.released == 1 || is_last(SpawnId{i}),
         "its ends are held, though the graph stops");
    must(!returns || over || stopping_since_ || truth.released == 0,
         "its ends are let go of, though it may be started again");
  }
}

// Nobody works on without what it goes with, once that is to start again; and whoever was held because of
// that is not held any longer than that, but for others that it starts together with.
void Simulation::check_together() {
  if (stopping_since_ || done_) return;
  for (std::uint32_t i = 0; i < truth_.size(); ++i) {
    const Truth& truth = truth_[i];
    const Role& role = cast_.at(cast_.owners[i]);
    bool all_there = cast_.groups[role.group].size() == 1;
    for (const Need& need : role.needs) {
      if (!need.restart) continue;
      all_there = all_there && is_there(need);
      const Role& other = cast_.at(need.process);
      for (std::uint32_t j = other.first; j < other.first + other.count; ++j) {
        const bool starts = truth_[j].ordered || situation_.spawns[j].tries > 0;
        const bool together = other.group == role.group && starts;  // at once, if the machine can
        must(!rests(SpawnId{j}) || together || !truth.alive() || truth.asked || has_lost_another(SpawnId{i}),
             "it works on, without what it goes with");
      }
    }
    must(situation_.spawns[i].life != life::State::kHeld || !all_there, "it is held for ever");
  }
}

// Whether nothing speaks against a start any more, as far as others have to have started or be ready.
bool Simulation::holds(const Need& need) const {
  if (need.restart) return is_there(need);
  const Role& role = cast_.at(need.process);
  std::uint32_t missing = 0;
  for (std::uint32_t i = role.first; i < role.first + role.count; ++i) {
    const Truth& truth = truth_[i];
    if (need.condition == Condition::kReady ? truth.was_ready : truth.started || truth.life > 0) continue;
    if (!life::over(situation_.spawns[i].life)) return false;
    ++missing;
  }
  return missing <= role.spare;
}

void Simulation::check_progress() {
  if (stopping_since_ || finale_ || done_) return;
  for (const Role& role : cast_.roles) {
    const auto waits = [this](const Need& need) {
      return need.condition > Condition::kReady || !holds(need);
    };
    const bool free =
        !role.finally && cast_.groups[role.group].size() == 1 && !std::ranges::any_of(role.needs, waits);
    must(!free || situation_.spawns[role.first].life != life::State::kWaiting, "it waits for nothing");
  }
  must(situation_.left == 0 || situation_.busy > 0, "nobody runs, and the rest waits");
  bool waits = false, ended = true;
  for (std::uint32_t i = 0; i < cast_.roles.size(); ++i) {
    waits = waits || cast_.roles[i].counts();
    ended = ended && (!cast_.roles[i].counts() || over(ProcessId{i}));
  }
  must(!waits || !ended, "all that counts has ended, and it goes on");
}

void Simulation::check_code(const action::Done& done) {
  must(done.signal == first_signal_ || (done.signal == 0 && now_ >= kLongLife), "it dies of another signal");
  if (done.signal == 0) must(done.code == code_so_far(), "it has another code than its first failure");
}

int Simulation::code_so_far() const {
  const Failure* first = nullptr;
  for (const Failure& failure : failures_) {
    const bool always =
        failure.why == Why::kUnopened || (failure.spawn.valid() && situation_.at(failure.spawn).hangs);
    const bool ignored = !always && failure.spawn.valid() &&
                         cast_.at(cast_.owner(failure.spawn)).on_failure == OnFailure::kIgnore;
    if (!ignored && (first == nullptr || failure.order < first->order)) first = &failure;
  }
  return first == nullptr ? 0 : first->code;
}

bool Simulation::came_true(const Need& need) const {
  const Role& role = cast_.at(need.process);
  std::uint32_t not_started = 0, not_ready = 0;
  for (std::uint32_t i = role.first; i < role.first + role.count; ++i) {
    not_started += !truth_[i].started && truth_[i].life == 0;
    not_ready += !truth_[i].was_ready;
  }
  const bool started = not_started <= role.spare, ready = not_ready <= role.spare;
  const auto& [failed, skipped] =
      std::pair(situation_.roles[need.process.value].failed, situation_.roles[need.process.value].skipped);
  switch (need.condition) {
    case Condition::kStarted:
      return started;
    case Condition::kReady:
      return ready;
    case Condition::kFinished:
      return !skipped;
    case Condition::kSucceeded:
      return !skipped && !failed;
    case Condition::kFailed:
      return failed;
  }
  return false;
}

// Whatever has happened: each of the last has been started, unless somebody wanted an end at once, or what it
// needs did not come true.
void Simulation::check_finale() {
  for (std::uint32_t i = 0; i < truth_.size(); ++i) {
    const Role& role = cast_.at(cast_.owners[i]);
    if (!role.finally || truth_[i].started || truth_[i].dismissed || situation_.spawns[i].refusal != 0)
      continue;
    must(finale_ || quit_, "the last never have their turn");
    must(quit_ || killing_last_ ||
             !std::ranges::all_of(role.needs, [this](const Need& need) { return came_true(need); }),
         "one of the last is never started");
  }
}

void Simulation::check_end() {
  check_finale();
  for (std::uint32_t i = 0; i < cast_.roles.size(); ++i) {
    const Role& role = cast_.roles[i];
    bool hangs = false;
    std::uint32_t lost = 0;
    for (std::uint32_t spawn = role.first; spawn < role.first + role.count; ++spawn) {
      hangs = hangs || situation_.spawns[spawn].hangs;
      lost += situation_.spawns[spawn].verdict == Verdict::kFailed;
    }
    must(lost == lost_[i], "a failure was not told, or one that is none");
    must(situation_.roles[i].failed == (hangs || lost > role.spare),
         "it has failed, and does not count as that");
  }
  for (std::uint32_t i = 0; i < truth_.size(); ++i) {
    const Truth& truth = truth_[i];
    const Verdict verdict = situation_.spawns[i].verdict;
    must(!truth.started || truth.empty || truth.abandoned, "it is left running");
    must(truth.released == 1, "an end of a channel is kept for ever");
    must(truth.gone == writes(cast_, SpawnId{i}), "a writer is never gone");
    must(truth.reader_gone == reads(cast_, SpawnId{i}), "a reader is never gone");
    must(verdict != Verdict::kNone && verdict != Verdict::kLate, "it was never judged");
    must((verdict == Verdict::kSkipped) == (situation_.spawns[i].life == life::State::kSkipped),
         "wrongly skipped");
    must(!truth.probed, "it is asked for ever");
    const SpawnState& state = situation_.spawns[i];
    const bool renounced = state.renounced;
    must(!truth.resting || stopping_since_ || truth.life == 0 || verdict == Verdict::kFailed || renounced,
         "it was to be started again, and never was");
    must(state.unhealthy == truth.unhealthy, "it is healthy where it is not");
    must(!(state.unready || state.unhealthy) || verdict == Verdict::kFailed || renounced,
         "not ready, and no failure");
    if (truth.exited && truth.exit == Exit{} && !state.timed_out && !truth.overdue && !state.unready &&
        !state.unhealthy && !renounced)
      must(verdict == Verdict::kSucceeded, "a success was judged otherwise");
    if (verdict == Verdict::kCutOff)
      must(truth.exit.signal == SIGPIPE || truth.exit.code == 141, "cut off without SIGPIPE");
    if (verdict == Verdict::kStopped) must(truth.asked || renounced, "stopped, though nobody asked it");
    const Role& role = cast_.at(cast_.owners[i]);
    const auto goes = [](const Need& need) { return need.restart; };
    must(!renounced || std::ranges::any_of(role.needs, goes) ||
             (stopping_since_ && role.restart.restarts()) || truth.dismissed,
         "wrongly renounced");
  }
  for (const int ended : writers_ended_) must(ended == 1, "a channel without end of data");
  for (const int ended : readers_ended_) must(ended == 1, "a channel without end of readers");
}

}  // namespace procgraph
