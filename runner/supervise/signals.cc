// The loop's ear: signals and the ends of children.
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "supervise/loop.h"

namespace procgraph {

void Loop::wait_for_signals() {
  signals_.async_wait(boost::asio::posix::descriptor_base::wait_read, [this](
                                                                          boost::system::error_code error) {
    if (error) return;
    std::array<signalfd_siginfo, 16> signals{};
    for (ssize_t size = 0; (size = ::read(signals_.native_handle(), signals.data(), sizeof signals)) > 0;) {
      for (std::size_t i = 0; i < static_cast<std::size_t>(size) / sizeof signals[0]; ++i) take(signals[i]);
    }
    wait_for_signals();
  });
}

void Loop::take(const signalfd_siginfo& signal) {
  const int number = static_cast<int>(signal.ssi_signo);
  switch (number) {
    case SIGCHLD:
      return reap();
    case SIGTSTP:
      return pause();
    case SIGCONT:
      return signal_all(SIGCONT);
    case SIGUSR1:
      narrator_.status(situation_, clock_.now(), draw_waits());
      return outflow_.soon();
    default:
      // What the terminal sends to a job that a script has put into the background is not meant for it.
      if (is_ignored(number) && signal.ssi_code == SI_KERNEL) return;
      if (!outcome_) return tell(event::StopSignal{number});
      // Only our output still waits for its reader, and that is what is given up.
      outcome_->signal = number;
      io_.stop();
  }
}

// All ends first: what they leave behind is looked for when no dead child of ours is left to be seen as
// alive.
void Loop::reap() {
  std::vector<ChildChange> changes;
  while (const auto change = next_change()) changes.push_back(*change);
  // From here on their numbers may be anybody's: nothing must be sent to them, whichever is told first.
  for (const ChildChange& change : changes) {
    const auto found = by_pid_.find(change.pid);
    if (change.ended() && found != by_pid_.end()) live_[found->second.value].child = {};
  }
  leftovers_.children_ended();
  bool stranger = false;
  for (const ChildChange& change : changes) {
    if (prober_ && prober_->take(change)) continue;
    stranger = stranger || !by_pid_.contains(change.pid);
    take(change);
  }
  if (stranger) leftovers_.look_again();
}

void Loop::take(const ChildChange& change) {
  const auto found = by_pid_.find(change.pid);
  if (found == by_pid_.end()) return;
  const SpawnId id = found->second;
  if (change.what == ChildChange::What::kStopped) {
    ends_.sidestep(id);
    return narrator_.stopped(id, change.status);
  }
  if (change.what == ChildChange::What::kContinued) return narrator_.continued(id);
  by_pid_.erase(found);
  hear_last(id);
  const bool killed = change.what == ChildChange::What::kKilled;
  const Exit exit{
      .code = killed ? 0 : change.status, .signal = killed ? change.status : 0, .core = change.core};
  narrator_.exited(id, exit, explain_end(plan_.at(id), opened_, exit.signal, exit.code), clock_.now());
  tell(event::Exited{id, exit, look_for_poison(id)});
}

// What it said before its end counts before its end.
void Loop::hear_last(SpawnId id) {
  const auto& ready = plan_.at(id).ready;
  if (!ready || situation_.at(id).ready) return;
  if (ready->kind == ProbeKind::kLog) logs_.catch_up(id);
  prober_->listen(id);
}

void Loop::signal_all(int signal) {
  std::vector<Family> all = leftovers_.families();
  if (prober_) {
    const std::vector<Family> probes = prober_->families();
    all.insert(all.end(), probes.begin(), probes.end());
  }
  for (const auto& [pid, id] : by_pid_) all.push_back(family(id));
  signal_families(all, leftovers_.orphans(), signal);
}

// Ctrl-Z: everything stops, then we do; time stands still until somebody continues us.
void Loop::pause() {
  const Instant since = clock_.now();
  signal_all(SIGSTOP);
  stop_as_job();
  clock_.resume_from(since);
  attendant_.forgive();
  if (prober_) prober_->forgive();
  if (deadlocks_) deadlocks_->forget();
  signal_all(SIGCONT);
  timer_is_set_.reset();
  set_timer();
}

}  // namespace procgraph
