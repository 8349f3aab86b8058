#include "os/descendants.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <unordered_map>
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
// killed, while an orphan of a deeper process comes to us without a sign. False: nobody died.
bool wait_for_a_death(std::span<const Fd> dying) {
  std::vector<pollfd> ends;
  for (const Fd& process : dying) ends.push_back({process.get(), POLLIN, 0});
  return ::poll(ends.data(), ends.size(), kPatience) > 0;
}

// All that are alive, but for the spared children and what these have started.
std::vector<ProcessLine> descendants(std::span<const pid_t> spared) {
  std::unordered_multimap<pid_t, ProcessLine> by_parent;
  each_process([&](const ProcessLine& line) { by_parent.emplace(line.parent, line); });
  std::vector<ProcessLine> found;
  std::vector<pid_t> parents{::getpid()};
  while (!parents.empty()) {
    const auto [first, last] = by_parent.equal_range(parents.back());
    parents.pop_back();
    for (auto child = first; child != last; ++child) {
      if (std::ranges::find(spared, child->second.pid) != spared.end()) continue;
      parents.push_back(child->second.pid);
      if (child->second.alive()) found.push_back(child->second);
    }
    by_parent.erase(first, last);  // a walk that is no snapshot could contain a circle
  }
  return found;
}

// Since when all that are left hang in the kernel.
class Hopelessness {
 public:
  explicit Hopelessness(std::span<const pid_t> spared) : spared_(spared) {}

  // Nobody died for a while. One that hangs keeps its children from becoming ours, so all of them are killed
  // here. True: it is no use to wait any longer.
  bool grows() {
    hanging_.clear();
    bool one_moves = false;
    for (const ProcessLine& line : descendants(spared_)) {
      one_moves = one_moves || !line.hangs();
      hanging_.push_back(line.pid);
      const auto same = [&](const ProcessLine& now) { return now.parent == line.parent; };
      (void)signal_exactly(line.pid, SIGKILL, same);
    }
    const auto now = std::chrono::steady_clock::now();
    if (one_moves || since_ == kNotYet) since_ = now;
    return now - since_ >= kLongest;
  }
  void ends() { since_ = kNotYet; }
  [[nodiscard]] std::vector<pid_t> hanging() && { return std::move(hanging_); }

 private:
  static constexpr std::chrono::seconds kLongest{5};

  std::span<const pid_t> spared_;
  static constexpr auto kNotYet = std::chrono::steady_clock::time_point::max();
  std::chrono::steady_clock::time_point since_ = kNotYet;
  std::vector<pid_t> hanging_;
};

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

std::vector<pid_t> end_descendants(std::span<const pid_t> spared) {
  Hopelessness hopelessness(spared);
  for (;;) {
    // No child and nobody adopted: there is no descendant. With spared children the same holds when a walk
    // has found nobody else and nobody has died since, for an orphan comes to us before its parent can be
    // reaped.
    if (reap_the_dead().childless) return {};
    const Killed killed = kill_children(spared);
    if (!killed.dying.empty()) {
      if (wait_for_a_death(killed.dying)) {
        hopelessness.ends();
      } else if (hopelessness.grows()) {
        return std::move(hopelessness).hanging();
      }
    } else if (killed.refused > 0 || (!spared.empty() && !reap_the_dead().any)) {
      return {};
    }
  }
}

}  // namespace procgraph
