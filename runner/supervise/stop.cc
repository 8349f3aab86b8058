// How a graph stops: in order, at once, or by force.
#include <cerrno>
#include <csignal>
#include <utility>

#include "supervise/turn.h"

namespace procgraph {
namespace {

// A tool that signals guard and runner both must not force.
constexpr Duration kOnePress = std::chrono::milliseconds(500);

}  // namespace

void Turn::take(const event::StopSignal& event) {
  if (state_.dies_of == 0) state_.dies_of = event.signal;
  if (event.signal == SIGQUIT) {
    stop(Mode::kKill, Reason::kForced, event.signal);
    return skip_finale();
  }
  // What somebody has ordered already is pressed for.
  const bool first = !state_.last_press && (!state_.stop.ordered || state_.ending);
  const bool too_soon = state_.last_press && now_ - *state_.last_press < kOnePress;
  if (!first && (event.signal == SIGHUP || too_soon)) return;
  state_.last_press = now_;
  stop(first ? Mode::kInOrder : Mode::kKill, first ? Reason::kSignal : Reason::kForced, event.signal);
}

void Turn::take(const event::StdoutLost& event) {
  if (event.error != EPIPE) {
    record({.order = ++state_.order, .why = Why::kOutput, .code = 71}, OnFailure::kFinish);
  } else if (state_.dies_of == 0) {
    state_.dies_of = SIGPIPE;
  }
  stop(Mode::kInOrder, Reason::kStdoutLost);
}

// A stop that is under way gives way to force only: what fails while the rest drains has cost enough already.
void Turn::stop(Mode mode, Reason reason, int signal) {
  StopState& stop = state_.stop;
  const bool first = stop.mode == Mode::kNone;
  if (!first && (mode != Mode::kKill || stop.mode == Mode::kKill)) return;
  stop.mode = mode;
  stop.forced = mode == Mode::kKill;
  if (state_.left > 0 || (state_.ending && state_.last > 0)) emit(action::Stopping{reason, signal});
  if (first) skip_rest();
  using Kind = Deadlines::Kind;
  for (const Kind kind : {Kind::kGraphTimeout, Kind::kDrained, Kind::kAll, Kind::kEnd})
    state_.deadlines.clear(kind);
  if (mode != Mode::kInOrder) stop.drained = true;  // nobody's readers are waited for
  leave_outside();
  if (mode == Mode::kKill) {
    if (state_.ending) skip_finale();
    return move_all(life::Input::kForce);
  }
  state_.deadlines.set(now_ + cast_.grace, Kind::kEnd);
  if (mode == Mode::kInOrder) {
    state_.deadlines.set(now_ + cast_.grace / 2, Kind::kDrained);
    state_.deadlines.set(now_ + cast_.grace * 3 / 4, Kind::kAll);
  }
  press_ = true;
}

// The ends of programs outside the graph, as far as the stop has come.
void Turn::leave_outside() {
  for (std::uint32_t i = 0; i < cast_.edges.size(); ++i) {
    if (cast_.edges[i].outside_writes || cast_.edges[i].outside_reads) look_at(ChannelId{i});
  }
}

void Turn::skip_rest() {
  for (std::uint32_t i = 0; i < cast_.roles.size(); ++i) {
    if (!cast_.roles[i].finally) skip_rest_of(ProcessId{i});
  }
  for (std::uint32_t i = 0; i < cast_.owners.size(); ++i) {
    if (!cast_.at(cast_.owners[i]).finally) release(SpawnId{i});
  }
}

// The stop is over, and what it did so far concerned the others: who presses from here on means these.
void Turn::begin_finale() {
  if (state_.ending || state_.last == 0) return;
  using Kind = Deadlines::Kind;
  for (const Kind kind : {Kind::kGraphTimeout, Kind::kDrained, Kind::kAll, Kind::kEnd})
    state_.deadlines.clear(kind);
  state_.stop.mode = Mode::kInOrder;  // nothing is started again
  state_.ending = ending();
  emit(action::Finale{*state_.ending});
  for (std::uint32_t i = 0; i < cast_.groups.size(); ++i) consider(i);
}

Ending Turn::ending() const {
  Ending ending{.code = state_.first ? state_.first->code : 0, .failed = state_.failed};
  if (state_.dies_of != 0) {
    ending.how = How::kStopped;
    ending.code = 128 + state_.dies_of;
  } else if (state_.first) {
    ending.how = state_.first->why == Why::kGraphTimeout ? How::kTimeout : How::kFailure;
  } else if (state_.stop.ordered) {
    ending.how = How::kStopped;
  }
  return ending;
}

// Those that have not started.
void Turn::skip_finale() {
  for (std::uint32_t i = 0; i < cast_.roles.size(); ++i) {
    if (cast_.roles[i].finally) skip_rest_of(ProcessId{i});
  }
}

// What has not started never will, and nothing is started again.
void Turn::skip_rest_of(ProcessId id) {
  const Role& role = cast_.at(id);
  std::uint32_t skipped = 0;
  for (SpawnId spawn{role.first}; spawn.value < role.first + role.count; ++spawn.value) {
    const life::State life = at(spawn).life;
    if (life == life::State::kResting || life == life::State::kHeld) move(spawn, life::Input::kStop);
    if (life != life::State::kWaiting && life != life::State::kQueued && life != life::State::kDelayed)
      continue;
    move(spawn, life::Input::kStop);
    ++skipped;
  }
  if (skipped == 0 || skipped < role.count) return;
  at(id).skipped = true;
  emit(action::Skipped{id, {}});
}

void Turn::press() {
  if (!std::exchange(press_, false) || state_.ending) return;
  StopState& stop = state_.stop;
  if (stop.mode == Mode::kAtOnce || (stop.mode == Mode::kInOrder && stop.all))
    return move_all(life::Input::kStop);
  if (stop.mode != Mode::kInOrder) return;
  while (stop.front < cast_.ranks.size() && state_.ranks[stop.front] == 0) ++stop.front;
  if (stop.front == cast_.ranks.size()) return;
  // One that reads ends by itself once its writers have: it is asked only when half of the grace has not been
  // enough.
  for (const ProcessId id : cast_.ranks[stop.front]) {
    if (stop.drained || cast_.at(id).reads.empty()) move_role(id, life::Input::kStop);
  }
}

void Turn::finish() {
  if (state_.left > 0 || state_.last > 0 || state_.done) return;
  state_.done = true;
  leave_outside();
  state_.deadlines = {};
  if (state_.dies_of != 0) return emit(action::Done{.signal = state_.dies_of});
  emit(action::Done{.code = state_.first ? state_.first->code : 0});
}

}  // namespace procgraph
