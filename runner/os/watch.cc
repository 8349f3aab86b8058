#include "os/watch.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace procgraph {
namespace {

constexpr std::array kForwarded{SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGTSTP};

}  // namespace

sigset_t every_signal() {
  sigset_t all;
  ::sigfillset(&all);
  return all;
}

Watch::Watch(pid_t below, Hears hears) : below_(below), hears_(std::move(hears)) {}

std::optional<ChildChange> Watch::wait_for_end() {
  const sigset_t all = every_signal();
  while (!end_) {
    siginfo_t info{};
    const int signal = ::sigwaitinfo(&all, &info);
    if (signal == SIGCHLD) {
      take_changes();
    } else if (signal == SIGCONT) {
      if (hears_.orphaned && hears_.orphaned()) return {};
      pass_on_continuation();
    } else if (signal == SIGIO && hears_.message_came) {
      hears_.message_came();
    } else if (signal > 0) {
      forward(signal, info);
    }
  }
  return end_;
}

// True if it has changed its state since the last call.
bool Watch::take_changes() {
  bool any = false, stopped_now = false;
  while (const auto change = next_change()) {
    if (change->pid != below_) continue;  // a child that was there before us
    any = true;
    stopped_ = stopped_now = change->what == ChildChange::What::kStopped;
    if (change->ended()) end_ = change;
  }
  if (stopped_now && !end_) stop_as_job();
  return any;
}

// A shell continues the whole group; then the one below has moved already, and may even have been stopped
// again. A second SIGCONT would undo that.
void Watch::pass_on_continuation() {
  if (!take_changes() && stopped_) ::kill(below_, SIGCONT);
}

// What a guard above us hands on says who has sent it.
void Watch::forward(int signal, const siginfo_t& info) const {
  const bool from_terminal = info.si_code == SI_KERNEL;  // the one below got it too
  const bool wanted = std::ranges::find(kForwarded, signal) != kForwarded.end();
  if (!wanted || from_terminal || (signal == SIGHUP && hangup_ignored_)) return;
  const bool handed_on = info.si_code == SI_QUEUE && info.si_pid == ::getppid();
  ::sigqueue(below_, signal, sigval{.sival_int = handed_on ? info.si_value.sival_int : info.si_pid});
}

void stop_as_job() {
  sigset_t pending;
  ::sigpending(&pending);
  if (::sigismember(&pending, SIGCONT) == 1) return;  // already continued: the stop would discard that
  sigset_t stop, before;
  ::sigemptyset(&stop);
  ::sigaddset(&stop, SIGTSTP);
  ::raise(SIGTSTP);
  ::pthread_sigmask(SIG_UNBLOCK, &stop, &before);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace procgraph
