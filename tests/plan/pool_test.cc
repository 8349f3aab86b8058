// What a process that runs once per message becomes: a pool of ours, and the command that it runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planned.h"

namespace procgraph {
namespace {

using testing::ElementsAre;

const Spawn& spawn_of(const Plan& plan, std::string_view label) {
  return *std::ranges::find(plan.spawns, label, &Spawn::label);
}

TEST(APool, IsOneProcessThatIsToldAllOfItsRuns) {
  const Plan plan = test::planned(R"(processes:
  a: { command: n, writes: q }
  work:
    command: sort -r "{}"
    per: { messages: 1, within: 1500us }
    ordered: { window: 7 }
    replicas: 4
    timeout: 2s
    ok_codes: [0, 1]
    limits: { cpu: 10s, files: 64 }
    nice: 3
    stdin: q
    stdout: r
  b: { command: n, reads: r }
queues: { q: { reject_codes: [3, 4], max_deliveries: 9, dead_letter: d }, r: { when_full: reject }, d: {} }
)");
  const Spawn& work = spawn_of(plan, "work");
  EXPECT_EQ(std::ranges::count(plan.spawns, work.process, &Spawn::process), 1);
  EXPECT_EQ(work.program, "/opt/procgraph/pool");
  EXPECT_THAT(work.argv, ElementsAre("pool", "--runs", "4", "--within", "2ms", "--window", "7", "--tries",
                                     "9", "--timeout", "2000ms", "--ok", "0,1", "--reject", "3,4",
                                     "--no-wait", "--limit", "cpu=10:11", "--limit", "files=64:64",
                                     "--program", "/usr/bin/sort", "--", "sort", "-r", "{}"));
  EXPECT_TRUE(work.resources.limits.empty()) << "they are for its runs";
  EXPECT_EQ(work.resources.nice, 3) << "this they inherit";
  EXPECT_EQ(work.streams[0], StreamKind::kNone);
  EXPECT_EQ(work.streams[1], StreamKind::kNone);
  const Process& process = plan.graph.at(work.process);
  EXPECT_FALSE(process.timeout);
  EXPECT_THAT(process.ok_codes, ElementsAre(0));
  ASSERT_EQ(process.ports.size(), 2U);
  EXPECT_EQ(plan.graph.at(process.ports[0]).name, "in");
  EXPECT_EQ(plan.graph.at(process.ports[1]).name, "out");
  EXPECT_FALSE(plan.graph.at(process.ports[0]).stream);
}

TEST(APool, SaysNothingOfWhatIsAsUsual) {
  const Plan plan = test::planned(R"(processes:
  a: { command: n, writes: q }
  work: { shell: "read x", per: message, reads: { jobs: q }, stdout: { file: /w/out } }
queues: [q]
)");
  const Spawn& work = spawn_of(plan, "work");
  EXPECT_THAT(work.argv, ElementsAre("pool", "--program", "/bin/sh", "--", "/bin/sh", "-c", "read x"));
  EXPECT_EQ(work.streams[1], StreamKind::kFile);
}

TEST(APool, TriesOnceInOrderWhatIsDeliveredOnce) {
  const Plan plan = test::planned(R"(processes:
  a: { command: n, writes: q }
  work: { command: sort, per: message, ordered: true, reads: q }
queues: { q: { delivery: at_most_once } }
)");
  EXPECT_THAT(spawn_of(plan, "work").argv, ElementsAre("pool", "--window", "1024", "--tries", "1",
                                                       "--program", "/usr/bin/sort", "--", "sort"));
}

TEST(APool, TakesFromATopicThroughAQueueOfItsOwn) {
  const Plan plan = test::planned(R"(processes:
  a: { command: n, writes: t }
  work: { command: sort, per: message, reads: t }
topics: [t]
)");
  const Process& work = plan.graph.at(spawn_of(plan, "work").process);
  EXPECT_EQ(plan.graph.at(plan.graph.at(work.ports[0]).channel).kind->name, "queue");
  EXPECT_EQ(spawn_of(plan, "copy:t:work").program, "/opt/procgraph/copy");
}

TEST(APool, WhoseCommandIsMissingIsAMistakeOfTheText) {
  test::Text text(R"(processes:
  a: { command: n, writes: q }
  work: { command: srot -r, per: message, reads: q }
queues: [q]
)",
                  test::world().value);
  PlanErrors errors;
  (void)make_plan(rewrite(text.selected({}), text.spec, all_kinds()), text.world, text.diagnostics, errors);
  EXPECT_FALSE(errors.machine);
  EXPECT_EQ(text.told(), R"(g.yaml:3:20: error: program 'srot' of process 'work' was not found
  3 │   work: { command: srot -r, per: message, reads: q }
    │                    ^~~~
    hint: did you mean 'sort'?
1 error
)");
}

}  // namespace
}  // namespace procgraph
