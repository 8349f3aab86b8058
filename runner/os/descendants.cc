#include "os/descendants.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "os/proc.h"

namespace procgraph {
namespace {

struct Reaped {
  bool any = false;
  bool childless = false;
};

Reaped reap_the_dead() {
  Reaped reaped;
  for (;;) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WALL) != 0) {
      reaped.childless = errno == ECHILD;
      return reaped;
    }
    if (info.si_pid == 0) return reaped;
    reaped.any = true;
  }
}

void wait_for_a_death() {
  siginfo_t info{};
  ::waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | __WALL);
}

}  // namespace

std::vector<pid_t> children() {
  std::vector<pid_t> found;
  const pid_t us = ::getpid();
  each_process([&](const ProcessLine& line) {
    if (line.parent == us && line.alive()) found.push_back(line.pid);
  });
  return found;
}

Killed kill_children(std::span<const pid_t> spared) {
  Killed killed;
  const pid_t us = ::getpid();
  for (const pid_t child : children()) {
    if (std::ranges::find(spared, child) != spared.end()) continue;
    const int error =
        signal_exactly(child, SIGKILL, [=](const ProcessLine& line) { return line.parent == us; });
    if (error == 0) ++killed.count;
    if (error == EPERM) ++killed.refused;
  }
  return killed;
}

void end_descendants(std::span<const pid_t> spared) {
  for (;;) {
    // No child and nobody adopted: there is no descendant. With spared children the same holds when a walk
    // has found nobody else and nobody has died since, for an orphan comes to us before its parent can be
    // reaped.
    if (reap_the_dead().childless) return;
    const Killed killed = kill_children(spared);
    if (killed.count > 0) {
      wait_for_a_death();
    } else if (killed.refused > 0 || (!spared.empty() && !reap_the_dead().any)) {
      return;
    }
  }
}

}  // namespace procgraph
