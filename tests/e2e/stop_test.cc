// How a run stops: signals to the pid that people see, a lost stdout, and nothing left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>

#include "fakes/freezer.h"
#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;

// A process whose last act shows that it was asked to end, not killed.
constexpr const char* kPolite =
    "processes:\n"
    "  a: { shell: \"trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done\" }\n";

struct Started {
  Folder folder;
  Running run;

  explicit Started(const std::string& yaml, std::vector<std::string> flags = {})
      : run((folder.write("graph.yaml", yaml), folder.path()), words(std::move(flags))) {}

  static std::vector<std::string> words(std::vector<std::string> flags) {
    flags.insert(flags.begin(), {procgraph_path(), "run", "graph.yaml"});
    return flags;
  }
};

TEST(Stop, ASignalStopsInOrderThenTheRunDiesOfIt) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    Started started(kPolite);
    ASSERT_TRUE(started.run.wait_for_out("up"));
    started.run.signal(signal);
    const Ran ran = started.run.wait();
    EXPECT_EQ(ran.signal, signal);
    EXPECT_THAT(ran.out, HasSubstr("a │ bye\n"));
  }
}

// A tool that signals everybody it finds must not force the end.
TEST(Stop, ASignalToGuardAndRunnerCountsOnce) {
  Started started(kPolite);
  ASSERT_TRUE(started.run.wait_for_out("up"));
  const std::string guard = std::to_string(started.run.pid());
  pid_t runner = -1;
  std::ifstream("/proc/" + guard + "/task/" + guard + "/children") >> runner;
  ASSERT_GT(runner, 0);
  ASSERT_EQ(::kill(runner, SIGTERM), 0);
  started.run.signal(SIGTERM);
  Ran ran = started.run.wait();
  EXPECT_EQ(ran.signal, SIGTERM);
  EXPECT_THAT(ran.out, HasSubstr("a │ bye\n"));
}

// Ctrl-Z, sent to the pid that people see, in every tier: all of the run stops, and what time passes until it
// is continued is none of a timeout's.
void stop_for_longer_than_its_timeout(const std::string& tier) {
  using std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kTimeout{3000}, kStopped{3100};
  const auto began = steady_clock::now();
  Started started(
      "containment: { tier: " + tier +
      " }\nprocesses:\n  a: { shell: 'mkfifo go; echo up; read x < go; echo on', timeout: 3s }\n");
  ASSERT_TRUE(started.run.wait_for_out("up"));
  started.run.signal(SIGTSTP);
  int status = 0;
  ASSERT_EQ(::waitpid(started.run.pid(), &status, WUNTRACED), started.run.pid());
  ASSERT_TRUE(WIFSTOPPED(status)) << tier;
  std::this_thread::sleep_for(kStopped);  // the passing of time is the subject
  started.run.signal(SIGCONT);
  ASSERT_EQ(shell(started.folder.path(), "echo 1<> go").code, 0);
  const Ran ran = started.run.wait();
  // On a machine that takes as long for the rest it proves nothing.
  if (steady_clock::now() - began - kStopped >= kTimeout) return stop_for_longer_than_its_timeout(tier);
  EXPECT_EQ(ran.code, 0) << tier << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("on\n"));
}

TEST(Stop, TimeDoesNotPassWhileTheJobIsStopped) {
  for (const char* tier : {"guard", "pid_namespace"}) stop_for_longer_than_its_timeout(tier);
}

TEST(Stop, ADrainingGraphLosesNothing) {
  Started started(
      "processes:\n"
      "  source: { shell: \"trap 'exit 0' TERM; n=0; while :; do n=$((n+1)); echo $n; done\" }\n"
      "  count: { shell: 'wc -l; echo drained', stdout: log }\n"
      "  hello: { shell: 'sleep 0.1; echo up' }\n"
      "pipelines: [[source, count]]\n");
  ASSERT_TRUE(started.run.wait_for_out("up"));
  started.run.signal(SIGTERM);
  EXPECT_THAT(started.run.wait().out, HasSubstr("drained"));
}

TEST(Stop, WhatIgnoresTermIsKilledAfterTheGrace) {
  Started started(
      "grace: 300ms\nprocesses:\n  a: { shell: \"trap '' TERM; echo up; while :; do sleep 0.05; done\" }\n");
  ASSERT_TRUE(started.run.wait_for_out("up"));
  started.run.signal(SIGTERM);
  EXPECT_EQ(started.run.wait().signal, SIGTERM);
}

