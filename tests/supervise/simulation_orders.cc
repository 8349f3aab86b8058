// Somebody outside, who stops the run or some of its processes, or starts them again.
#include "simulation.h"

namespace procgraph {

void Simulation::order_something() {
  const SpawnId id{below(static_cast<std::uint32_t>(truth_.size()))};
  if (chance(10)) return order_stop();
  chance(50) ? order_end(id) : order_restart(id);
}

void Simulation::order_stop() {
  const bool force = chance(30);
  ordered_ = ordered_ || force || situation_.stop.mode == Mode::kNone;
  quit_ = quit_ || force;
  tell(event::StopOrder{force});
}

void Simulation::order_end(SpawnId id) {
  const bool can = order_refused(cast_, situation_, id, Order::kEnd).empty();
  truth_[id.value].dismissed = truth_[id.value].dismissed || can;
  tell(event::EndOrder{{id}});
  must(!can || !truth_[id.value].alive() || truth_[id.value].asked, "it is to end, and runs on");
}

void Simulation::order_restart(SpawnId id) {
  Truth& truth = truth_[id.value];
  const bool can = order_refused(cast_, situation_, id, Order::kRestart).empty();
  const bool runs = can && truth.alive() && !truth.asked;
  if (runs) truth.recalled = true;
  if (can && truth.resting) truth.due = now_;
  tell(event::RestartOrder{{id}});
  must(!runs || truth.asked, "it is to be started again, and runs on");
}

void Simulation::see(const action::Dismissed&) {
  ++dismissals_;
}

}  // namespace procgraph
