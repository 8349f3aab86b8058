// Turn: one call of step(). It applies an event to the situation and carries the consequences from process to
// process until nothing moves; the actions that this takes are its result. Private to the brain: step.cc,
// start.cc, again.cc, together.cc, readiness.cc, verdict.cc, stop.cc and orders.cc are its parts.
#pragma once

#include <deque>
#include <utility>
#include <vector>

#include "supervise/situation.h"

namespace procgraph {

class Turn {
 public:
  Turn(const Cast& cast, Situation& situation, Instant now) : cast_(cast), now_(now), state_(situation) {}

  void take(const event::Begin&);
  void take(const event::Started& event);
  void take(const event::Refused& event);
  void take(const event::Exited& event);
  void take(const event::Empty& event);
  void take(const event::Hangs& event);
  void take(const event::Poisoned& event);
  void take(const event::Unopened& event);
  void take(const event::Ready& event);
  void take(const event::Unhealthy& event);
  void take(const event::Patience& event);
  void take(const event::Time&);
  void take(const event::StopSignal& event);
  void take(const event::StdoutLost& event);
  void take(const event::StopOrder& event);
  void take(const event::EndOrder& event);
  void take(const event::RestartOrder& event);
  void take(const event::Overdue& event);
  void take(const event::Died& event);
  void take(const event::Finished& event);
  void take(const event::Deadlocked&);

  // Carries on until nothing moves.
  void settle();
  [[nodiscard]] Actions actions() && { return std::move(actions_); }

 private:
  enum class Hope { kHolds, kOpen, kLost };

  // step.cc: the lifecycle's actions, and what follows from them.
  void move(SpawnId id, life::Input input);
  void move_all(life::Input input);
  void move_role(ProcessId id, life::Input input);
  void apply(SpawnId id, life::Action what);
  void watch(SpawnId id);
  void look_at_ports(SpawnId id);
  void expect_death(SpawnId id);
  void settle_end(SpawnId id);
  void release(SpawnId id);
  void leave(ProcessId id);  // one of its spawns is over
  void delay(SpawnId id);
  void fire(const Deadlines::Key& key);
  [[nodiscard]] SpawnState& at(SpawnId id) { return state_.spawns[id.value]; }
  [[nodiscard]] RoleState& at(ProcessId id) { return state_.roles[id.value]; }
  void emit(Action what) { actions_.push_back(std::move(what)); }
  void changed(ProcessId id) { changed_.push_back(id); }
  // Those that start finally are nobody's concern until all others have ended, and the only ones then.
  [[nodiscard]] bool has_turn(ProcessId id) const {
    return cast_.at(id).finally == state_.ending.has_value();
  }

  // again.cc: the next life.
  [[nodiscard]] bool calls_for_restart(SpawnId id) const;
  [[nodiscard]] bool is_restarted(SpawnId id) const;
  [[nodiscard]] bool may_go_on(const event::Empty& event) const;
  void rest(SpawnId id);
  void forget_life(SpawnId id);
  [[nodiscard]] std::uint64_t roll();
  // together.cc: what starts again when another process does.
  [[nodiscard]] Hope presence(const Need& need) const;
  [[nodiscard]] bool is_to_return(SpawnId id) const;
  [[nodiscard]] bool goes_with_another(SpawnId id) const;
  [[nodiscard]] bool lacks_another(SpawnId id) const;
  [[nodiscard]] bool has_lost_another(ProcessId id) const;
  void recall_those_with(ProcessId id);
  void recall(ProcessId id, ProcessId because);
  void hold(SpawnId id);
  void look_for_others(ProcessId id);
  // readiness.cc: when others may rely on one, and when no longer.
  void await_ready(SpawnId id);
  void become_ready(SpawnId id);
  void ask_no_more(SpawnId id);

  // orders.cc: what somebody outside wants of some processes.
  void end(SpawnId id);
  void start_again(SpawnId id);
  void announce_once(std::vector<ProcessId>& told, SpawnId id, Action what);

  // start.cc: conditions, start groups, skipping; the ends of channels.
  [[nodiscard]] Hope hope(const Need& need) const;
  [[nodiscard]] bool has_begun(ProcessId id) const;
  void consider(std::uint32_t group);
  void begin(ProcessId id);
  [[nodiscard]] bool waiting(ProcessId id) const;
  void skip(ProcessId id, ProcessId because);
  void skip_lost(const std::vector<ProcessId>& group);
  void skip_stuck();
  void give_up_ends(ProcessId id);
  void look_at(ChannelId id);

  // verdict.cc: success, failure, cut off.
  void judge(SpawnId id);
  void conclude(SpawnId id, Verdict verdict);
  void conclude_late(SpawnId id, Verdict verdict);
  void fail(SpawnId id);
  void sever(SpawnId relay);
  [[nodiscard]] Failure failure_of(SpawnId id) const;
  void record(const Failure& failure, OnFailure on_failure);
  void poison(ChannelId id);
  [[nodiscard]] Verdict verdict_of(SpawnId id) const;
  void judge_late();
  [[nodiscard]] bool readers_gone(SpawnId id) const;
  [[nodiscard]] Verdict late_verdict(SpawnId id) const;
  [[nodiscard]] std::vector<SpawnId> closed_circle() const;

  // stop.cc: how a graph stops.
  void stop(Mode mode, Reason reason, int signal = 0);
  void leave_outside();
  void skip_rest();
  void skip_rest_of(ProcessId id);
  void press();  // ask and kill whom the stop has reached
  void begin_finale();
  void skip_finale();
  [[nodiscard]] Ending ending() const;
  void finish();

  const Cast& cast_;
  const Instant now_;
  Situation& state_;
  Actions actions_;
  std::deque<ProcessId> changed_;  // whose consequences are still to be drawn
  bool press_ = false;             // the stop has reached somebody else
};

}  // namespace procgraph
