// What a process asks of the machine, and what it gets.
#include "plan/resources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph_text.h"
#include "plan/plan.h"

namespace procgraph {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// One on which everything can be had.
Machine generous(int version) {
  Machine machine{.memory_available = Bytes{1ULL << 30},
                  .cpu_numbers = {0, 1, 2, 3},
                  .nice_least = -20,
                  .oom_score_adj_least = -1000};
  machine.memory_groups = {version, version == 1 ? "/cg/memory" : "/cg/me", {}};
  machine.process_groups = {version, version == 1 ? "/cg/pids" : "/cg/me", {}};
  machine.cpu_groups = {version, version == 1 ? "/cg/cpu" : "/cg/me", {}};
  return machine;
}

struct Decided {
  std::string told;
  bool machine = false;
  Plan plan;

  [[nodiscard]] const Resources& of(std::size_t spawn) const { return plan.spawns.at(spawn).resources; }
};

Decided decide(const std::string& process, const Machine& machine) {
  test::FakeWorld world;
  world.value.machine = machine;
  test::Text text("processes:\n  a: { command: n, " + process + " }\n", world.value);
  PlanErrors errors;
  Decided decided{.plan = make_plan(text.graph, text.world, text.diagnostics, errors)};
  decided.told = text.told();
  decided.machine = errors.machine;
  return decided;
}

TEST(Resources, OfAProcessThatAsksForNothingAreTheRunnersButItDiesFirstForWantOfMemory) {
  const Decided decided = decide("replicas: 1", {.memory_available = Bytes{1ULL << 30}});
  EXPECT_EQ(decided.told, "");
  EXPECT_EQ(decided.of(0), (Resources{.oom_score_adj = 500}));
  EXPECT_THAT(to_text(decided.plan), Not(HasSubstr("oom")));
  EXPECT_THAT(to_json(decided.plan), HasSubstr("\"oom_score_adj\": 500"));
}

TEST(Resources, LetAProcessDieBeforeTheRunnerWhereverThatStands) {
  for (const auto& [own, expected] : {std::pair{-1000, -500}, {-200, 300}, {700, 1000}, {1000, 1000}}) {
    const Decided decided =
        decide("replicas: 1", {.memory_available = Bytes{1ULL << 30}, .oom_score_adj = own});
    EXPECT_EQ(decided.of(0).oom_score_adj, expected) << own;
  }
}

TEST(Resources, AreThoseThatAreAskedFor) {
  const Decided decided = decide(
      "nice: -5, oom_score_adj: 300, cpus: [2-3, 0], limits: { cpu: 2m, files: 100, file_size: 1MiB, core: 0 "
      "}",
      generous(2));
  EXPECT_EQ(decided.told, "");
  const Resources& got = decided.of(0);
  EXPECT_THAT(got.cpus, ElementsAre(0U, 2U, 3U));
  EXPECT_EQ(got.nice, -5);
  EXPECT_EQ(got.oom_score_adj, 300);
  EXPECT_TRUE(got.insists_on_oom_score_adj);
  EXPECT_THAT(got.limits,
              ElementsAre(ResourceLimit{Resource::kCpu, 120, 121},  // a second between its two signals
                          ResourceLimit{Resource::kFiles, 100, 100},
                          ResourceLimit{Resource::kFileSize, 1 << 20, 1 << 20},
                          ResourceLimit{Resource::kCore, 0, 0}));
  EXPECT_THAT(got.groups, IsEmpty());
}

TEST(Resources, GiveEachCopyItsOwnCpu) {
  const Decided decided = decide("replicas: 3, cpus: \"${replica}\"", generous(2));
  EXPECT_EQ(decided.told, "");
  EXPECT_THAT(decided.of(0).cpus, ElementsAre(0U));
  EXPECT_THAT(decided.of(2).cpus, ElementsAre(2U));
}

TEST(Resources, TakeOneGroupForAllInVersion2) {
  const Decided decided = decide("limits: { memory: 64MiB, processes: 10 }", generous(2));
  EXPECT_EQ(decided.told, "");
  EXPECT_THAT(decided.of(0).groups, ElementsAre(ControlGroup{{2, "/cg/me", {}},
                                                             {"memory", "pids"},
                                                             {{"memory.max", "67108864"},
                                                              {"memory.swap.max", "0", true},
                                                              {"memory.oom.group", "1"},
                                                              {"pids.max", "10"}}}));
}

// Whoever hands on what is further in hands on what is further out.
TEST(Resources, TakeTheOuterOfTwoPlacesInVersion2) {
  Machine machine = generous(2);
  machine.process_groups.folder = "/cg";
  const Decided decided = decide("limits: { memory: 64MiB, processes: 10 }", machine);
  EXPECT_EQ(decided.of(0).groups.at(0).place.folder, "/cg");
}

TEST(Resources, TakeAGroupForEachControllerInVersion1) {
  const Decided decided = decide("limits: { memory: 64MiB, processes: 10 }", generous(1));
  EXPECT_EQ(decided.told, "");
  EXPECT_THAT(decided.of(0).groups,
              ElementsAre(ControlGroup{{1, "/cg/memory", {}},
                                       {"memory"},
                                       {{"memory.limit_in_bytes", "67108864"},
                                        {"memory.memsw.limit_in_bytes", "67108864", true}}},
                          ControlGroup{{1, "/cg/pids", {}}, {"pids"}, {{"pids.max", "10"}}}));
}

TEST(Resources, OfTheCpuAreAShareOfEachTenthOfASecond) {
  EXPECT_THAT(decide("limits: { cpu_share: 50% }", generous(2)).of(0).groups,
              ElementsAre(ControlGroup{{2, "/cg/me", {}}, {"cpu"}, {{"cpu.max", "50000 100000"}}}));
  EXPECT_THAT(
      decide("limits: { cpu_share: 250% }", generous(1)).of(0).groups,
      ElementsAre(ControlGroup{
          {1, "/cg/cpu", {}}, {"cpu"}, {{"cpu.cfs_period_us", "100000"}, {"cpu.cfs_quota_us", "250000"}}}));
}

TEST(Resources, OfTheCpuAreNoMoreThanTheGroupsAroundHave) {
  Machine machine = generous(1);
  machine.cpu_share_max = 50;
  EXPECT_EQ(decide("limits: { cpu_share: 50% }", machine).told, "");
  EXPECT_THAT(
      decide("limits: { cpu_share: 1200% }", machine).told,
      HasSubstr("process 'a' asks for 1,200% of a CPU; the cgroups around it have 50% for all in them\n"));
}

TEST(Resources, ThatTheMachineLacksAreRefusedWithTheCure) {
  Machine machine{.memory_available = Bytes{1ULL << 30}, .files_max = 1000, .cpu_numbers = {0, 1, 5}};
  machine.cpu_time_max = 60;
  machine.file_size_max = {1 << 20};
  machine.memory_groups.missing = "'/cg/memory' may not be written";
  machine.process_groups.missing = machine.cpu_groups.missing = "this kernel has none";
  const Decided decided = decide(
      "cpus: 1-3, nice: -1, oom_score_adj: -1, limits: { cpu: 2m, files: 1001, file_size: 2MiB, memory: "
      "1MiB, "
      "processes: 5, cpu_share: 10% }",
      machine);
  EXPECT_TRUE(decided.machine);
  for (const char* line : {
           "process 'a' is to run on CPU 1-3; here there are CPUs 0-1, 5\n",
           "process 'a' asks for nice -1; the lowest that may be given here is 0\n",
           "process 'a' asks for oom_score_adj -1; the lowest that may be given here is 0\n",
           "process 'a' asks for 120 seconds of CPU time; the hard limit here is 60\n",
           "process 'a' asks for 1,001 open files; the hard limit here is 1,000\n",
           "process 'a' asks for 2MiB for a file; the hard limit here is 1MiB\n",
           "process 'a' asks for a limit of memory, which takes a cgroup: '/cg/memory' may not be written\n",
           "process 'a' asks for a limit of the number of processes, which takes a cgroup: this kernel has "
           "none\n",
           "process 'a' asks for a limit of its share of a CPU, which takes a cgroup: this kernel has none\n",
           "hint: raise it before the start: `ulimit -Hn`\n",
           "hint: a lower one takes the capability CAP_SYS_RESOURCE\n",
       })
    EXPECT_THAT(decided.told, HasSubstr(line));
  EXPECT_THAT(decided.told, HasSubstr("9 errors\n"));
}

TEST(Resources, AtTheHardLimitAreHad) {
  Machine machine = generous(2);
  machine.files_max = 1000;
  machine.cpu_time_max = 60;
  const Decided decided = decide("limits: { files: 1000, cpu: 1m }", machine);
  EXPECT_EQ(decided.told, "");
  EXPECT_THAT(decided.of(0).limits, ElementsAre(ResourceLimit{Resource::kCpu, 60, 60},
                                                ResourceLimit{Resource::kFiles, 1000, 1000}));
}

TEST(Resources, AreInThePlan) {
  const Decided decided = decide(
      "nice: 3, oom_score_adj: -7, cpus: 1-2, limits: { memory: 1MiB, cpu: 90s, cpu_share: 20%, "
      "files: 2000 }",
      generous(2));
  EXPECT_THAT(to_text(decided.plan),
              HasSubstr("    cpus     1-2\n"
                        "    nice     3\n"
                        "    oom      -7\n"
                        "    limits   memory 1MiB, cpu 1m30s, cpu_share 20%, files 2,000\n"
                        "    cgroup   of version 2, in /cg/me\n"));
  const std::string json = to_json(decided.plan);
  for (const char* part :
       {"\"cpus\": \"1-2\"", "\"nice\": 3", "\"oom_score_adj\": -7", "\"memory\": 1048576", "\"cpu\": 90",
        "\"cpu_share\": 20", "\"files\": 2000", "\"version\": 2", "\"in\": \"/cg/me\""})
    EXPECT_THAT(json, HasSubstr(part));
}

}  // namespace
}  // namespace procgraph
