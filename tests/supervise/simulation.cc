#include "simulation.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

namespace procgraph {
namespace {

using namespace std::chrono_literals;

}  // namespace

Simulation::Simulation(std::uint64_t seed, Brain brain, bool orders)
    : random_(seed), brain_(std::move(brain)), orders_(orders) {
  make_cast();
  situation_ = make_situation(cast_);
  situation_.dice = random_();
  truth_.resize(cast_.owners.size());
  lost_.resize(cast_.roles.size());
  writers_ended_.resize(cast_.edges.size());
  readers_ended_.resize(cast_.edges.size());
  for (Truth& truth : truth_) {
    truth.stubborn = chance(15);
    truth.leaves = chance(15);
    truth.hangs = chance(5);
  }
}

void Simulation::make_cast() {
  const std::uint32_t roles = 1 + below(8), channels = below(6);
  if (chance(20)) cast_.timeout = 1ms + some(30s);
  cast_.keep_going = chance(20);
  cast_.strict = chance(20);
  cast_.grace = 1ms + some(10s);
  cast_.roles.resize(roles);
  for (Role& role : cast_.roles) role.finally = chance(15);
  std::uint32_t spawns = 0;
  for (std::uint32_t i = 0; i < roles; ++i) {
    make_role(i, channels);
    cast_.roles[i].first = spawns;
    spawns += cast_.roles[i].count;
  }
  complete(cast_, channels);
  for (Edge& edge : cast_.edges) {
    edge.outside_writes = chance(15);
    edge.outside_reads = chance(15);
  }
}

void Simulation::make_role(std::uint32_t index, std::uint32_t channels) {
  Role& role = cast_.roles[index];
  role.count = chance(70) ? 1 : 1 + below(3);
  if (chance(50)) role.spare = below(role.count);
  role.service = !role.finally && chance(20);
  role.opens = chance(30);
  role.on_failure = static_cast<OnFailure>(below(3));
  if (chance(20)) role.ok_codes = {0, 1, 141};
  role.stop_signal = chance(80) ? SIGTERM : SIGINT;
  role.grace = 1ms + some(10s);
  if (role.finally || chance(15)) role.timeout = 1ms + some(20s);
  if (!role.finally && chance(40)) make_policy(role.restart);
  if (chance(30)) role.ready = 1ms + some(10s);
  role.health = chance(30);
  role.group = role.finally || chance(70) ? index : below(index + 1);
  if (cast_.roles[role.group].finally) role.group = index;
  role.rank = below(4);
  for (std::uint32_t channel = 0; !role.finally && channel < channels; ++channel) {
    if (chance(25)) role.reads.push_back(ChannelId{channel});
    if (chance(25)) role.writes.push_back(ChannelId{channel});
  }
  // A condition on one that stands later makes circles possible, which no plan has; the brain must end them
  // too.
  const std::uint32_t others = chance(95) ? index : static_cast<std::uint32_t>(cast_.roles.size());
  for (std::uint32_t other = 0; other < others; ++other) {
    if (other != index && (role.finally || !cast_.roles[other].finally) && chance(20)) make_need(role, other);
  }
  role.step = !role.finally && role.reads.empty() && role.writes.empty() && chance(30);
}

void Simulation::make_need(Role& role, std::uint32_t other) {
  Need need{ProcessId{other}, static_cast<Condition>(below(5))};
  need.restart = !role.finally && need.condition <= Condition::kReady && chance(60);
  role.needs.push_back(need);
}

void Simulation::make_policy(RestartPolicy& policy) {
  policy.when = chance(50) ? Restart::kOnFailure : Restart::kAlways;
  policy.first = 1ms + some(1s);
  policy.most = policy.first + some(5s);
  policy.reset_after = some(10s);
  policy.max = RestartPolicy::Intensity{1 + below(4), 1ms + some(40s)};
  if (chance(20)) policy.max.reset();
  if (chance(20)) policy.except = {chance(50) ? 1 : chance(50) ? 0 : 139};
}

void Simulation::schedule_the_outside() {
  at(0ns, [this] { tell(event::Begin{}); });
  for (int press = 0; chance(25) && press < 3; ++press) {
    constexpr int kSignals[]{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    after(20s, [this, signal = kSignals[below(4)]] { tell(event::StopSignal{signal}); });
  }
  if (chance(5)) after(20s, [this] { tell(event::StdoutLost{EPIPE}); });
  if (chance(5)) after(20s, [this] { tell(event::StdoutLost{ENOSPC}); });
  for (int order = 0; orders_ && chance(70) && order < 4; ++order) after(20s, [this] { order_something(); });
  at(kLongLife, [this] { tell(event::StopSignal{SIGINT}); });
}

void Simulation::at(Instant when, std::function<void()> what) {
  agenda_.emplace(when, std::move(what));
}

std::string Simulation::run() {
  schedule_the_outside();
  while (!done_ && breaches_.empty()) {
    const auto timer = deadline(situation_);
    const Instant rings = timer ? *timer + some(kLateness) : Instant::max();
    if (!agenda_.empty() && agenda_.begin()->first <= rings) {
      now_ = std::max(now_, agenda_.begin()->first);
      const auto what = std::move(agenda_.begin()->second);
      agenda_.erase(agenda_.begin());
      what();
    } else if (timer) {
      now_ = std::max(now_, rings);
      tell(event::Time{});
    } else {
      must(false, "nothing happens any more, and it is not done");
    }
  }
  if (breaches_.empty()) check_end();
  return breaches_;
}

void Simulation::tell(const Event& event) {
  if (done_) return;
  ++events_;
  probes_ += std::holds_alternative<event::Ready>(event) || std::holds_alternative<event::Unhealthy>(event) ||
             std::holds_alternative<event::Patience>(event);
  if (const auto* signal = std::get_if<event::StopSignal>(&event); signal != nullptr && first_signal_ == 0)
    first_signal_ = signal->signal;
  if (const auto* signal = std::get_if<event::StopSignal>(&event); signal != nullptr)
    quit_ = quit_ || signal->signal == SIGQUIT;
  if (const auto* lost = std::get_if<event::StdoutLost>(&event);
      lost != nullptr && lost->error == EPIPE && first_signal_ == 0)
    first_signal_ = SIGPIPE;
  for (const Action& action : brain_(cast_, situation_, event, now_)) {
    must(!done_, "an action after the end: " + to_text(action));
    std::visit([this](const auto& what) { see(what); }, action);
  }
  check_graces();
  check_reach();
  check_readiness();
  check_progress();
  check_restarts();
  check_together();
}

Exit Simulation::some_exit() {
  const std::uint32_t dice = below(10);
  if (dice < 5) return {};
  if (dice < 7) return {.code = 1 + static_cast<int>(below(3))};
  if (dice < 9) return chance(50) ? Exit{.signal = SIGPIPE} : Exit{.code = 141};
  return {.signal = SIGSEGV, .core = true};
}

void Simulation::see(const action::Launch& action) {
  Truth& truth = truth_[action.spawn.value];
  const bool bound =
      cast_.at(cast_.owner(action.spawn)).returns();  // one that was withdrawn may still be tried
  must((!truth.ordered || bound) && !truth.started, "a second launch");
  const bool last = is_last(action.spawn);
  must(last == finale_,
       last ? "a launch before the others have ended" : "a launch when only the last are left");
  must(last || !stopping_since_, "a launch during the stop");
  must(!last || (!quit_ && !killing_last_), "a launch though all is killed");
  must(truth.released == 0, "a launch without its ends of channels");
  must(now_ >= truth.due, "a launch before its time");
  for (const Need& need : cast_.at(cast_.owner(action.spawn)).needs) {
    const Role& other = cast_.at(need.process);
    std::uint32_t missing = 0;
    for (std::uint32_t i = other.first; i < other.first + other.count; ++i) {
      if (need.condition != Condition::kReady || truth_[i].was_ready) continue;
      must(life::over(situation_.spawns[i].life), "a launch before what it needs is ready");
      ++missing;
    }
    must(missing <= other.spare, "a launch though what it needs will never be ready");
    const bool together =
        need.condition == Condition::kStarted && other.group == cast_.at(cast_.owner(action.spawn)).group;
    must(!need.restart || together || is_there(need), "a launch without what it goes with");
  }
  truth.ordered = true;
  after(2s, [this, id = action.spawn] { try_launch(id); });
}

void Simulation::in_this_life(SpawnId id, Duration most, std::function<void()> what) {
  after(most, [this, id, life = truth_[id.value].life, what = std::move(what)] {
    if (truth_[id.value].life == life) what();
  });
}

void Simulation::try_launch(SpawnId id) {
  Truth& truth = truth_[id.value];
  truth.ordered = false;
  if (!wanted(situation_, id)) return;
  if (chance(8)) return tell(event::Refused{id, false, 127});
  if (chance(8)) {
    truth.due = now_ + 10ms;
    return tell(event::Refused{id, true, 71});
  }
  must(!truth.alive() && !truth.left(), "two lives at once");
  truth.started = true;
  truth.resting = false;
  truth.started_at = now_;
  truth.ready = !cast_.at(cast_.owner(id)).ready;
  truth.was_ready = truth.was_ready || truth.ready;
  truth.ready_by = now_ + cast_.at(cast_.owner(id)).ready.value_or(Duration{});
  tell(event::Started{id});
  if (chance(85)) in_this_life(id, 30s, [this, id] { exit(id, some_exit()); });
  if (chance(5)) {
    in_this_life(id, 20s, [this, id] {
      truth_[id.value].overdue = situation_.at(id).life == life::State::kRunning || truth_[id.value].overdue;
      tell(event::Overdue{id});
    });
  }
}

void Simulation::exit(SpawnId id, Exit exit) {
  Truth& truth = truth_[id.value];
  if (!truth.alive()) return;
  truth.exited = true;
  truth.exited_at = now_;
  truth.exit = exit;
  truth.returns = must_return(id) || must_go_with(id);
  tell(event::Exited{id, exit});
}

void Simulation::be_empty(SpawnId id) {
  Truth& truth = truth_[id.value];
  if (!truth.left()) return;
  truth.empty = true;
  truth.unread = chance(30);
  truth.ended = chance(30);
  const bool held = must_go_with(id) && !is_done_with(id);
  const bool returns = !held && must_return(id), stopping = stopping_since_.has_value();
  const event::Empty event{id, truth.unread, truth.ended};
  if (held) {
    forget_life(id, now_);
    recall_those_with(cast_.owner(id));
  }
  tell(event);
  const bool gone = life::over(situation_.at(id).life);
  if (held)
    return must(!gone || has_lost_another(id), "it is gone for good, though what it goes with is not");
  must(!stopping || !truth.returns || situation_.at(id).verdict != Verdict::kFailed,
       "a failure that was to be followed by a restart counts");
  must(truth.resting == returns, returns ? "it is gone for good, though its policy wants it back"
                                         : "it is started again against its policy");
}

// Before the first deadline, after the last, or never.
void Simulation::see(const action::AwaitReady& action) {
  Truth& truth = truth_[action.spawn.value];
  must(truth.alive() && !truth.asked && !truth.ready && !truth.probed, "its readiness is awaited in vain");
  truth.probed = true;
  if (chance(80)) in_this_life(action.spawn, 12s, [this, id = action.spawn] { be_ready(id); });
  if (chance(20)) in_this_life(action.spawn, 12s, [this, id = action.spawn] { ask_for_patience(id); });
}

void Simulation::ask_for_patience(SpawnId id) {
  Truth& truth = truth_[id.value];
  const event::Patience event{id, some(20s)};
  if (truth.alive() && !truth.asked && !truth.ready)
    truth.ready_by = std::max(truth.ready_by, now_ + event.more);
  tell(event);
}

// Whatever asks it may answer late: the brain is told all the same.
void Simulation::be_ready(SpawnId id) {
  Truth& truth = truth_[id.value];
  if (truth.alive() && !truth.asked) truth.ready = truth.was_ready = true;
  tell(event::Ready{id});
  if (chance(20)) tell(event::Ready{id});
}

void Simulation::see(const action::Ready& action) {
  Truth& truth = truth_[action.spawn.value];
  const Role& role = cast_.at(cast_.owner(action.spawn));
  must(truth.alive() && !truth.asked && truth.ready, "ready, though it has not said so");
  must(truth.probed == role.ready.has_value(), "ready, though nobody awaited it");
  must(!std::exchange(truth.told, true), "it is said to be ready twice");
  truth.probed = true;
  if (role.health && chance(50))
    in_this_life(action.spawn, 30s, [this, id = action.spawn] { be_unhealthy(id); });
}

void Simulation::be_unhealthy(SpawnId id) {
  Truth& truth = truth_[id.value];
  truth.unhealthy = truth.alive() && !truth.asked;
  tell(event::Unhealthy{id});
  must(!truth.unhealthy || truth.asked, "it is not healthy, and runs on");
}

void Simulation::see(const action::AskNoMore& action) {
  Truth& truth = truth_[action.spawn.value];
  must(truth.probed, "nothing was asked of it");
  truth.probed = false;
}

void Simulation::see(const action::Ask& action) {
  Truth& truth = truth_[action.spawn.value];
  must(truth.alive() && !truth.asked && !truth.killed, "asked, though it is not there or was asked before");
  must(!truth.probed, "it is asked to end, and whether it works");
  must(has_to_end(action.spawn), "it is asked to end for nothing");
  truth.asked = true;
  truth.asked_at = now_;
  if (truth.stubborn) return;
  in_this_life(action.spawn, 1s, [this, id = action.spawn, signal = action.signal] {
    exit(id, chance(60) ? Exit{.signal = signal} : chance(50) ? Exit{.code = 128 + signal} : some_exit());
  });
}

void Simulation::see(const action::Kill& action) {
  Truth& truth = truth_[action.spawn.value];
  must(truth.alive() && !truth.killed, "killed, though it is not there or was killed before");
  must(truth.asked || has_to_end(action.spawn), "killed for nothing");
  truth.killed = truth.asked = true;
  if (!truth.hangs)
    in_this_life(action.spawn, 10ms, [this, id = action.spawn] { exit(id, {.signal = SIGKILL}); });
}

void Simulation::see(const action::Sweep& action) {
  Truth& truth = truth_[action.spawn.value];
  must(truth.left() && truth.reaped, "a sweep before its end, or before it was reaped");
  must(!truth.purged, "a sweep of what was killed");
  truth.purged = action.signal == SIGKILL;
  const bool ends = !truth.leaves || (truth.purged ? !truth.hangs : chance(50));
  if (ends)
    in_this_life(action.spawn, truth.leaves ? 500ms : 0ms, [this, id = action.spawn] { be_empty(id); });
}

void Simulation::see(const action::Inspect& action) {
  const Truth& truth = truth_[action.spawn.value];
  must(truth.killed || truth.purged, "inspected, though nobody killed it");
  must(truth.alive() || truth.left(), "inspected, though it has ended");
  if (truth.hangs) in_this_life(action.spawn, 0ms, [this, id = action.spawn] { tell(event::Hangs{id}); });
}

void Simulation::see(const action::LetGo& action) {
  Truth& truth = truth_[action.spawn.value];
  must(truth.hangs && !truth.abandoned, "abandoned, though it did not hang");
  truth.abandoned = true;
}

void Simulation::see(const action::LookAtPorts& action) {
  Truth& truth = truth_[action.spawn.value];
  must(truth.started && !truth.asked && !truth.reaped && !truth.looked, "its ports are looked at in vain");
  truth.looked = true;
  if (chance(50)) at(now_, [this, id = action.spawn] { tell(event::Unopened{id}); });
}

void Simulation::see(const action::Reap& action) {
  Truth& truth = truth_[action.spawn.value];
  must(truth.exited && !truth.reaped, "reaped alive, or twice");
  must(!truth.probed, "it has ended, and is asked whether it works");
  truth.reaped = true;
}

void Simulation::see(const action::Release& action) {
  Truth& truth = truth_[action.spawn.value];
  must(++truth.released == 1, "released twice");
}

void Simulation::see(const action::WriterGone& action) {
  Truth& truth = truth_[action.spawn.value];
  must(!truth.gone && (!truth.started || truth.empty || truth.abandoned),
       "a writer is gone twice, or before its end");
  must(!truth.started || truth.reaped || truth.abandoned, "a writer is gone before it was reaped");
  truth.gone = true;
}

void Simulation::see(const action::ReaderGone& action) {
  Truth& truth = truth_[action.spawn.value];
  must(!truth.reader_gone && (!truth.started || truth.empty || truth.abandoned),
       "a reader is gone twice, or before its end");
  must(!truth.started || truth.reaped || truth.abandoned, "a reader is gone before it was reaped");
  truth.reader_gone = true;
}

bool Simulation::over(ProcessId id) const {
  const Role& role = cast_.at(id);
  for (std::uint32_t i = role.first; i < role.first + role.count; ++i) {
    if (!life::over(situation_.spawns[i].life)) return false;
  }
  return true;
}

void Simulation::see(const action::EndWriters& action) {
  must(++writers_ended_[action.channel.value] == 1, "the writers of a channel ended twice");
  const auto& writers = cast_.at(action.channel).writers;
  const bool only_services = std::ranges::all_of(writers, [&](ProcessId id) { return cast_.at(id).service; });
  for (const ProcessId id : writers)
    must(over(id) || (cast_.at(id).service && !only_services), "an early end of data");
}

void Simulation::see(const action::EndReaders& action) {
  must(++readers_ended_[action.channel.value] == 1, "the readers of a channel ended twice");
  for (const ProcessId id : cast_.at(action.channel).readers) must(over(id), "an early end of readers");
}

void Simulation::see(const action::Failed& action) {
  const Failure& failure = action.failure;
  bool spared = false;
  if (failure.spawn.valid() && failure.why != Why::kUnopened) {
    const ProcessId owner = cast_.owner(failure.spawn);
    spared = ++lost_[owner.value] <= cast_.at(owner).spare && !situation_.at(failure.spawn).hangs;
  }
  must(spared == (action.effect == Effect::kSpared), "a failure is spared wrongly, or is not");
  if (!spared) failures_.push_back(failure);
}

void Simulation::see(const action::Skipped& action) {
  const Role& role = cast_.at(action.process);
  for (std::uint32_t i = role.first; i < role.first + role.count; ++i)
    must(!truth_[i].alive() && (role.returns() || (!truth_[i].started && truth_[i].life == 0)),
         "skipped, though it has started");
}

void Simulation::see(const action::Stopping& action) {
  if (!stopping_since_) stopping_since_ = now_;
  if (action.reason == Reason::kForced) (finale_ ? killing_last_ : killing_) = true;
  at_once_ = at_once_ || action.reason == Reason::kFailure || action.reason == Reason::kTimeout;
}

void Simulation::see(const action::Finale& action) {
  must(!finale_, "a second finale");
  finale_ = true;
  for (std::uint32_t i = 0; i < cast_.roles.size(); ++i)
    must(cast_.roles[i].finally || over(ProcessId{i}), "the finale begins, and others are left");
  must(action.ending.code == (first_signal_ != 0 ? 128 + first_signal_ : code_so_far()),
       "it is told another code than that of the run so far");
  const bool stopped = first_signal_ != 0 || (ordered_ && action.ending.code == 0);
  must((action.ending.how == How::kStopped) == stopped, "it is told of a stop wrongly");
  must((action.ending.how == How::kSuccess) == (action.ending.code == 0 && !stopped),
       "it is told of a success wrongly");
}

void Simulation::see(const action::Done& action) {
  done_ = true;
  must(!deadline(situation_), "a timer after the end");
  check_code(action);
}

void Simulation::must(bool holds, const std::string& what) {
  if (!holds) breaches_ += what + '\n';
}

}  // namespace procgraph
