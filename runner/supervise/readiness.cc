// When others may rely on a process, and when it is found not to work any more.
#include <utility>

#include "supervise/turn.h"

namespace procgraph {

void Turn::await_ready(SpawnId id) {
  const Role& role = cast_.at(cast_.owner(id));
  at(id).probed = role.ready || role.health;
  if (!role.ready) return become_ready(id);
  state_.deadlines.set(now_ + *role.ready, Deadlines::Kind::kReady, id);
  emit(action::AwaitReady{id});
}

void Turn::become_ready(SpawnId id) {
  const ProcessId owner = cast_.owner(id);
  at(id).ready = true;
  if (!std::exchange(at(id).was_ready, true)) --at(owner).unready;
  state_.deadlines.clear(Deadlines::Kind::kReady, id);
  if (at(id).probed) emit(action::Ready{id});
  changed(owner);
}

void Turn::ask_no_more(SpawnId id) {
  state_.deadlines.clear(Deadlines::Kind::kReady, id);
  if (std::exchange(at(id).probed, false)) emit(action::AskNoMore{id});
}

// What one says that is asked to end does not count any more.
void Turn::take(const event::Ready& event) {
  if (at(event.spawn).life == life::State::kRunning && !at(event.spawn).ready) become_ready(event.spawn);
}

void Turn::take(const event::Unhealthy& event) {
  if (at(event.spawn).life != life::State::kRunning) return;
  at(event.spawn).unhealthy = true;
  move(event.spawn, life::Input::kStop);
}

// It never shortens the time that the file gives. Who is ready, or asked to end, has none any more.
void Turn::take(const event::Patience& event) {
  const auto until = state_.deadlines.of(Deadlines::Kind::kReady, event.spawn);
  if (until && *until < now_ + event.more)
    state_.deadlines.set(now_ + event.more, Deadlines::Kind::kReady, event.spawn);
}

}  // namespace procgraph
