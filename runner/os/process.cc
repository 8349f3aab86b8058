#include "os/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace procgraph {
namespace {

constexpr int kPeerPidfd = 77;  // SO_PEERPIDFD

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

Result<Peer> open_peer(int connection) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return Error{"SO_PEERCRED", errno};
  Peer peer{.user = who.uid, .pid = who.pid > 0 ? who.pid : kNoNumber, .pidfd = {}};
  // By its number only where the kernel (before 6.5) knows no better, and only one that we can see.
  int pidfd = -1;
  size = sizeof pidfd;
  if (::getsockopt(connection, SOL_SOCKET, kPeerPidfd, &pidfd, &size) == 0) {
    peer.pidfd = Fd(pidfd);
    return peer;
  }
  if (peer.pid == kNoNumber) return Error{"SO_PEERPIDFD of a process of another pid namespace", errno};
  Result<Fd> opened = open_pidfd(peer.pid);
  if (!opened) return opened.error();
  peer.pidfd = std::move(*opened);
  return peer;
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
