// Containment: whoever of guard and runner dies, nothing of the graph is left, in every tier; and the guard
// ends as its runner did. PROCGRAPH_TEST_KILLS is how many runs of each sort are killed.
#include "os/guard.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <tuple>

#include "guarded_run.h"
#include "os/pid_namespace.h"
#include "os/proc.h"

namespace procgraph {
namespace {

constexpr const char* kBehaviours[] = {"plain",  "ignore",          "clear", "grandchild",
                                       "daemon", "daemon_and_exit", "stop",  "setsid"};

// Of each sort; PROCGRAPH_TEST_KILLS says another number.
int kills() {
  const char* asked = std::getenv("PROCGRAPH_TEST_KILLS");
  return asked != nullptr ? std::atoi(asked) : 50;
}

Outcome wait_for_ever(int) {
  for (;;) ::pause();
}

// As a supervisor does: reaps whoever has ended, and ends when nobody is left.
Outcome supervise_all(int) {
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
  return {97};
}

// A moment within the start of the graph, or after it.
void pass_random_time(std::mt19937& random) {
  std::this_thread::sleep_for(std::chrono::microseconds(std::uniform_int_distribution(0, 40'000)(random)));
}

// Why this machine has no such tier; "": it has.
std::string missing(Tier tier) {
  if (tier == Tier::kPidNamespace) return why_no_pid_namespace();
  return tier == Tier::kCgroup ? find_run_place("").missing : "";
}

enum class Victim : std::uint8_t { kRunner, kGuard, kBoth, kWorker };

std::string_view name(Victim victim) {
  constexpr std::string_view kNames[] = {"runner", "guard", "both", "worker"};
  return kNames[static_cast<std::size_t>(victim)];
}

// The youngest child: of a runner outside its run's pid namespace, the one that does its work.
pid_t youngest_child(pid_t parent) {
  pid_t youngest = -1;
  each_process([&](const ProcessLine& line) {
    if (line.parent == parent) youngest = std::max(youngest, line.pid);
  });
  return youngest;
}

void strike(Victim victim, const GuardedRun& run) {
  if (victim == Victim::kGuard || victim == Victim::kBoth) ::kill(run.guard(), SIGKILL);
  if (victim == Victim::kRunner || victim == Victim::kBoth) ::kill(run.runner(), SIGKILL);
  if (victim == Victim::kWorker) ::kill(youngest_child(run.runner()), SIGKILL);
}

// Starts every sort of process there is, and one that hops where the tier holds even that.
std::function<Outcome(int)> hostile_graph(bool hops) {
  return [=](int line) -> Outcome {
    for (int round = 0; round < 3; ++round)
      for (const char* behaviour : kBehaviours)
        if (std::holds_alternative<SpawnError>(spawn_hostile(behaviour, line))) return {98};
    if (hops && std::holds_alternative<SpawnError>(spawn_hostile("hop", line))) return {98};
    return supervise_all(line);
  };
}

class TiersKilled : public ::testing::TestWithParam<std::tuple<Tier, Victim>> {
 protected:
  void SetUp() override {
    if (const std::string why = missing(tier()); !why.empty()) GTEST_SKIP() << why;
  }

  [[nodiscard]] Tier tier() const { return std::get<0>(GetParam()); }
  [[nodiscard]] Victim victim() const { return std::get<1>(GetParam()); }
};

TEST_P(TiersKilled, NothingSurvivesAKillAtARandomMoment) {
  std::mt19937 random(1);
  for (int i = 0; i < kills(); ++i) {
    GuardedRun run(hostile_graph(tier() != Tier::kGuard), tier());
    pass_random_time(random);
    strike(victim(), run);
    const int status = run.wait();
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "run " << i << " status " << status;
    // The guard ends last: nobody is left when it has ended, unless it was killed itself.
    const bool guard_lived = victim() == Victim::kRunner || victim() == Victim::kWorker;
    ASSERT_TRUE(
        run.line().wait_for_end(guard_lived ? std::chrono::milliseconds(100) : std::chrono::seconds(20)))
        << "run " << i;
    const std::string group = find_run_place("").folder + "/procgraph-" + std::to_string(run.runner());
    ASSERT_FALSE(guard_lived && std::filesystem::exists(group)) << group;
  }
}

TEST_P(TiersKilled, NothingSurvivesWhenAllOfItHasStarted) {
  constexpr std::size_t kProcesses = 3 * std::size(kBehaviours);
  for (int i = 0; i < kills() / 5 + 1; ++i) {
    GuardedRun run(hostile_graph(tier() != Tier::kGuard), tier());
    ASSERT_TRUE(run.line().wait_for(kProcesses + (tier() != Tier::kGuard ? 1 : 0)));
    strike(victim(), run);
    run.wait();
    ASSERT_TRUE(run.line().wait_for_end()) << "run " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Kills, TiersKilled,
                         ::testing::Values(std::tuple(Tier::kGuard, Victim::kRunner),
                                           std::tuple(Tier::kGuard, Victim::kGuard),
                                           std::tuple(Tier::kCgroup, Victim::kRunner),
                                           std::tuple(Tier::kCgroup, Victim::kGuard),
                                           std::tuple(Tier::kPidNamespace, Victim::kRunner),
                                           std::tuple(Tier::kPidNamespace, Victim::kGuard),
                                           std::tuple(Tier::kPidNamespace, Victim::kBoth),
                                           std::tuple(Tier::kPidNamespace, Victim::kWorker)),
                         [](const auto& test) {
                           return std::string(procgraph::name(std::get<0>(test.param))) + "_" +
                                  std::string(name(std::get<1>(test.param)));
                         });

// With a user namespace around the other.
TEST(Tiers, ARunOfAnOrdinaryUserDiesWithRunnerAndGuard) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes root, in order to be somebody else";
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    if (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) ::_exit(90);
    if (::access(HOSTILE, X_OK) != 0 || !missing(Tier::kPidNamespace).empty()) ::_exit(77);
    for (int i = 0; i < kills() / 5 + 1; ++i) {
      GuardedRun run(hostile_graph(true), Tier::kPidNamespace);
      if (!run.line().wait_for(3 * std::size(kBehaviours) + 1)) ::_exit(91);
      strike(Victim::kBoth, run);
      run.wait();
      if (!run.line().wait_for_end()) ::_exit(92);
    }
    ::_exit(0);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "an ordinary user has no pid namespace here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

class GuardHostile : public ::testing::TestWithParam<const char*> {};

TEST_P(GuardHostile, DiesWithTheRunner) {
  GuardedRun run([](int line) {
    (void)spawn_hostile(GetParam(), line);
    return supervise_all(line);
  });
  ASSERT_TRUE(run.line().wait_for(1));
  ::kill(run.runner(), SIGKILL);
  run.wait();
  EXPECT_TRUE(run.line().wait_for_end());
}

TEST_P(GuardHostile, DiesWithTheGuard) {
  GuardedRun run([](int line) {
    (void)spawn_hostile(GetParam(), line);
    return supervise_all(line);
  });
  ASSERT_TRUE(run.line().wait_for(1));
  ::kill(run.guard(), SIGKILL);
  run.wait();
  EXPECT_TRUE(run.line().wait_for_end());
}

TEST_P(GuardHostile, DiesWithAStoppedRunnersGuard) {
  GuardedRun run([](int line) {
    (void)spawn_hostile(GetParam(), line);
    return supervise_all(line);
  });
  ASSERT_TRUE(run.line().wait_for(1));
  ::kill(run.runner(), SIGSTOP);
  ::kill(run.guard(), SIGKILL);
  run.wait();
  EXPECT_TRUE(run.line().wait_for_end());
}

TEST_P(GuardHostile, DiesWhenTheRunEnds) {
  GuardedRun run([](int line) -> Outcome {
    LifeLine started;
    (void)spawn_hostile(GetParam(), started.write_end());
    started.wait_for(1);
    (void)spawn({.program = HOSTILE, .argv = {"hostile", GetParam()}, .fds = {{line, 1}}});
    return {5};
  });
  EXPECT_EQ(WEXITSTATUS(run.wait()), 5);
  EXPECT_TRUE(run.line().wait_for_end());
}

INSTANTIATE_TEST_SUITE_P(Behaviours, GuardHostile, ::testing::ValuesIn(kBehaviours),
                         [](const auto& name) { return std::string(name.param); });

TEST(Guard, HandsOnTheExitCode) {
  for (int code : {0, 1, 42, 255}) {
    const int status = GuardedRun([=](int) -> Outcome { return {code}; }).wait();
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), code);
  }
}

TEST(Guard, DiesOfTheSignalThatTheRunEndsWith) {
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) {
    const int status = GuardedRun([=](int) -> Outcome { return {0, signal}; }).wait();
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), signal);
    EXPECT_FALSE(WCOREDUMP(status));
  }
}

TEST(Guard, DiesOfTheSignalThatKilledTheRunner) {
  for (int signal : {SIGABRT, SIGSYS, SIGKILL, SIGUSR2}) {
    GuardedRun run(wait_for_ever);
    ::kill(run.runner(), signal);
    const int status = run.wait();
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), signal);
  }
}

