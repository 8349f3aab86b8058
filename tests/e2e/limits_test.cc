// What a process may use, and what is said when it wants more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;

Ran doctor() {
  const Folder folder;
  return run(folder.path(), {"doctor"});
}

// Whether this machine has such limits, in the words of doctor.
bool has(const std::string& limit) {
  return doctor().out.find("limits: " + limit + std::string(11 - limit.size(), ' ') + "yes") !=
         std::string::npos;
}

// Where such groups are made: what doctor's line ends with.
std::string place_of(const std::string& limit) {
  const std::string out = doctor().out;
  const auto line = out.substr(out.find("limits: " + limit));
  const auto start = line.find(" in /") + 4;
  return line.substr(start, line.find('\n') - start);
}

int oom_score_adj(const std::string& pid) {
  int score = -1;
  std::ifstream("/proc/" + pid + "/oom_score_adj") >> score;
  return score;
}

// Folders of cgroups that runs have made and left, of any run.
std::vector<std::string> left_groups(const std::string& name) {
  std::vector<std::string> found;
  const std::filesystem::recursive_directory_iterator end;
  std::error_code ignored;
  for (auto at = std::filesystem::recursive_directory_iterator("/sys/fs/cgroup", ignored); at != end;
       at.increment(ignored))
    if (at->path().filename() == name) found.push_back(at->path());
  return found;
}

// Of those that we may use.
std::string first_cpu() {
  cpu_set_t set;
  CPU_ZERO(&set);
  ::sched_getaffinity(0, sizeof set, &set);
  int cpu = 0;
  while (!CPU_ISSET(cpu, &set)) ++cpu;
  return std::to_string(cpu);
}

// The runner's process id: the only child of the guard.
pid_t runner_of(const Running& run) {
  const std::string pid = std::to_string(run.pid());
  std::ifstream children("/proc/" + pid + "/task/" + pid + "/children");
  pid_t runner = -1;
  children >> runner;
  return runner;
}

TEST(Limits, AreWhatTheConfigShows) {
  const Folder folder;
  const Ran ran = run(folder.path(), {"run", source_path("configs/limits.yaml"), "-v"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("modest │ nice 15, at most 64 files\n"));
  EXPECT_THAT(ran.err,
              HasSubstr("greedy failed: killed by SIGXCPU: it has used up its limit of CPU time, 1s; "
                        "that is ignored\n"));
}

TEST(Limits, ReachTheProcess) {
  const Ran ran =
      run_text("processes:\n  a: { shell: 'ulimit -n; ulimit -Hn; nice; nproc', cpus: " + first_cpu() +
                   ", nice: 17, limits: { files: 77 } }\n",
               {"--no-prefix"});
  EXPECT_EQ(ran.out, "77\n77\n17\n1\n") << ran.err;
}

TEST(Limits, OfAFilesSizeAreNamedWhenTheyAreReached) {
  const Ran ran = run_text(
      "processes:\n  a: { command: head -c 100000 /dev/zero, stdout: { file: out }, limits: { file_size: "
      "4KiB } }\n");
  EXPECT_EQ(ran.code, 128 + SIGXFSZ);
  EXPECT_THAT(ran.err, HasSubstr("a failed: killed by SIGXFSZ"));
  EXPECT_THAT(ran.err, HasSubstr(": its limit of the size of a file is 4KiB; the graph stops\n"));
}

TEST(Limits, ThatCannotBeHadAreRefusedBeforeAnythingStarts) {
  const Ran ran =
      run_text("processes:\n  a: { shell: 'echo started', cpus: 60000, limits: { files: 1073741816 } }\n");
  EXPECT_EQ(ran.code, 69);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("process 'a' is to run on CPU 60000; here there "));
  EXPECT_THAT(ran.err, HasSubstr("process 'a' asks for 1,073,741,816 open files; the hard limit here is "));
}

TEST(Limits, OfMemoryTellAnEndForWantOfItFromACrash) {
  if (!has("memory")) GTEST_SKIP() << "no cgroup with a limit of memory is to be had here";
  const Ran ran = run_text(
      "processes:\n"
      "  hungry: { command: \"python3 -c 'b = bytes([1]) * 200_000_000'\", limits: { memory: 64MiB } }\n");
  EXPECT_EQ(ran.code, 137) << ran.err;
  EXPECT_THAT(
      ran.err,
      HasSubstr("hungry failed: killed by SIGKILL: out of memory, its limit is 64MiB; the graph stops\n"));
}

TEST(Limits, OfMemoryAreNotBlamedForAKill) {
  if (!has("memory")) GTEST_SKIP() << "no cgroup with a limit of memory is to be had here";
  const Ran ran = run_text("processes:\n  a: { shell: 'kill -KILL $$', limits: { memory: 64MiB } }\n");
  EXPECT_EQ(ran.code, 137);
  EXPECT_THAT(ran.err, HasSubstr("a failed: killed by SIGKILL; the graph stops\n"));
}

