#include "simulation.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>

namespace procgraph {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLateness = 5ms;  // of a timer
constexpr Duration kLongLife = 1h;   // then somebody presses Ctrl-C

bool writes(const Cast& cast, SpawnId id) {
  return !cast.at(cast.owner(id)).writes.empty();
}

bool reads(const Cast& cast, SpawnId id) {
  return !cast.at(cast.owner(id)).reads.empty();
}

}  // namespace

Simulation::Simulation(std::uint64_t seed) : random_(seed) {
  make_cast();
  situation_ = make_situation(cast_);
  truth_.resize(cast_.owners.size());
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
  role.service = chance(20);
  role.opens = chance(30);
  role.on_failure = static_cast<OnFailure>(below(3));
  if (chance(20)) role.ok_codes = {0, 1, 141};
  role.stop_signal = chance(80) ? SIGTERM : SIGINT;
  role.grace = 1ms + some(10s);
  if (chance(15)) role.timeout = 1ms + some(20s);
  if (chance(30)) role.ready = 1ms + some(10s);
  role.health = chance(30);
  role.group = chance(70) ? index : below(index + 1);
  role.rank = below(4);
  for (std::uint32_t channel = 0; channel < channels; ++channel) {
    if (chance(25)) role.reads.push_back(ChannelId{channel});
    if (chance(25)) role.writes.push_back(ChannelId{channel});
  }
  // A condition on one that stands later makes circles possible, which no plan has; the brain must end them
  // too.
  const std::uint32_t others = chance(95) ? index : static_cast<std::uint32_t>(cast_.roles.size());
  for (std::uint32_t other = 0; other < others; ++other) {
    if (other != index && chance(20))
      role.needs.push_back({ProcessId{other}, static_cast<Condition>(below(5))});
  }
  role.step = role.reads.empty() && role.writes.empty() && chance(30);
}

