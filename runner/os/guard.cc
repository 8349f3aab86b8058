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
#include <future>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/out_of_memory.h"
#include "base/quiet_thread.h"
#include "os/control_groups.h"
#include "os/descendants.h"
#include "os/doorplate.h"
#include "os/keeper.h"
#include "os/pid_namespace.h"
#include "os/process.h"
#include "os/spawn.h"

namespace procgraph {
namespace {

constexpr int kOperatingSystemError = 71;
// What a person or the runner itself may end it with; any other signal is an accident that is worth a line.
constexpr std::array kOrdinaryDeaths{SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE};

void say(const std::string& line) {
  const std::string text = "procgraph: " + line + "\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

// Ends all of the run, and names whom nobody can end.
void end_all(pid_t runner, std::span<const pid_t> spared, const Doorplate* plate) {
  kill_control_groups(runner);
  const std::vector<pid_t> hanging = end_descendants(spared);
  remove_control_groups(runner);
  if (plate != nullptr) plate->take_down();
  if (hanging.empty()) return;
  say(fmt::format("killed, but not let go by the kernel (state D): {}; {} when the call returns",
                  fmt::join(hanging, ", "), hanging.size() == 1 ? "it ends" : "they end"));
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

[[noreturn]] void end_like(const ChildChange& end) {
  if (end.what == ChildChange::What::kKilled) die_of(end.status);
  ::_exit(end.status);
}

void tell_of_accident(const ChildChange& end) {
  const bool ordinary = std::ranges::find(kOrdinaryDeaths, end.status) != kOrdinaryDeaths.end();
  if (end.what == ChildChange::What::kKilled && !ordinary)
    say(fmt::format("the runner was killed by {}; its graph is killed with it", signal_name(end.status)));
}

// In a thread of the runner: returns when the guard is gone. The thread gets a table of descriptors of its
// own, so that it keeps none of the graph's open, and has room for its work whatever the runner has used up.
// Tells first whether it can wait: nothing starts before.
void wait_for_guards_death(pid_t guard, std::promise<Result<void>>& waits) {
  if (::unshare(CLONE_FILES) == 0) ::syscall(SYS_close_range, 3U, ~0U, 0U);
  const Result<Fd> process = open_pidfd(guard);
  const bool gone = ::getppid() != guard;
  waits.set_value(process || gone ? Result<void>() : Result<void>(process.error()));
  if (!process || gone) return;
  pollfd wait{process->get(), POLLIN, 0};
  while (::poll(&wait, 1, -1) < 0) {
  }
}

[[noreturn]] void end_without_guard(const Doorplate* plate) {
  std::set_new_handler(wait_for_memory);
  say("the guard is gone; its graph is killed");
  // The main thread may be starting processes. A child that hangs before its exec is among those killed.
  while (!end_spawning()) kill_children({});
  end_all(::getpid(), {}, plate);
  ::_exit(kOperatingSystemError);
}

void outlive(pid_t guard, std::promise<Result<void>>& waits, const Doorplate* plate) {
  wait_for_guards_death(guard, waits);
  std::set_new_handler(wait_for_memory);
  if (plate != nullptr) plate->take_down_before();
  end_without_guard(nullptr);
}

[[noreturn]] void give_up(const Error& error) {
  say(error.text());
  ::_exit(kOperatingSystemError);
}

[[noreturn]] void run_beside_guard(pid_t guard, const Guarded& what, ManagerLine manager,
                                   const Doorplate* plate) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  // Continues a runner that is stopped, so that its thread can do its work; else it does nothing.
  ::prctl(PR_SET_PDEATHSIG, SIGCONT);
  const auto waits = std::make_shared<std::promise<Result<void>>>();
  Result<std::thread> thread =
      quiet_thread("that ends the graph if the guard dies", [=] { outlive(guard, *waits, plate); });
  if (!thread) give_up(thread.error());
  thread->detach();
  if (const Result<void> waiting = waits->get_future().get(); !waiting) give_up(waiting.error());
  const Outcome outcome = what.run({.runner = ::getpid(), .outer_proc = {}, .manager = std::move(manager)});
  // With the guard gone the end belongs to the thread: whoever is left dies first.
  while (::getppid() != guard) ::pause();
  end_as(outcome);
}

[[noreturn]] void run_in_namespace(pid_t runner, Fd line, const sigset_t& mask, const Guarded& what,
                                   ManagerLine manager) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  line.reset();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  Result<Fd> outer_proc = enter_own_proc();
  if (!outer_proc) give_up(outer_proc.error());
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  end_as(what.run({.runner = runner, .outer_proc = std::move(*outer_proc), .manager = std::move(manager)}));
}

// The guard must not be the one that keeps a pipe open. Its stderr stays, for its own words.
void let_go_of_descriptors(std::array<int, 3> kept) {
  const int null = ::open("/dev/null", O_RDWR);
  if (null >= 0) {
    ::dup2(null, STDIN_FILENO);
    ::dup2(null, STDOUT_FILENO);
  }
  std::ranges::sort(kept);
  unsigned from = 3;
  for (const int fd : kept) {
    if (fd < 0) continue;
    if (static_cast<unsigned>(fd) > from) ::syscall(SYS_close_range, from, static_cast<unsigned>(fd) - 1, 0U);
    from = static_cast<unsigned>(fd) + 1;
  }
  ::syscall(SYS_close_range, from, ~0U, 0U);
}

// The runner becomes the second guard. While it lives somebody holds the init's line: it itself, below the
// descriptors that it lets go.
[[noreturn]] void run_below(pid_t guard, const sigset_t& mask, const Guarded& what, ManagerLine manager,
                            const Doorplate* plate) {
  const sigset_t all = every_signal();
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (auto begun = begin_pid_namespace(); !begun) give_up(begun.error());
  Fd line;
  const Result<pid_t> init = start_init(line);
  if (!init) give_up(init.error());
  const pid_t self = ::getpid();
  const pid_t below = ::fork();
  if (below < 0) give_up({"fork", errno});
  if (below == 0) run_in_namespace(self, std::move(line), mask, what, std::move(manager));
  ::dup2(line.get(), STDIN_FILENO);
  line = Fd();
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  const int null = ::open("/dev/null", O_RDWR);
  if (null >= 0) ::dup2(null, STDOUT_FILENO);
  ::prctl(PR_SET_PDEATHSIG, SIGCONT);  // from here on there is something to be ended; it continues us, too
  std::set_new_handler(wait_for_memory);
  const auto orphaned = [=] { return ::getppid() != guard; };
  const auto end =
      orphaned() ? std::nullopt : Watch(below, {.orphaned = orphaned, .message_came = {}}).wait_for_end();
  if (!end) end_without_guard(plate);
  end_like(*end);  // the init dies with us, and the guard sees to whatever is left
}

// While it prepares there is nothing that could be left.
[[noreturn]] void be_runner(pid_t guard, const sigset_t& mask, const std::function<Guarded()>& prepare,
                            ManagerLine manager, const Doorplate* plate) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != guard) ::_exit(kOperatingSystemError);
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  const Guarded what = prepare();
  if (what.tier == Tier::kPidNamespace) run_below(guard, mask, what, std::move(manager), plate);
  run_beside_guard(guard, what, std::move(manager), plate);
}

