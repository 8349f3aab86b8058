#include "os/descendants.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "os/proc.h"
#include "os/process.h"

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

constexpr std::size_t kWatched = 64;
constexpr int kPatience = 100;  // ms

// The descriptors tell of it, whoever reaps. Not for ever: one that hangs in the kernel may be the only one
// killed, while an orphan of a deeper process comes to us without a sign.
void wait_for_a_death(std::span<const Fd> dying) {
  std::vector<pollfd> ends;
  for (const Fd& process : dying) ends.push_back({process.get(), POLLIN, 0});
  ::poll(ends.data(), ends.size(), kPatience);
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
    Result<Fd> process = open_exactly(child, [=](const ProcessLine& line) { return line.parent == us; });
    if (!process) continue;
    const int error = send_signal(process->get(), SIGKILL);
    if (error == EPERM) ++killed.refused;
    if (error == 0 && killed.dying.size() < kWatched) killed.dying.push_back(std::move(*process));
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
    if (!killed.dying.empty()) {
      wait_for_a_death(killed.dying);
    } else if (killed.refused > 0 || (!spared.empty() && !reap_the_dead().any)) {
      return;
    }
  }
}

}  // namespace procgraph
