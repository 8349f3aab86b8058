// Containment: whichever of guard and runner dies, nothing of the graph is left; and the guard ends as its
// runner did.
#include "os/guard.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>

#include "guarded_run.h"

namespace procgraph {
namespace {

constexpr const char* kBehaviours[] = {"plain",  "ignore",          "clear", "grandchild",
                                       "daemon", "daemon_and_exit", "stop",  "setsid"};
constexpr int kRuns = 100;

Outcome wait_for_ever(int) {
  for (;;) ::pause();
}

// As a supervisor does: reaps whoever has ended, and ends when nobody is left.
Outcome supervise_all(int) {
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
  return {97};
}

// Starts every sort of process there is.
Outcome run_hostile_graph(int life_line) {
  for (int round = 0; round < 3; ++round)
    for (const char* behaviour : kBehaviours)
      if (std::holds_alternative<SpawnError>(spawn_hostile(behaviour, life_line))) return {98};
  return supervise_all(life_line);
}

// A moment within the start of the graph, or after it.
void pass_random_time(std::mt19937& random) {
  std::this_thread::sleep_for(std::chrono::microseconds(std::uniform_int_distribution(0, 40'000)(random)));
}

TEST(Guard, NothingSurvivesARunnerKilledAtARandomMoment) {
  std::mt19937 random(1);
  for (int i = 0; i < kRuns; ++i) {
    GuardedRun run(run_hostile_graph);
    pass_random_time(random);
    ::kill(run.runner(), SIGKILL);
    const int status = run.wait();
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "run " << i << " status " << status;
    // The guard ends last: nobody is left when it has ended.
    ASSERT_TRUE(run.line().wait_for_end(std::chrono::milliseconds(100))) << "run " << i;
  }
}

TEST(Guard, NothingSurvivesAGuardKilledAtARandomMoment) {
  std::mt19937 random(2);
  for (int i = 0; i < kRuns; ++i) {
    GuardedRun run(run_hostile_graph);
    pass_random_time(random);
    ::kill(run.guard(), SIGKILL);
    run.wait();
    ASSERT_TRUE(run.line().wait_for_end()) << "run " << i;
  }
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
    guarded([] { return Outcome{7}; });
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(Guard, LeavesNoStandardStreamClosed) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (int fd = 0; fd <= 2; ++fd) ::close(fd);
    guarded([] { return Outcome{::dup(0) > 2 ? 7 : 1}; });
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
    guarded([] { return Outcome{7}; });
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
