// Simulation: one run of a random graph under the brain, with processes, sessions, signals and timers that
// behave as a seed says. It knows the rules only as things that must never be otherwise; each breach is one
// line of text.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "supervise/step.h"

namespace procgraph {

inline bool writes(const Cast& cast, SpawnId id) {
  return !cast.at(cast.owner(id)).writes.empty();
}
inline bool reads(const Cast& cast, SpawnId id) {
  return !cast.at(cast.owner(id)).reads.empty();
}

inline constexpr Duration kLateness = std::chrono::milliseconds(5);  // of a timer
inline constexpr Duration kLongLife = std::chrono::minutes(10);      // then somebody presses Ctrl-C

class Simulation {
 public:
  // What decides: step(), or one with a bug that is to be found.
  using Brain = std::function<Actions(const Cast&, Situation&, const Event&, Instant)>;

  // `orders`: somebody outside acts on the run as well.
  explicit Simulation(std::uint64_t seed, Brain brain = step, bool orders = false);

  // Until the brain says Done, or cannot. The breaches, one a line; empty: all is well.
  std::string run();
  [[nodiscard]] std::size_t events() const { return events_; }
  [[nodiscard]] const Cast& cast() const { return cast_; }
  [[nodiscard]] const Situation& situation() const { return situation_; }
  [[nodiscard]] std::size_t restarts() const { return restarts_; }
  [[nodiscard]] std::size_t dismissals() const { return dismissals_; }
  [[nodiscard]] std::size_t recalls() const { return recalls_; }
  [[nodiscard]] std::size_t probes() const { return probes_; }  // events of readiness and health

 private:
  // What has really happened to a spawn, in its last life if not in all of them.
  struct Truth {
    bool ordered = false, started = false, exited = false, empty = false;
    bool asked = false, killed = false, reaped = false, gone = false, reader_gone = false;
    bool looked = false;  // at its ports
    bool ready = false, was_ready = false, probed = false, unhealthy = false;
    bool purged = false;  // what is left of its session was killed
    bool stubborn = false, leaves = false;
    bool hangs = false, abandoned = false;  // a KILL does not end it; nobody waits for it any more
    int released = 0;
    Instant asked_at{}, exited_at{};
    Exit exit;
    bool overdue = false;                // it was told so
    bool unread = false, ended = false;  // what was said of its channels
    // Of its restarts:
    int life = 0;                   // how many there were before this one
    bool told = false;              // that it is ready
    Instant ready_by{};             // with the patience that it has asked for
    Instant started_at{}, due{};    // the next start
    bool resting = false;           // it is to be started again
    bool returns = false;           // its end calls for that
    bool recalled = false;          // it is to start again with another process, or by an order
    bool dismissed = false;         // it is to end, and not to start again, by an order
    std::uint32_t row = 0;          // of short lives
    std::vector<Instant> restarts;  // when

    [[nodiscard]] bool alive() const { return started && !exited && !abandoned; }
    [[nodiscard]] bool left() const { return exited && !empty && !abandoned; }
  };

  void make_cast();
  void make_role(std::uint32_t index, std::uint32_t channels);
  void make_need(Role& role, std::uint32_t other);
  void make_policy(RestartPolicy& policy);
  void schedule_the_outside();
  void order_something();
  void order_stop();
  void order_end(SpawnId id);
  void order_restart(SpawnId id);

  void tell(const Event& event);
  void at(Instant when, std::function<void()> what);
  void after(Duration most, std::function<void()> what) { at(now_ + some(most), std::move(what)); }
  // Unless another life has begun by then.
  void in_this_life(SpawnId id, Duration most, std::function<void()> what);
  [[nodiscard]] bool must_return(SpawnId id) const;
  [[nodiscard]] bool must_go_with(SpawnId id) const;
  [[nodiscard]] bool has_succeeded(SpawnId id) const;
  [[nodiscard]] bool is_done_with(SpawnId id) const;
  [[nodiscard]] bool has_lost_another(SpawnId id) const;
  [[nodiscard]] bool rests(SpawnId id) const {
    return truth_[id.value].resting && !life::over(situation_.at(id).life);
  }
  void recall_those_with(ProcessId id);
  void forget_life(SpawnId id, Instant due);
  [[nodiscard]] bool is_there(const Need& need) const;
  void try_launch(SpawnId id);
  void exit(SpawnId id, Exit exit);
  void be_empty(SpawnId id);

  void see(const action::Launch& action);
  void see(const action::Ask& action);
  void see(const action::Kill& action);
  void see(const action::Sweep& action);
  void see(const action::Inspect& action);
  void see(const action::LetGo& action);
  void see(const action::LookAtPorts& action);
  void see(const action::Reap& action);
  void see(const action::Release& action);
  void see(const action::WriterGone& action);
  void see(const action::ReaderGone& action);
  void see(const action::EndWriters& action);
  void see(const action::EndReaders& action);
  void see(const action::Restarting& action);
  void see(const action::Recalled& action);
  void see(const action::Dismissed& action);
  void see(const action::AwaitReady& action);
  void see(const action::Ready& action);
  void see(const action::AskNoMore& action);
  void be_ready(SpawnId id);
  void be_unhealthy(SpawnId id);
  void ask_for_patience(SpawnId id);
  void see(const action::Failed& action);
  void see(const action::Skipped& action);
  void see(const action::Stopping& action);
  void see(const action::Finale& action);
  void see(const action::Done& action);
  [[nodiscard]] bool has_to_end(SpawnId id) const;
  void check_graces();
  void check_reach();
  void check_readiness();
  [[nodiscard]] bool holds(const Need& need) const;
  void check_progress();
  void check_restarts();
  void check_together();
  void check_end();
  void check_code(const action::Done& done);
  void check_finale();
  [[nodiscard]] int code_so_far() const;
  [[nodiscard]] bool came_true(const Need& need) const;

  void must(bool holds, const std::string& what);
  [[nodiscard]] bool chance(unsigned percent) { return random_() % 100 < percent; }
  [[nodiscard]] std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  [[nodiscard]] Duration some(Duration most) {
    return Duration(static_cast<Duration::rep>(random_() % static_cast<std::uint64_t>(most.count() + 1)));
  }
  [[nodiscard]] Exit some_exit();
  [[nodiscard]] bool over(ProcessId id) const;
  [[nodiscard]] bool is_last(SpawnId id) const { return cast_.at(cast_.owner(id)).finally; }

  std::mt19937_64 random_;
  const Brain brain_;
  const bool orders_;
  Cast cast_;
  Situation situation_;
  std::vector<Truth> truth_;
  std::vector<int> writers_ended_, readers_ended_;
  std::multimap<Instant, std::function<void()>> agenda_;
  std::vector<Failure> failures_;    // but for those that were spared
  std::vector<std::uint32_t> lost_;  // by process: copies that have failed for good
  Instant now_{};
  std::optional<Instant> stopping_since_;
  bool killing_ = false, at_once_ = false;
  bool finale_ = false, quit_ = false, killing_last_ = false;  // QUIT; a press when only the last were left
  int first_signal_ = 0;
  bool ordered_ = false;  // the stop
  bool done_ = false;
  std::size_t dismissals_ = 0;
  std::size_t events_ = 0, restarts_ = 0, recalls_ = 0, probes_ = 0;
  std::string breaches_;
};

}  // namespace procgraph
