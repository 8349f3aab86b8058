#include "os/guard.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "os/control_groups.h"
#include "os/descendants.h"
#include "os/fd.h"
#include "os/process.h"
#include "os/spawn.h"

namespace procgraph {
namespace {

constexpr int kOperatingSystemError = 71;
constexpr std::array kForwarded{SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGTSTP};
// What a person or the runner itself may end it with; any other signal is an accident that is worth a line.
constexpr std::array kOrdinaryDeaths{SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE};

template <std::size_t n>
bool contains(const std::array<int, n>& signals, int signal) {
  return std::ranges::find(signals, signal) != signals.end();
}

void say(const std::string& line) {
  const std::string text = "procgraph: " + line + "\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

// Ends all, and names whom nobody can end.
void end_all(std::span<const pid_t> spared) {
  const std::vector<pid_t> hanging = end_descendants(spared);
  if (hanging.empty()) return;
  say(fmt::format("killed, but not let go by the kernel (state D): {}; {} when the call returns",
                  fmt::join(hanging, ", "), hanging.size() == 1 ? "it ends" : "they end"));
}

sigset_t every_signal() {
  sigset_t all;
  ::sigfillset(&all);
  return all;
}

[[noreturn]] void die_of(int signal) {
  const rlimit no_core{};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::signal(signal, SIG_DFL);
  sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, signal);
  ::raise(signal);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  ::_exit(128 + signal);  // of a signal that does not kill
}

// In a thread of the runner: returns when the guard is gone. The thread gets a table of descriptors of its
// own, so that it keeps none of the graph's open, and has room for its work whatever the runner has used up.
void wait_for_guards_death(pid_t guard) {
  if (::unshare(CLONE_FILES) == 0) ::syscall(SYS_close_range, 3U, ~0U, 0U);
  const Result<Fd> process = open_pidfd(guard);
  if (!process || ::getppid() != guard) return;
  pollfd wait{process->get(), POLLIN, 0};
  while (::poll(&wait, 1, -1) < 0 && errno == EINTR) {
  }
}

void outlive(pid_t guard) {
  wait_for_guards_death(guard);
  say("the guard is gone; its graph is killed");
  // The main thread may be starting processes. A child that hangs before its exec is among those killed.
  while (!end_spawning()) kill_children({});
  end_all({});
  remove_control_groups(::getpid());
  ::_exit(kOperatingSystemError);
}

[[noreturn]] void be_runner(pid_t guard, const sigset_t& mask, const std::function<Outcome()>& run) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  // Continues a runner that is stopped, so that its thread can do its work; else it does nothing.
  ::prctl(PR_SET_PDEATHSIG, SIGCONT);
  std::thread(outlive, guard).detach();  // it keeps every signal blocked
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  const Outcome outcome = run();
  // With the guard gone the end belongs to the thread: whoever is left dies first.
  while (::getppid() != guard) ::pause();
  end_as(outcome);
}

// The guard must not be the one that keeps a pipe open. Its stderr stays, for its own words.
void let_go_of_descriptors() {
  const int null = ::open("/dev/null", O_RDWR);
  if (null >= 0) {
    ::dup2(null, STDIN_FILENO);
    ::dup2(null, STDOUT_FILENO);
  }
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
}

// What the guard does while the runner lives.
class Watch {
 public:
  explicit Watch(pid_t runner) : runner_(runner) {}

  // Returns how the runner ended.
  ChildChange wait_for_end() {
    const sigset_t all = every_signal();
    while (!end_) {
      siginfo_t info{};
      const int signal = ::sigwaitinfo(&all, &info);
      if (signal == SIGCHLD) {
        take_changes();
      } else if (signal == SIGCONT) {
        pass_on_continuation();
      } else if (signal > 0) {
        forward(signal, info);
      }
    }
    return *end_;
  }

 private:
  // True if the runner has changed its state since the last call.
  bool take_changes() {
    bool any = false, stopped_now = false;
    while (const auto change = next_change()) {
      if (change->pid != runner_) continue;  // a child that was there before us
      any = true;
      stopped_ = stopped_now = change->what == ChildChange::What::kStopped;
      if (change->ended()) end_ = change;
    }
    if (stopped_now && !end_) stop_as_job();
    return any;
  }

  // A shell continues the whole group; then the runner has moved already, and may even have been stopped
  // again. A second SIGCONT would undo that.
  void pass_on_continuation() {
    if (!take_changes() && stopped_) ::kill(runner_, SIGCONT);
  }

  void forward(int signal, const siginfo_t& info) {
    const bool from_terminal = info.si_code == SI_KERNEL;  // the runner got it too
    if (!contains(kForwarded, signal) || from_terminal || (signal == SIGHUP && hangup_ignored_)) return;
    ::sigqueue(runner_, signal, sigval{.sival_int = info.si_pid});
  }

  pid_t runner_;
  bool hangup_ignored_ = is_ignored(SIGHUP);
  bool stopped_ = false;
  std::optional<ChildChange> end_;
};

[[noreturn]] void be_guard(pid_t runner, std::span<const pid_t> strangers) {
  let_go_of_descriptors();
  const ChildChange end = Watch(runner).wait_for_end();
  if (end.what == ChildChange::What::kKilled && !contains(kOrdinaryDeaths, end.status))
    say(fmt::format("the runner was killed by {}; its graph is killed with it", signal_name(end.status)));
  end_all(strangers);
  remove_control_groups(runner);
  if (end.what == ChildChange::What::kKilled) die_of(end.status);
  ::_exit(end.status);
}

}  // namespace

void guarded(const std::function<Outcome()>& run) {
  fill_standard_streams();  // or an object of the graph becomes somebody's stderr
  std::fflush(nullptr);
  ::signal(SIGCHLD, SIG_DFL);  // ignored, it would hide every end
  ::prctl(PR_SET_DUMPABLE, 0);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const std::vector<pid_t> strangers = ::waitid(P_ALL, 0, nullptr, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0
                                           ? children()
                                           : std::vector<pid_t>{};
  const sigset_t all = every_signal();
  sigset_t before;
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t guard = ::getpid();
  const pid_t runner = ::fork();
  if (runner == 0) be_runner(guard, before, run);
  if (runner > 0) be_guard(runner, strangers);
  say(fmt::format("{}", Error{"fork", errno}.text()));
  ::_exit(kOperatingSystemError);
}

void end_as(Outcome outcome) {
  if (outcome.signal == 0) std::exit(outcome.code);
  std::fflush(nullptr);
  die_of(outcome.signal);
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