[[noreturn]] void be_guard(pid_t runner, std::span<const pid_t> strangers,
                           const std::optional<ManagerRelay>& relay, const Keeper* keeper,
                           const Doorplate* plate) {
  std::set_new_handler(wait_for_memory);
  const std::array managers = relay ? relay->descriptors() : std::array{-1, -1};
  let_go_of_descriptors({managers[0], managers[1], keeper != nullptr ? keeper->kept() : -1});
  const auto pass_on = [&] {
    if (relay) relay->pass_on();
  };
  const ChildChange end = *Watch(runner, {.orphaned = {}, .message_came = pass_on}).wait_for_end();
  pass_on();
  tell_of_accident(end);
  end_all(runner, strangers, plate);
  end_like(end);
}

}  // namespace

void guarded(const std::function<Guarded()>& prepare, const Keeper* keeper, const Doorplate* plate) {
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
  ManagerLine manager;
  std::optional<ManagerRelay> relay = ManagerRelay::open(manager);
  const pid_t runner = ::fork();
  if (runner == 0) {
    relay.reset();
    be_runner(guard, before, prepare, std::move(manager), plate);
  }
  if (runner > 0) be_guard(runner, strangers, relay, keeper, plate);
  give_up({"fork", errno});
}

void end_as(Outcome outcome) {
  if (outcome.signal == 0) std::exit(outcome.code);
  std::fflush(nullptr);
  die_of(outcome.signal);
}

}  // namespace procgraph
