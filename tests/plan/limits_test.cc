// What the machine lacks, and what the plan asks of it.
#include <gtest/gtest.h>

#include "graph_text.h"
#include "plan/plan.h"

namespace procgraph {
namespace {

struct Outcome {
  std::string told;
  bool machine = false;
};

Outcome outcome(std::string_view yaml, const Machine& machine, const Selection& selection = {}) {
  test::FakeWorld world;
  world.value.machine = machine;
  test::Text text(yaml, world.value);
  PlanErrors errors;
  (void)make_plan(text.selected(selection), text.world, text.diagnostics, errors);
  return {text.told(), errors.machine};
}

constexpr std::string_view kTwoQueues = R"(processes:
  f: { command: n, writes: [q, r] }
  m: { command: n, reads: [q, r] }
queues:
  q: { memory: 1GiB }
  r: {}
)";

TEST(Limits, WarnOfPipesThatTheKernelWillMakeSmall) {
  constexpr std::string_view kPipes = R"(processes:
  f: { command: n, stdout: a, stderr: none }
  g: { command: n, stdin: a, stdout: b, stderr: none }
  m: { command: n, stdin: b, stdout: none, stderr: log }
pipes: { a: {}, b: { capacity: 1MiB } }
)";
  EXPECT_EQ(outcome(kPipes, {.pipes_soft = Bytes{(1024 + 128) << 10}}).told, "");
  const Outcome warned = outcome(kPipes, {.pipes_soft = Bytes{1 << 20}});
  EXPECT_FALSE(warned.machine);
  EXPECT_EQ(
      warned.told,
      R"(g.yaml: warning: the graph's pipes hold 1 MiB, those of its logs 64 KiB, and all pipes of this user 1 MiB: of those beyond that each holds 8 KiB, and none can be larger
g.yaml:5:32: note: pipe 'b' holds 1 MiB
    hint: raise /proc/sys/fs/pipe-user-pages-soft, lower 'capacity', or write 'stdout: none, stderr: none' where nothing is logged
1 warning
)");
}

TEST(Limits, RefuseMoreMemoryThanThereIs) {
  const Outcome refused = outcome(
      kTwoQueues, {.memory_available = Bytes{700U << 20}, .memory_limit_source = "the memory cgroup"});
  EXPECT_TRUE(refused.machine);
  EXPECT_EQ(refused.told,
            R"(g.yaml: error: the graph's channels may need 1 GiB of memory, the memory cgroup has 700 MiB
g.yaml:5:16: note: queue 'q' may hold 1 GiB
    hint: lower 'memory' of the queues, or 'size' of the areas
1 error
)");
}

TEST(Limits, CountAllThatIsTakenBeforeTheStart) {
  const Outcome refused = outcome(R"(processes:
  f: { command: n, writes: q }
  m: { command: n, reads: q }
queues:
  q: { memory: 64MiB, prefault: true }
)",
                                  {.memory_available = Bytes{700U << 20}});
  EXPECT_TRUE(refused.machine);
  EXPECT_EQ(refused.told,
            R"(g.yaml: error: the graph's channels may need 1.4 GiB of memory, the machine has 700 MiB
g.yaml:5:16: note: queue 'q' takes 1.4 GiB before the start
    hint: lower 'memory' or 'max_message', or leave out 'prefault'
1 error
)");
}

TEST(Limits, AllowWhatFits) {
  const Outcome allowed = outcome(kTwoQueues, {.memory_available = Bytes{2ULL << 30}});
  EXPECT_FALSE(allowed.machine);
  EXPECT_EQ(allowed.told, "");
}

TEST(Limits, RefuseMoreProcessesThanTheMachineAllows) {
  const Outcome refused =
      outcome("processes: { a: { command: n, replicas: 2000, stdout: none, stderr: none } }\n",
              {.processes_max = 1500});
  EXPECT_TRUE(refused.machine);
  EXPECT_EQ(refused.told, R"(g.yaml: error: the graph has 2,000 processes, this machine allows 1,500 more
    hint: see 'ulimit -u' and /proc/sys/kernel/pid_max
1 error
)");
}

TEST(Limits, RefuseMoreOpenFilesThanTheMachineAllows) {
  const Outcome refused = outcome("processes: { a: { command: n, replicas: 2000 } }\n", {.files_max = 4096});
  EXPECT_TRUE(refused.machine);
  EXPECT_EQ(refused.told, R"(g.yaml: error: the run needs 6,032 open files, this machine allows 4,096
    hint: raise the hard limit (ulimit -Hn), or write 'stdout: none, stderr: none' where nothing is logged
1 error
)");
}

TEST(Limits, NameBothSizesOfTenThousandReplicasOnAHugeQueue) {
  const Outcome refused = outcome(R"(processes:
  f: { command: n, writes: q }
  m: { command: n, reads: q, replicas: 10000, stdout: none, stderr: none }
queues: { q: { memory: 10000GiB } }
)",
                                  {.memory_available = Bytes{16ULL << 30}});
  EXPECT_TRUE(refused.machine);
  EXPECT_EQ(refused.told,
            R"(g.yaml: error: the graph's channels may need 9.7 TiB of memory, the machine has 16 GiB
g.yaml:4:24: note: queue 'q' may hold 9.7 TiB
    hint: lower 'memory' of the queues, or 'size' of the areas
g.yaml:3:40: error: 10,001 processes use queues or shared memory; a graph has room for 4,095
  3 │   m: { command: n, reads: q, replicas: 10000, stdout: none, stderr: none }
    │                                        ^~~~~
    hint: most are replicas of 'm'
2 errors
)");
}

TEST(Limits, AreTheMachinesWhereANodeOfOursIsMissing) {
  const Outcome refused = outcome("processes: { f: n, m: n }\npipelines: [[f, m]]\n", {}, {.except = {"m"}});
  EXPECT_TRUE(refused.machine);
  EXPECT_EQ(refused.told, R"(g.yaml:2:17: error: program 'discard' of process 'discard:f|m' was not found
  2 │ pipelines: [[f, m]]
    │                 ^
    hint: it is a node of procgraph itself: the installation is not complete
1 error
)");
}

}  // namespace
}  // namespace procgraph
