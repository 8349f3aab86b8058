#include "supervise/step.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "base/check.h"
#include "supervise/turn.h"

namespace procgraph {
namespace {

// The machine refuses to fork for a while: 10 ms, 20 ms … 1 s, some three seconds in all, then it is a
// failure.
constexpr unsigned kTries = 10;
constexpr Duration kFirstDelay = std::chrono::milliseconds(10);
constexpr Duration kLongestDelay = std::chrono::seconds(1);

constexpr int kDeadlock = 75;

constexpr Duration kPortsOpen = std::chrono::seconds(10);
// After a KILL. Who is still there may have much memory to give back, or hang in the kernel.
constexpr Duration kDeath = std::chrono::seconds(5);

}  // namespace

Actions step(const Cast& cast, Situation& situation, const Event& event, Instant now) {
  Turn turn(cast, situation, now);
  std::visit([&](const auto& what) { turn.take(what); }, event);
  turn.settle();
  return std::move(turn).actions();
}

std::optional<Instant> deadline(const Situation& situation) {
  return situation.deadlines.next();
}

bool wanted(const Situation& situation, SpawnId spawn) {
  const SpawnState& state = situation.at(spawn);
  return state.ordered && (state.life == life::State::kQueued || state.life == life::State::kResting);
}

void Turn::take(const event::Begin&) {
  if (cast_.timeout) state_.deadlines.set(now_ + *cast_.timeout, Deadlines::Kind::kGraphTimeout);
  for (std::uint32_t i = 0; i < cast_.edges.size(); ++i) look_at(ChannelId{i});
  for (std::uint32_t i = 0; i < cast_.groups.size(); ++i) consider(i);
}

void Turn::take(const event::Started& event) {
  at(event.spawn).ordered = false;
  move(event.spawn, life::Input::kStarted);
}

void Turn::take(const event::Refused& event) {
  SpawnState& spawn = at(event.spawn);
  spawn.ordered = false;
  if (event.passing && ++spawn.tries < kTries) {
    move(event.spawn, life::Input::kRetry);
    return;
  }
  spawn.refusal = event.code;
  spawn.order = ++state_.order;
  move(event.spawn, is_restarted(event.spawn) ? life::Input::kAgain : life::Input::kRefused);
}

void Turn::take(const event::Exited& event) {
  for (const ChannelId channel : event.poisoned) poison(channel);  // the cause comes before the death
  SpawnState& spawn = at(event.spawn);
  spawn.exit = event.exit;
  spawn.ran = now_ - spawn.since;
  spawn.order = ++state_.order;
  move(event.spawn, life::Input::kExited);
}

void Turn::take(const event::Empty& event) {
  SpawnState& spawn = at(event.spawn);
  spawn.renounced = spawn.returns && (state_.stop.mode != Mode::kNone || spawn.dismissed);
  if (!may_go_on(event)) return move(event.spawn, life::Input::kEmpty);
  move(event.spawn, goes_with_another(event.spawn) ? life::Input::kHold
                    : is_restarted(event.spawn)    ? life::Input::kAgain
                                                   : life::Input::kEmpty);
}

void Turn::take(const event::Hangs& event) {
  move(event.spawn, life::Input::kHangs);
}

void Turn::take(const event::Poisoned& event) {
  poison(event.channel);
}

void Turn::take(const event::Unopened& event) {
  if (!cast_.strict) return;
  record({.order = ++state_.order, .spawn = event.spawn, .why = Why::kUnopened, .code = 78},
         OnFailure::kStop);
}

void Turn::take(const event::Overdue& event) {
  if (at(event.spawn).life != life::State::kRunning) return;
  at(event.spawn).overdue = true;
  move(event.spawn, life::Input::kStop);
}

void Turn::take(const event::Died& event) {
  const Edge& edge = cast_.at(event.channel);
  if (!edge.dead_letter.valid()) {
    record({.order = ++state_.order, .channel = event.channel, .why = Why::kDeadMessage, .code = 65},
           OnFailure::kStop);
    return;
  }
  if (!edge.letters_fail || std::exchange(state_.dead_letters, true)) return;
  record({.order = ++state_.order, .channel = event.channel, .why = Why::kDeadLetters, .code = 65},
         OnFailure::kFinish);
}

void Turn::take(const event::Finished& event) {
  const ChannelId target = cast_.at(event.channel).dead_letter;
  if (!target.valid()) return;
  --state_.edges[target.value].feeders;
  look_at(target);
}

// Where they are to run on after a failure, too: these do not.
void Turn::take(const event::Deadlocked&) {
  if (state_.stop.mode != Mode::kNone) return;
  record({.order = ++state_.order, .why = Why::kDeadlock, .code = kDeadlock}, OnFailure::kFinish);
  stop(Mode::kAtOnce, Reason::kFailure);
}

void Turn::take(const event::Time&) {
  while (const auto key = state_.deadlines.take(now_)) fire(*key);
}

void Turn::fire(const Deadlines::Key& key) {
  const auto [kind, subject] = key;
  const SpawnId id{subject};
  switch (kind) {
    case Deadlines::Kind::kRetry:
      return move(id, lacks_another(id) ? life::Input::kHold : life::Input::kDue);
    case Deadlines::Kind::kGrace:
      return move(id, life::Input::kTooLong);
    case Deadlines::Kind::kTimeout:
      at(id).timed_out = true;
      return move(id, life::Input::kStop);
    case Deadlines::Kind::kReady:
      at(id).unready = true;
      return move(id, life::Input::kStop);
    case Deadlines::Kind::kPorts:
      return look_at_ports(id);
    case Deadlines::Kind::kDeath:
      emit(action::Inspect{id});
      return expect_death(id);
    case Deadlines::Kind::kGraphTimeout:
      record({.order = ++state_.order, .why = Why::kGraphTimeout, .code = 124}, OnFailure::kFinish);
      return stop(Mode::kAtOnce, Reason::kTimeout);
    case Deadlines::Kind::kDrained:
      state_.stop.drained = press_ = true;
      return leave_outside();
    case Deadlines::Kind::kAll:
      state_.stop.all = press_ = true;
      return;
    case Deadlines::Kind::kEnd:
      return move_all(life::Input::kForce);
  }
}

void Turn::move(SpawnId id, life::Input input) {
  SpawnState& spawn = at(id);
  const life::Cell cell = life::at(spawn.life, input);
  check(cell.action != life::Action::kImpossible, "spawn {}: {} while {}", id.value, life::name(input),
        life::name(spawn.life));
  state_.busy += life::busy(cell.next);
  state_.busy -= life::busy(spawn.life);
  spawn.life = cell.next;
  apply(id, cell.action);
}

void Turn::move_all(life::Input input) {
  for (std::uint32_t i = 0; i < cast_.owners.size(); ++i) {
    if (has_turn(cast_.owners[i])) move(SpawnId{i}, input);
  }
}

void Turn::move_role(ProcessId id, life::Input input) {
  const Role& role = cast_.at(id);
  for (std::uint32_t i = role.first; i < role.first + role.count; ++i) move(SpawnId{i}, input);
}

void Turn::apply(SpawnId id, life::Action what) {
  SpawnState& spawn = at(id);
  const Role& role = cast_.at(cast_.owner(id));
  const auto start_grace = [&] { state_.deadlines.set(now_ + role.grace, Deadlines::Kind::kGrace, id); };
  switch (what) {
    case life::Action::kImpossible:
    case life::Action::kNothing:
      return;
    case life::Action::kLaunch:
      spawn.ordered = true;
      return emit(action::Launch{id});
    case life::Action::kDelay:
      return delay(id);
    case life::Action::kWatch:
      return watch(id);
    case life::Action::kGiveUp:
    case life::Action::kRefuse:
      state_.deadlines.clear(Deadlines::Kind::kRetry, id);
      if (spawn.lives.starts == 0) ++at(cast_.owner(id)).never_started;
      return settle_end(id);
    case life::Action::kAsk:
      spawn.asked = true;
      state_.deadlines.clear(Deadlines::Kind::kTimeout, id);
      state_.deadlines.clear(Deadlines::Kind::kPorts, id);
      ask_no_more(id);
      start_grace();
      return emit(action::Ask{id, role.stop_signal});
    case life::Action::kKill:
      spawn.asked = spawn.killed = true;
      state_.deadlines.clear(Deadlines::Kind::kTimeout, id);
      state_.deadlines.clear(Deadlines::Kind::kPorts, id);
      state_.deadlines.clear(Deadlines::Kind::kGrace, id);
      ask_no_more(id);
      expect_death(id);
      return emit(action::Kill{id});
    case life::Action::kSweep:
      state_.deadlines.clear(Deadlines::Kind::kTimeout, id);
      state_.deadlines.clear(Deadlines::Kind::kPorts, id);
      ask_no_more(id);
      spawn.returns = goes_with_another(id) || is_restarted(id);
      // One that failed may not have come so far.
      if (!spawn.asked && !spawn.returns && verdict_of(id) == Verdict::kSucceeded) look_at_ports(id);
      start_grace();
      emit(action::Reap{id});
      return emit(action::Sweep{id, role.stop_signal});
    case life::Action::kPurge:
      spawn.returns = goes_with_another(id) || is_restarted(id);
      expect_death(id);
      emit(action::Reap{id});
      return emit(action::Sweep{id, SIGKILL});
    case life::Action::kClear:
      state_.deadlines.clear(Deadlines::Kind::kGrace, id);
      expect_death(id);
      return emit(action::Sweep{id, SIGKILL});
    case life::Action::kAbandon:
      spawn.hangs = true;
      spawn.order = ++state_.order;
      emit(action::LetGo{id});
      return settle_end(id);
    case life::Action::kLetGo:
      emit(action::LetGo{id});
      return settle_end(id);
    case life::Action::kSettle:
      return settle_end(id);
    case life::Action::kRest:
      return rest(id);
    case life::Action::kHold:
      return hold(id);
    case life::Action::kWithdraw:
      spawn.ordered = false;
      return look_for_others(cast_.owner(id));
    case life::Action::kRenounce:
      state_.deadlines.clear(Deadlines::Kind::kRetry, id);
      spawn.renounced = true;
      return settle_end(id);
  }
}

void Turn::delay(SpawnId id) {
  const Duration wait = std::min(kFirstDelay * (1 << std::min(at(id).tries - 1, 10U)), kLongestDelay);
  state_.deadlines.set(now_ + wait, Deadlines::Kind::kRetry, id);
}

void Turn::watch(SpawnId id) {
  const ProcessId owner = cast_.owner(id);
  const Role& role = cast_.at(owner);
  SpawnState& spawn = at(id);
  if (!role.returns()) release(id);
  if (spawn.lives.starts++ == 0) --at(owner).unstarted;
  spawn.since = now_;
  if (role.timeout) state_.deadlines.set(now_ + *role.timeout, Deadlines::Kind::kTimeout, id);
  if (role.opens && !spawn.looked) state_.deadlines.set(now_ + kPortsOpen, Deadlines::Kind::kPorts, id);
  await_ready(id);
  changed(owner);
}

// No start of it is to come, so nobody needs the runner's copies of its ends: they would hide from its peers
// that it is gone.
void Turn::release(SpawnId id) {
  if (!std::exchange(at(id).released, true)) emit(action::Release{id});
}

void Turn::expect_death(SpawnId id) {
  state_.deadlines.set(now_ + kDeath, Deadlines::Kind::kDeath, id);
}

// Once, at its end or after some time: who has not opened its ports by then is another sort of program.
void Turn::look_at_ports(SpawnId id) {
  if (!cast_.at(cast_.owner(id)).opens || std::exchange(at(id).looked, true)) return;
  state_.deadlines.clear(Deadlines::Kind::kPorts, id);
  emit(action::LookAtPorts{id});
}

void Turn::settle_end(SpawnId id) {
  const ProcessId owner = cast_.owner(id);
  release(id);
  state_.deadlines.clear(Deadlines::Kind::kGrace, id);
  state_.deadlines.clear(Deadlines::Kind::kDeath, id);
  if (!at(id).was_ready) ++at(owner).never_ready;
  if (cast_.at(owner).finally) {
    --state_.last;
  } else {
    --state_.left;
    if (--state_.ranks[cast_.at(owner).rank] == 0) press_ = true;
  }
  if (!cast_.at(owner).writes.empty()) emit(action::WriterGone{id});
  if (!cast_.at(owner).reads.empty()) emit(action::ReaderGone{id});
  if (--at(owner).unended == 0 && cast_.at(owner).counts()) --state_.counting;
  changed(owner);
  judge(id);
}

void Turn::settle() {
  do {
    while (!changed_.empty()) {
      const ProcessId id = changed_.front();
      changed_.pop_front();
      if (at(id).unended == 0) give_up_ends(id);
      if (!state_.late.empty()) judge_late();
      for (const ProcessId dependent : cast_.at(id).dependents) consider(cast_.at(dependent).group);
    }
    if (state_.stop.mode == Mode::kNone && state_.waits && state_.counting == 0)
      stop(Mode::kInOrder, Reason::kComplete);
    if (state_.left == 0) begin_finale();
    if ((state_.stop.mode == Mode::kNone || state_.ending) && state_.busy == 0) skip_stuck();
    press();
  } while (!changed_.empty());
  finish();
}

}  // namespace procgraph