void Simulation::schedule_the_outside() {
  at(0ns, [this] { tell(event::Begin{}); });
  for (int press = 0; chance(25) && press < 3; ++press) {
    constexpr int kSignals[]{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    after(20s, [this, signal = kSignals[below(4)]] { tell(event::StopSignal{signal}); });
  }
  if (chance(5)) after(20s, [this] { tell(event::StdoutLost{EPIPE}); });
  if (chance(5)) after(20s, [this] { tell(event::StdoutLost{ENOSPC}); });
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
  if (const auto* signal = std::get_if<event::StopSignal>(&event); signal != nullptr && first_signal_ == 0)
    first_signal_ = signal->signal;
  if (const auto* lost = std::get_if<event::StdoutLost>(&event);
      lost != nullptr && lost->error == EPIPE && first_signal_ == 0)
    first_signal_ = SIGPIPE;
  for (const Action& action : step(cast_, situation_, event, now_)) {
    must(!done_, "an action after the end: " + to_text(action));
    std::visit([this](const auto& what) { see(what); }, action);
  }
  check_graces();
  check_reach();
  check_readiness();
  check_progress();
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
  must(!truth.ordered && !truth.started, "a second launch");
  must(!stopping_since_, "a launch during the stop");
  for (const Need& need : cast_.at(cast_.owner(action.spawn)).needs) {
    const Role& other = cast_.at(need.process);
    for (std::uint32_t i = other.first; i < other.first + other.count; ++i)
      must(need.condition != Condition::kReady || truth_[i].ready, "a launch before what it needs is ready");
  }
  truth.ordered = true;
  after(2s, [this, id = action.spawn] { try_launch(id); });
}

void Simulation::try_launch(SpawnId id) {
  Truth& truth = truth_[id.value];
  truth.ordered = false;
  if (!wanted(situation_, id)) return;
  if (chance(8)) return tell(event::Refused{id, false, 127});
  if (chance(8)) return tell(event::Refused{id, true, 71});
  truth.started = true;
  truth.started_at = now_;
  truth.ready = !cast_.at(cast_.owner(id)).ready;
  tell(event::Started{id});
  if (chance(85)) after(30s, [this, id] { exit(id, some_exit()); });
}

void Simulation::exit(SpawnId id, Exit exit) {
  Truth& truth = truth_[id.value];
  if (!truth.alive()) return;
  truth.exited = true;
  truth.exited_at = now_;
  truth.exit = exit;
  tell(event::Exited{id, exit});
}

void Simulation::be_empty(SpawnId id) {
  Truth& truth = truth_[id.value];
  if (!truth.left()) return;
  truth.empty = true;
  tell(event::Empty{id});
}

// Before the first deadline, after the last, or never.
void Simulation::see(const action::AwaitReady& action) {
  Truth& truth = truth_[action.spawn.value];
  must(truth.alive() && !truth.asked && !truth.ready && !truth.probed, "its readiness is awaited in vain");
  truth.probed = true;
  if (chance(80)) after(12s, [this, id = action.spawn] { be_ready(id); });
  if (chance(20)) after(12s, [this, id = action.spawn] { tell(event::Patience{id, some(20s)}); });
}

// Whatever asks it may answer late: the brain is told all the same.
void Simulation::be_ready(SpawnId id) {
  Truth& truth = truth_[id.value];
  if (truth.alive() && !truth.asked) truth.ready = true;
  tell(event::Ready{id});
}

void Simulation::see(const action::Ready& action) {
  Truth& truth = truth_[action.spawn.value];
  const Role& role = cast_.at(cast_.owner(action.spawn));
  must(truth.alive() && !truth.asked && truth.ready, "ready, though it has not said so");
  must(truth.probed == role.ready.has_value(), "ready, though nobody awaited it");
  truth.probed = true;
  if (role.health && chance(50)) after(30s, [this, id = action.spawn] { be_unhealthy(id); });
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
  truth.asked = true;
  truth.asked_at = now_;
  if (truth.stubborn) return;
  after(1s, [this, id = action.spawn, signal = action.signal] {
    exit(id, chance(60) ? Exit{.signal = signal} : chance(50) ? Exit{.code = 128 + signal} : some_exit());
  });
}

void Simulation::see(const action::Kill& action) {
  Truth& truth = truth_[action.spawn.value];
  must(truth.alive() && !truth.killed, "killed, though it is not there or was killed before");
  truth.killed = truth.asked = true;
  if (!truth.hangs) after(10ms, [this, id = action.spawn] { exit(id, {.signal = SIGKILL}); });
}

void Simulation::see(const action::Sweep& action) {
  Truth& truth = truth_[action.spawn.value];
  must(truth.left() && truth.reaped, "a sweep before its end, or before it was reaped");
  must(!truth.purged, "a sweep of what was killed");
  truth.purged = action.signal == SIGKILL;
  const bool ends = !truth.leaves || (truth.purged ? !truth.hangs : chance(50));
  if (ends) after(truth.leaves ? 500ms : 0ms, [this, id = action.spawn] { be_empty(id); });
}

void Simulation::see(const action::Inspect& action) {
  const Truth& truth = truth_[action.spawn.value];
  must(truth.killed || truth.purged, "inspected, though nobody killed it");
  must(truth.alive() || truth.left(), "inspected, though it has ended");
  if (truth.hangs) at(now_, [this, id = action.spawn] { tell(event::Hangs{id}); });
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
  failures_.push_back(action.failure);
}

void Simulation::see(const action::Skipped& action) {
  const Role& role = cast_.at(action.process);
  for (std::uint32_t i = role.first; i < role.first + role.count; ++i)
    must(!truth_[i].started, "skipped, though it has started");
}

void Simulation::see(const action::Stopping& action) {
  if (!stopping_since_) stopping_since_ = now_;
  killing_ = killing_ || action.reason == Reason::kForced;
  at_once_ = at_once_ || action.reason == Reason::kFailure || action.reason == Reason::kTimeout;
}

// Whatever processes do, a stop takes no longer than the grace, nor does one of them longer than its own.
void Simulation::check_graces() {
  const bool over = killing_ || (stopping_since_ && now_ > *stopping_since_ + cast_.grace + kLateness);
  for (std::uint32_t i = 0; i < truth_.size(); ++i) {
    const Truth& truth = truth_[i];
    const Duration grace = cast_.at(cast_.owners[i]).grace + kLateness;
    const bool asked_too_long = truth.asked && now_ > truth.asked_at + grace;
    must(!truth.alive() || truth.killed || !(over || asked_too_long), "it runs on after the grace");
    must(!truth.left() || truth.purged || !(over || now_ > truth.exited_at + grace),
         "what it left runs on after the grace");
  }
}

// Whom a stop must have reached, without any time passing.
void Simulation::check_reach() {
  if (!stopping_since_ || done_) return;
  if (!stopping_since_ || done_) return;
  std::uint32_t front = 0;
  while (front < situation_.ranks.size() && situation_.ranks[front] == 0) ++front;
  for (std::uint32_t i = 0; i < truth_.size(); ++i) {
    const Role& role = cast_.at(cast_.owners[i]);
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
    if (!role.ready || !truth.alive() || truth.ready || truth.asked) continue;
    const auto until = situation_.deadlines.of(Deadlines::Kind::kReady, SpawnId{i});
    must(until.has_value(), "it is awaited for ever");
    must(until && *until >= truth.started_at + *role.ready, "it has less time than the file gives");
    must(until && now_ <= *until + kLateness, "it is not ready in time, and runs on");
  }
}

void Simulation::check_progress() {
  if (stopping_since_ || done_) return;
  must(situation_.left == 0 || situation_.busy > 0, "nobody runs, and the rest waits");
  bool waits = false, ended = true;
  for (std::uint32_t i = 0; i < cast_.roles.size(); ++i) {
    waits = waits || cast_.roles[i].counts();
    ended = ended && (!cast_.roles[i].counts() || over(ProcessId{i}));
  }
  must(!waits || !ended, "all that counts has ended, and it goes on");
}

void Simulation::see(const action::Done& action) {
  done_ = true;
  must(!deadline(situation_), "a timer after the end");
  check_code(action);
}

void Simulation::check_code(const action::Done& done) {
  must(done.signal == first_signal_ || (done.signal == 0 && now_ >= kLongLife), "it dies of another signal");
  if (done.signal != 0) return;
  const Failure* first = nullptr;
  for (const Failure& failure : failures_) {
    const bool always =
        failure.why == Why::kUnopened || (failure.spawn.valid() && situation_.at(failure.spawn).hangs);
    const bool ignored = !always && failure.spawn.valid() &&
                         cast_.at(cast_.owner(failure.spawn)).on_failure == OnFailure::kIgnore;
    if (!ignored && (first == nullptr || failure.order < first->order)) first = &failure;
  }
  must(done.code == (first == nullptr ? 0 : first->code), "it has another code than its first failure");
}

void Simulation::check_end() {
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
    must(state.unhealthy == truth.unhealthy, "it is healthy where it is not");
    must(!(state.unready || state.unhealthy) || verdict == Verdict::kFailed, "not ready, and no failure");
    if (truth.exited && truth.exit == Exit{} && !state.timed_out && !state.unready && !state.unhealthy)
      must(verdict == Verdict::kSucceeded, "a success was judged otherwise");
    if (verdict == Verdict::kCutOff)
      must(truth.exit.signal == SIGPIPE || truth.exit.code == 141, "cut off without SIGPIPE");
    if (verdict == Verdict::kStopped) must(truth.asked, "stopped, though nobody asked it");
  }
  for (const int ended : writers_ended_) must(ended == 1, "a channel without end of data");
  for (const int ended : readers_ended_) must(ended == 1, "a channel without end of readers");
}

void Simulation::must(bool holds, const std::string& what) {
  if (!holds) breaches_ += what + '\n';
}

}  // namespace procgraph
