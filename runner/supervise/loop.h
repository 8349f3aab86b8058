// Loop: the one thread of a run. It turns what the kernel tells (signals, ends of children, readable pipes,
// time) into events of the brain, and the brain's actions into system calls. Decides nothing.
#pragma once

#include <sys/signalfd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "control/server.h"
#include "launch/launch.h"
#include "os/process.h"
#include "supervise/announcer.h"
#include "supervise/attendant.h"
#include "supervise/bell.h"
#include "supervise/cast.h"
#include "supervise/channel_ends.h"
#include "supervise/clock.h"
#include "supervise/deadlock_watch.h"
#include "supervise/desk.h"
#include "supervise/leftovers.h"
#include "supervise/logs.h"
#include "supervise/narrator.h"
#include "supervise/observer.h"
#include "supervise/outflow.h"
#include "supervise/outsiders.h"
#include "supervise/prober.h"
#include "supervise/registrar.h"
#include "supervise/step.h"
#include "supervise/supervise.h"

namespace procgraph {

class Loop {
 public:
  Loop(const Plan& plan, Opened& opened, Journal& reporter, const RunOptions& options, Fd signals);

  Outcome run();

 private:
  // One spawn as the kernel knows it.
  struct Live {
    Child child;  // pid -1: no first process (any more)
    pid_t session = -1;
  };

  void tell(Event event);
  void perform(const action::Launch& action);
  void perform(const action::Ask& action);
  void perform(const action::Kill& action);
  void perform(const action::Sweep& action);
  void perform(const action::Inspect& action);
  void perform(const action::LetGo& action);
  void perform(const action::LookAtPorts& action);
  void perform(const action::AwaitReady& action);
  void perform(const action::Ready& action);
  void perform(const action::AskNoMore& action);
  void perform(const action::Reap& action);
  void perform(const action::Release& action);
  void perform(const action::WriterGone& action);
  void perform(const action::ReaderGone& action);
  void perform(const action::EndWriters& action);
  void perform(const action::EndReaders& action);
  void perform(const action::Restarting& action);
  void perform(const action::Failed& action);
  void perform(const action::Skipped& action);
  void perform(const action::Stopping& action);
  void perform(const action::Recalled& action);
  void perform(const action::Dismissed& action);
  void perform(const action::Finale& action);
  void perform(const action::Done& action);

  void launch_next();
  void start(SpawnId id);
  void refuse(SpawnId id, const SpawnError& error, std::string explanation);
  void lose_stdout(int error);
  void set_timer();
  void attend();
  void set_attendance();

  void empty(SpawnId id);
  void recover(SpawnId id);                 // it is dead: what it held comes back
  void look_after_channels_of(SpawnId id);  // somebody at their ends is dead
  [[nodiscard]] SpawnId spawn_of(pid_t first) const;
  void come(SpawnId id, std::uint16_t number, pid_t pid);
  void go(SpawnId id, std::uint16_t number);
  void hear_readiness();
  void open_door(Journal& journal, const RunOptions& options);
  void leave(std::uint16_t number, const std::set<ChannelId>& channels);  // one from outside
  [[nodiscard]] Desk::Hands hands();
  void see_off();  // those who look at the run, which is over

  [[nodiscard]] std::vector<ChannelId> look_for_poison(SpawnId id);
  [[nodiscard]] bool look_for_poison(ChannelId channel);

  void wait_for_signals();
  void take(const signalfd_siginfo& signal);
  void reap();
  void take(const ChildChange& change);
  void hear_last(SpawnId id);
  void pause();

  [[nodiscard]] SpawnLife life_of(SpawnId id) const;
  [[nodiscard]] Sight look();
  [[nodiscard]] Sight look_and_measure();
  [[nodiscard]] std::string draw_waits();
  void watch_for_deadlocks();
  void take(const Deadlock& deadlock);
  [[nodiscard]] Family family(SpawnId id) const;
  void signal_all(int signal);

  const Plan& plan_;
  Opened& opened_;
  boost::asio::io_context io_{1};
  boost::asio::steady_timer timer_{io_};
  boost::asio::posix::stream_descriptor signals_;
  Clock clock_;
  const Cast cast_;
  Situation situation_;
  const ChannelEnds ends_;
  Observer observer_;
  Logs logs_;
  Narrator narrator_;
  Outflow outflow_;
  Leftovers leftovers_;
  Attendant attendant_;
  boost::asio::steady_timer attendance_{io_};
  std::optional<Attendant::Point> attendance_is_set_;
  // Where there is a roster:
  std::optional<Bell> bell_;
  std::optional<Numbers> numbers_;
  std::optional<Registrar> registrar_;
  std::shared_ptr<Door> door_;                 // where there is a folder for it
  std::optional<Outsiders> outsiders_;         // where a channel is open to them
  std::optional<Desk> desk_;                   // behind the door
  std::optional<Server> visitors_;             // at the desk
  std::optional<Announcer> announcer_;         // where a service manager has started us
  std::optional<Prober> prober_;               // where something is asked of a process
  std::optional<DeadlockWatch> deadlocks_;     // where the graph's shape can hang
  std::vector<Live> live_;                     // by spawn
  std::unordered_map<pid_t, SpawnId> by_pid_;  // first processes that are not reaped
  std::deque<SpawnId> launches_;
  std::deque<Event> events_;
  std::vector<Event> heard_;  // from channels
  bool telling_ = false;
  std::optional<Instant> timer_is_set_;
  std::vector<std::string> ending_;  // the environment of those that start finally
  std::optional<Outcome> outcome_;
};

}  // namespace procgraph