TEST(Limits, OfProcessesHoldAForkBomb) {
  if (!has("processes")) GTEST_SKIP() << "no cgroup with a limit of processes is to be had here";
  const Ran ran = run_text(
      "processes:\n"
      "  bomb: { command: [python3, -c, \""
      "import os, time\\nn = 0\\ntry:\\n  while n < 200:\\n    if os.fork() == 0: time.sleep(1000)\\n    n "
      "+= 1\\n"
      "except BlockingIOError: print(n)\"], limits: { processes: 10 } }\n",
      {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "9\n");
}

// It waits, in its group, until the kernel says that it had to.
TEST(Limits, OfTheCpuHoldBackWhoTakesMore) {
  if (!has("cpu_share")) GTEST_SKIP() << "no cgroup with a share of the CPU is to be had here";
  const Ran ran = run_text(
      "timeout: 2m\n"
      "containment: { tier: guard }\n"
      "processes:\n  a: { shell: 'until grep \"nr_throttled [1-9]\" " +
          place_of("cpu_share") + "/procgraph-$PPID/*-a/cpu.stat; do :; done', limits: { cpu_share: 5% } }\n",
      {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("nr_throttled "));
}

TEST(ShortageOfMemory, TakesProcessesBeforeTheRunner) {
  const Folder folder;
  const int ours = oom_score_adj("self"), theirs = std::min(ours + 500, 1000);
  folder.write("g.yaml", "timeout: 2m\nprocesses:\n  a: { shell: 'until [ $(cat /proc/$$/oom_score_adj) = " +
                             std::to_string(theirs) + " ]; do :; done; echo here; exec sleep 1000' }\n");
  Running run(folder.path(), {procgraph_path(), "run", "g.yaml"});
  ASSERT_TRUE(run.wait_for_out("here")) << run.wait().err;
  EXPECT_EQ(oom_score_adj(std::to_string(run.pid())), ours);
  EXPECT_EQ(oom_score_adj(std::to_string(runner_of(run))), ours);
  run.signal(SIGTERM);
  run.wait();
}

// How often a run is short of memory as a whole.
int shortages() {
  const char* asked = std::getenv("PROCGRAPH_TEST_SHORTAGES");
  return asked != nullptr ? std::atoi(asked) : 3;
}

// A group of 150 MB around all of a run. Two of its processes grow in it together; the third, and the runner,
// see the end.
TEST(ShortageOfMemory, OfAWholeRunIsSurvivedByTheRunner) {
  const std::string place = has("memory") ? place_of("memory") : "";
  const bool version_1 = std::filesystem::exists(place + "/memory.limit_in_bytes");
  if (!version_1) GTEST_SKIP() << "no memory cgroup of version 1 around a run is to be had here";
  const std::string group = place + "/shortage-" + std::to_string(::getpid());
  const Folder folder;
  folder.write("hungry.py", "held = []\nwhile True: held.append(bytes([1]) * 10_000_000)\n");
  folder.write("g.yaml",
               "processes:\n"
               "  hungry: { command: python3 hungry.py, replicas: 2, on_failure: ignore }\n"
               "  calm: { command: echo done, after: { hungry: finished } }\n");
  std::filesystem::create_directory(group);
  std::ofstream(group + "/memory.limit_in_bytes") << 150'000'000;
  for (int i = 0; i < shortages(); ++i) {
    const Ran ran = shell(folder.path(), "echo $$ > " + group + "/cgroup.procs && exec " + procgraph_path() +
                                             " run -v --no-prefix g.yaml");
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.out, "done\n");
    for (const char* name : {"hungry.0", "hungry.1"})
      EXPECT_THAT(ran.err, HasSubstr(std::string(name) + " failed: killed by SIGKILL"));
  }
  EXPECT_TRUE(std::filesystem::remove(group));
}

// Whichever dies, the other takes the groups away; and whoever ends in peace does.
TEST(Limits, LeaveNoGroupsWhoeverIsKilled) {
  if (!has("processes")) GTEST_SKIP() << "no cgroup with a limit of processes is to be had here";
  for (const char* victim : {"nobody", "runner", "guard"}) {
    const Folder folder;
    folder.write("g.yaml",
                 "containment: { tier: guard }\n"
                 "processes:\n  a: { shell: 'echo here; sleep 1000', limits: { processes: 10 } }\n");
    Running run(folder.path(), {procgraph_path(), "run", "g.yaml"});
    ASSERT_TRUE(run.wait_for_out("here")) << victim << run.wait().err;
    const pid_t runner = runner_of(run);
    const std::string name = "procgraph-" + std::to_string(runner);
    ASSERT_EQ(left_groups(name).size(), 1U) << victim;
    const std::string who = victim;
    if (who == "nobody") run.signal(SIGTERM);
    if (who == "runner") ::kill(runner, SIGKILL);
    if (who == "guard") ::kill(run.pid(), SIGKILL);
    run.wait();  // until stdout and stderr are closed: the runner holds them, too
    EXPECT_TRUE(left_groups(name).empty()) << victim;
  }
}

}  // namespace
}  // namespace procgraph::e2e
