#include "simulation.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>

namespace procgraph {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLateness = 5ms;    // of a timer
constexpr Duration kLongLife = 10min;  // then somebody presses Ctrl-C

bool writes(const Cast& cast, SpawnId id) {
  return !cast.at(cast.owner(id)).writes.empty();
}

bool reads(const Cast& cast, SpawnId id) {
  return !cast.at(cast.owner(id)).reads.empty();
}

bool is_in(const std::vector<int>& codes, int code) {
  return std::ranges::find(codes, code) != codes.end();
}

int code_of(const Exit& exit) {
  return exit.signal != 0 ? 128 + exit.signal : exit.code;
}

}  // namespace

Simulation::Simulation(std::uint64_t seed) : random_(seed) {
  make_cast();
  situation_ = make_situation(cast_);
  situation_.dice = random_();
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
  if (chance(40)) make_policy(role.restart);
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
  check_progress();
  check_restarts();
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
  must(truth.released == 0, "a launch without its ends of channels");
  must(now_ >= truth.due, "a launch before its time");
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
  truth.returns = must_return(id);
  tell(event::Exited{id, exit});
}

void Simulation::be_empty(SpawnId id) {
  Truth& truth = truth_[id.value];
  if (!truth.left()) return;
  truth.empty = true;
  truth.unread = chance(30);
  truth.ended = chance(30);
  const bool returns = must_return(id), stopping = stopping_since_.has_value();
  tell(event::Empty{id, truth.unread, truth.ended});
  must(!stopping || !truth.returns || situation_.at(id).verdict != Verdict::kFailed,
       "a failure that was to be followed by a restart counts");
  must(truth.resting == returns, returns ? "it is gone for good, though its policy wants it back"
                                         : "it is started again against its policy");
}

// The policy, told once more.
bool Simulation::must_return(SpawnId id) const {
  const Truth& truth = truth_[id.value];
  const Role& role = cast_.at(cast_.owner(id));
  const RestartPolicy& policy = role.restart;
  if (policy.when == Restart::kNever || stopping_since_) return false;
  if (is_in(policy.except, code_of(truth.exit))) return false;
  const auto in_time = [&](Instant when) { return now_ - when < policy.max->within; };
  if (policy.max && std::ranges::count_if(truth.restarts, in_time) >= policy.max->count) return false;
  if (situation_.at(id).timed_out || truth.overdue) return true;
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
  truth = {.looked = truth.looked,
           .stubborn = truth.stubborn,
           .leaves = truth.leaves,
           .hangs = truth.hangs,
           .life = truth.life + 1,
           .due = now_ + action.wait,
           .resting = true,
           .row = truth.row,
           .restarts = std::move(truth.restarts)};
  truth.restarts.push_back(now_);
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
    const bool returns = cast_.at(cast_.owners[i]).restart.restarts();
    must(!truth.resting || truth.ordered || over || now_ <= truth.due + 1s + kLateness,
         "it is never started again");
    must(!over || truth.released == 1, "its ends are held, though it has ended for good");
    must(!stopping_since_ || truth.released == 1, "its ends are held, though the graph stops");
    must(!returns || over || stopping_since_ || truth.released == 0,
         "its ends are let go of, though it may be started again");
  }
}

void Simulation::see(const action::Ask& action) {
  Truth& truth = truth_[action.spawn.value];
  must(truth.alive() && !truth.asked && !truth.killed, "asked, though it is not there or was asked before");
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
    must(!truth_[i].started && truth_[i].life == 0, "skipped, though it has started");
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
  std::uint32_t front = 0;
  while (front < situation_.ranks.size() && situation_.ranks[front] == 0) ++front;
  for (std::uint32_t i = 0; i < truth_.size(); ++i) {
    const Role& role = cast_.at(cast_.owners[i]);
    const bool reached = at_once_ || (role.rank == front && role.reads.empty());
    must(!reached || !truth_[i].alive() || truth_[i].asked, "the stop does not reach it");
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
    const bool renounced = situation_.spawns[i].renounced;
    must(!truth.resting || stopping_since_ || truth.life == 0 || verdict == Verdict::kFailed,
         "it was to be started again, and never was");
    if (truth.exited && truth.exit == Exit{} && !situation_.spawns[i].timed_out && !truth.overdue &&
        !renounced)
      must(verdict == Verdict::kSucceeded, "a success was judged otherwise");
    if (verdict == Verdict::kCutOff)
      must(truth.exit.signal == SIGPIPE || truth.exit.code == 141, "cut off without SIGPIPE");
    if (verdict == Verdict::kStopped) must(truth.asked || renounced, "stopped, though nobody asked it");
    must(!renounced || (stopping_since_ && cast_.at(cast_.owners[i]).restart.restarts()),
         "wrongly renounced");
  }
  for (const int ended : writers_ended_) must(ended == 1, "a channel without end of data");
  for (const int ended : readers_ended_) must(ended == 1, "a channel without end of readers");
}

void Simulation::must(bool holds, const std::string& what) {
  if (!holds) breaches_ += what + '\n';
}

}  // namespace procgraph