TEST(Guard, EndsThoughSigchldWasIgnoredAtTheStart) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGCHLD, SIG_IGN);
    guarded([] { return guard_only([] { return Outcome{7}; }); });
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(Guard, LeavesNoStandardStreamClosed) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (int fd = 0; fd <= 2; ++fd) ::close(fd);
    guarded([] { return guard_only([] { return Outcome{::dup(0) > 2 ? 7 : 1}; }); });
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(Guard, SparesChildrenThatWereThereBefore) {
  LifeLine stranger_line, pids;
  const pid_t pid = ::fork();
  if (pid == 0) {
    const pid_t stranger = ::fork();
    if (stranger == 0) wait_for_ever(0);
    if (::write(pids.write_end(), &stranger, sizeof stranger) != sizeof stranger) ::_exit(98);
    guarded([] { return guard_only([] { return Outcome{7}; }); });
  }
  stranger_line.close_write_end();
  const pid_t stranger = pids.read_pid();
  int status = -1;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(::kill(stranger, SIGKILL), 0);
  EXPECT_TRUE(stranger_line.wait_for_end());
}

TEST(Guard, KeepsNoDescriptorOpenThatTheRunnerHasClosed) {
  LifeLine stray;
  GuardedRun run([&](int line) {
    stray.close_write_end();
    return wait_for_ever(line);
  });
  stray.close_write_end();
  EXPECT_TRUE(stray.wait_for_end());
  ::kill(run.guard(), SIGKILL);
}

}  // namespace
}  // namespace procgraph
