// GuardedRun: a guard and its runner, started from a test, and what the test wants to know of them.
#pragma once

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <string>
#include <utility>

#include "fakes/life_line.h"
#include "os/control_groups.h"
#include "os/guard.h"
#include "os/spawn.h"

namespace procgraph {

class GuardedRun {
 public:
  // `run` gets the write end of the life line, for itself and for what it starts. What it spawns is in the
  // run's cgroup where the tier has one.
  explicit GuardedRun(const std::function<Outcome(int life_line)>& run, Tier tier = Tier::kGuard,
                      const Keeper* keeper = nullptr) {
    LifeLine pids;
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // whoever has lost its guard becomes ours
    guard_ = ::fork();
    if (guard_ == 0) {
      line_.close_read_end();
      ::setsid();  // no shell above: job control has tests of its own
      guarded(
          [&]() -> Guarded {
            return {.tier = tier, .run = [&](const Surroundings& around) -> Outcome {
                      if (::write(pids.write_end(), &around.runner, sizeof around.runner) < 0) return {99};
                      pids.close_write_end();
                      return in_group(tier, around, [&] { return run(line_.write_end()); });
                    }};
          },
          keeper);
    }
    line_.close_write_end();
    pids.close_write_end();
    runner_ = pids.read_pid();
  }
  // In the runner: the cgroup in which its processes are born.
  static std::string& home() {
    static std::string folder;
    return folder;
  }
  GuardedRun(const GuardedRun&) = delete;
  GuardedRun& operator=(const GuardedRun&) = delete;
  ~GuardedRun() {
    if (guard_ > 0) ::kill(guard_, SIGKILL);
    if (guard_ > 0) wait();
    if (!line_.wait_for_end()) return;
    while (::waitpid(-1, nullptr, 0) > 0) {
    }
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  }

  [[nodiscard]] pid_t guard() const { return guard_; }
  [[nodiscard]] pid_t runner() const { return runner_; }
  [[nodiscard]] LifeLine& line() { return line_; }

  // The guard's status, as waitpid gives it.
  int wait() {
    int status = -1;
    ::waitpid(std::exchange(guard_, -1), &status, 0);
    return status;
  }

 private:
  static Outcome in_group(Tier tier, const Surroundings& around, const std::function<Outcome()>& run) {
    if (tier != Tier::kCgroup) return run();
    ControlGroups groups(around.runner);
    const auto made = groups.make({find_run_place(""), {}, {}}, "graph");
    if (!made) return {97};
    home() = *made;
    return run();
  }

  LifeLine line_;
  pid_t guard_ = -1;
  pid_t runner_ = -1;
};

inline std::variant<Child, SpawnError> spawn_hostile(const char* behaviour, int life_line) {
  return spawn({.program = HOSTILE,
                .argv = {"hostile", behaviour},
                .fds = {{life_line, 1}, {2, 2}},
                .home = GuardedRun::home()});
}

// Of a run in a guard alone.
inline Guarded guard_only(std::function<Outcome()> run) {
  return {.run = [run = std::move(run)](const Surroundings&) { return run(); }};
}

}  // namespace procgraph