TEST(Stop, QuitKillsAtOnce) {
  Started started(
      "processes:\n  a: { shell: \"trap '' TERM QUIT INT; echo up; while :; do sleep 0.05; done\" }\n");
  ASSERT_TRUE(started.run.wait_for_out("up"));
  started.run.signal(SIGQUIT);
  Ran ran = started.run.wait();
  EXPECT_TRUE(ran.signal == SIGQUIT || ran.code == 128 + SIGQUIT) << ran.code << " " << ran.signal;
}

TEST(Stop, AFailureStopsTheOthers) {
  Ran ran = run_text(
      "processes:\n"
      "  a: { shell: \"trap 'echo bye; exit 0' TERM; echo up >&2; while :; do sleep 0.05; done\" }\n"
      "  b: { shell: 'sleep 0.2; exit 9' }\n");
  EXPECT_EQ(ran.code, 9) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("a │ bye\n"));
  EXPECT_THAT(ran.err, HasSubstr("procgraph: b failed: exit code 9"));
}

TEST(Stop, WhoHangsInTheKernelIsNamedAndNotWaitedForForEver) {
  for (const char* tier : {"guard", "cgroup", "pid_namespace"}) {
    const Freezer freezer;
    if (!freezer.usable()) return;
    Started started("containment: { tier: " + std::string(tier) +
                    " }\ngrace: 100ms\nprocesses:\n  a: { shell: 'echo $$ >" + freezer.members() +
                    " && echo up; exec sleep 1000' }\n");
    ASSERT_TRUE(started.run.wait_for_out("up"));
    freezer.freeze();
    started.run.signal(SIGTERM);
    Ran ran = started.run.wait();
    EXPECT_EQ(ran.signal, SIGTERM) << tier;
    EXPECT_THAT(ran.err, HasSubstr("a was killed, but the kernel does not let it go: "));
    EXPECT_THAT(ran.err, HasSubstr("a failed: it was killed and has not ended"));
    EXPECT_THAT(ran.err, HasSubstr("procgraph: killed, but not let go by the kernel (state D): "));
  }
}

TEST(Stop, TheGuardsDeathEndsEverything) {
  Started started("processes:\n  a: { shell: 'echo $$ > pid; echo up; exec sleep 1000' }\n");
  ASSERT_TRUE(started.run.wait_for_out("up"));
  pid_t node = std::stoi(started.folder.read("pid"));
  started.run.signal(SIGKILL);
  EXPECT_EQ(started.run.wait().signal, SIGKILL);  // returns when every holder of its stdout is gone
  while (kill(node, 0) == 0) {
  }
}

TEST(Stop, AHangupThatWasIgnoredAtTheStartStaysSo) {
  Folder folder;
  folder.write("graph.yaml", kPolite);
  Ran ran = shell(folder.path(), "trap '' HUP; '" + procgraph_path() +
                                     "' run graph.yaml >out & p=$!; until grep -q up out; do :; done; kill "
                                     "-HUP $p; kill -TERM $p; wait $p");
  EXPECT_EQ(ran.code, 128 + SIGTERM);
}

TEST(Stop, ALostStderrIsIgnored) {
  Folder folder;
  folder.write("graph.yaml",
               "processes: { a: { shell: 'echo to nobody >&2; echo done' }, b: { shell: 'exit 3', "
               "on_failure: finish } }\n");
  Ran ran = shell(folder.path(), "{ '" + procgraph_path() +
                                     "' run graph.yaml; echo $? >code; } 2>&1 >out | :; cat out code");
  EXPECT_EQ(ran.out, "a │ done\n3\n");
}

TEST(Stop, ALostStdoutStopsTheGraphAndTheRunDiesOfSigpipe) {
  Folder folder;
  folder.write("graph.yaml", "processes: { a: \"yes\" }\n");
  Ran ran = shell(folder.path(), "'" + procgraph_path() + "' run graph.yaml | head -1; :");
  EXPECT_EQ(ran.out, "a │ y\n");
  EXPECT_EQ(ran.code, 0);
}

}  // namespace
}  // namespace procgraph::e2e
