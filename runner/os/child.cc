#include "os/child.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace procgraph {
namespace {

// If the parent died before this point nobody will send the signal any more.
bool die_with_parent(pid_t parent) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return false;
  if (::getppid() != parent) ::kill(::getpid(), SIGKILL);
  return true;
}

// The rest of the parent's descriptors is neither copied nor closed.
bool take_share(int below) {
  return below == 0 || ::syscall(SYS_close_range, below, ~0U, CLOSE_RANGE_UNSHARE) == 0;
}

// 0 stands for whoever writes it.
bool enter(const ChildScript& script) {
  errno = script.group_error;
  if (script.group_error != 0) return false;
  for (const int group : script.groups)
    if (::write(group, "0", 1) != 1) return false;
  return true;
}

bool move_home(const ChildScript& script) {
  if (!script.moves_home) return true;
  const int file = ::openat(script.home, "cgroup.procs", O_WRONLY | O_CLOEXEC);
  return file >= 0 && ::write(file, "0", 1) == 1;
}

bool run_on(std::span<const unsigned long> cpus) {
  return cpus.empty() || ::syscall(SYS_sched_setaffinity, 0, cpus.size_bytes(), cpus.data()) >= 0;
}

bool set_limits(std::span<const ChildLimit> limits) {
  for (const ChildLimit& limit : limits)
    if (::setrlimit(limit.resource, &limit.limit) != 0) return false;
  return true;
}

// Every source first goes above all targets, so that no dup2 can hit one that is still needed.
bool lift(ChildScript& script) {
  const int report = ::fcntl(script.report, F_DUPFD_CLOEXEC, script.above_targets);
  if (report < 0) return false;
  script.report = report;
  for (Move& move : script.moves) {
    move.lifted = ::fcntl(move.from, F_DUPFD_CLOEXEC, script.above_targets);
    if (move.lifted < 0) return false;
  }
  return true;
}

bool place(const ChildScript& script) {
  for (const Move& move : script.moves)
    if (::dup2(move.lifted, move.to) < 0) return false;
  return true;
}

// All zeros is SIG_DFL without flags for the kernel. By the raw call, for the C library keeps two signals to
// itself, and the sanitizers' wrappers keep books.
void reset_signals() {
  constexpr std::size_t kMaskSize = 8;
  const unsigned long nothing[8] = {};
  for (int signal = 1; signal <= 64; ++signal)
    if (signal != SIGKILL && signal != SIGSTOP)
      ::syscall(SYS_rt_sigaction, signal, nothing, nullptr, kMaskSize);
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, nothing, nullptr, kMaskSize);
}

void write_decimal(char* to, int value) {
  char reversed[kPidDigits];
  int count = 0;
  do {
    reversed[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  while (count > 0) *to++ = reversed[--count];
  *to = '\0';
}

[[noreturn]] void fail(const ChildScript& script, ChildStep step) {
  const ChildReport report{step, errno};
  [[maybe_unused]] const ssize_t written = ::write(script.report, &report, sizeof report);
  ::_exit(127);
}

}  // namespace

std::string_view name(ChildStep step) {
  switch (step) {
    case ChildStep::kNone:
      return "none";
    case ChildStep::kDeathSignal:
      return "prctl";
    case ChildStep::kShare:
      return "unsharing its descriptors";
    case ChildStep::kSession:
      return "setsid";
    case ChildStep::kGroup:
      return "entering its cgroup";
    case ChildStep::kCpus:
      return "sched_setaffinity";
    case ChildStep::kNice:
      return "setpriority";
    case ChildStep::kFolder:
      return "chdir";
    case ChildStep::kLift:
      return "fcntl";
    case ChildStep::kSeal:
      return "close_range";
    case ChildStep::kPlace:
      return "dup2";
    case ChildStep::kLimit:
      return "setrlimit";
    case ChildStep::kExec:
      return "exec";
  }
  return "";
}

void become(ChildScript& script) {
  if (!die_with_parent(script.parent)) fail(script, ChildStep::kDeathSignal);
  if (!take_share(script.shares_below)) fail(script, ChildStep::kShare);
  if (::setsid() < 0) fail(script, ChildStep::kSession);
  if (!enter(script) || !move_home(script)) fail(script, ChildStep::kGroup);
  if (!run_on(script.cpus)) fail(script, ChildStep::kCpus);
  if (script.nice && ::setpriority(PRIO_PROCESS, 0, *script.nice) != 0) fail(script, ChildStep::kNice);
  if (script.cwd != nullptr && ::chdir(script.cwd) != 0) fail(script, ChildStep::kFolder);
  if (script.umask) ::umask(*script.umask);
  if (!lift(script)) fail(script, ChildStep::kLift);
  // Everything that is open goes at exec, the targets' present owners too; dup2 then makes descriptors that
  // stay.
  if (::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0) fail(script, ChildStep::kSeal);
  if (!place(script)) fail(script, ChildStep::kPlace);
  if (!set_limits(script.limits)) fail(script, ChildStep::kLimit);
  for (char* digits : script.pid_digits) write_decimal(digits, ::getpid());
  reset_signals();
  ::execve(script.program, script.argv, script.envp);
  fail(script, ChildStep::kExec);
}

}  // namespace procgraph
