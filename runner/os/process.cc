#include "os/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace procgraph {
namespace {

ChildChange::What what_of(int code) {
  switch (code) {
    case CLD_EXITED:
      return ChildChange::What::kExited;
    case CLD_KILLED:
    case CLD_DUMPED:
      return ChildChange::What::kKilled;
    case CLD_CONTINUED:
      return ChildChange::What::kContinued;
    default:
      return ChildChange::What::kStopped;
  }
}

}  // namespace

Result<Fd> open_pidfd(pid_t pid) {
  Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process) return Error{fmt::format("pidfd_open {}", pid), errno};
  return process;
}

int send_signal(int pidfd, int signal) {
  return ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0 ? 0 : errno;
}

std::optional<ChildChange> next_change() {
  siginfo_t info{};
  ChildChange change;
  // The raw call, for the C library's hides the resource usage.
  constexpr int kWhich = WEXITED | WSTOPPED | WCONTINUED | WNOHANG | __WALL;
  if (::syscall(SYS_waitid, P_ALL, 0, &info, kWhich, &change.used) != 0 || info.si_pid == 0)
    return std::nullopt;
  change.pid = info.si_pid;
  change.what = what_of(info.si_code);
  change.status = info.si_status;
  change.core = info.si_code == CLD_DUMPED;
  return change;
}

Result<Fd> open_signals(std::initializer_list<int> signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals) ::sigaddset(&set, signal);
  Fd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return Error{"signalfd", errno};
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return fd;
}

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

std::string signal_name(int signal) {
  const char* short_name = ::sigabbrev_np(signal);
  return short_name == nullptr ? fmt::format("signal {}", signal) : fmt::format("SIG{}", short_name);
}

}  // namespace procgraph
