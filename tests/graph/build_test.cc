#include "graph/build.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/channel_kind.h"
#include "graph_text.h"

namespace procgraph {
namespace {

using test::Text;
using testing::ElementsAre;

std::vector<std::string> ports_of(const Graph& graph, const Process& process) {
  std::vector<std::string> ports;
  for (const PortId id : process.ports) {
    const Port& port = graph.at(id);
    ports.push_back(port.name + " " + std::string(name(port.access)) + " " + graph.at(port.channel).name);
  }
  return ports;
}

TEST(Build, GivesAQueueItsDefaults) {
  const Text text("processes: { f: { command: n, writes: q }, m: { command: n, reads: q } }\nqueues: [q]\n");
  EXPECT_EQ(text.told(), "");
  const Channel& q = text.graph.channels.at(0);
  EXPECT_EQ(q.kind->name, "queue");
  EXPECT_EQ(q.capacity, 1024U);
  EXPECT_EQ(q.memory, Bytes{16U << 20});
  EXPECT_EQ(q.max_message, Bytes{4U << 20});
  EXPECT_EQ(q.holders, 2U);
  EXPECT_EQ(q.writing_holders, 1U);
}

TEST(Build, CountsReplicasAmongTheHoldersAndAProcessWithTwoPortsOnce) {
  const Text text(R"(processes:
  a: { command: n, replicas: 3, reads: q, writes: q }
  b: { command: n, writes: q }
queues: [q]
)");
  EXPECT_EQ(text.graph.channels.at(0).holders, 4U);
  EXPECT_EQ(text.graph.channels.at(0).writing_holders, 4U);
}

TEST(Build, NamesAPortAfterItsChannelUnlessTheFileSaysOtherwise) {
  const Text text(R"(processes:
  a: { command: n, writes: { out: q } }
  b: { command: n, reads: q }
queues: [q]
)");
  EXPECT_THAT(ports_of(text.graph, text.graph.processes.at(0)), ElementsAre("out write q"));
  EXPECT_THAT(ports_of(text.graph, text.graph.processes.at(1)), ElementsAre("q read q"));
}

TEST(Build, MakesStreamsThatAreChannelsPorts) {
  const Text text("processes: { a: { command: n, stdout: p }, b: { command: n, stdin: p } }\npipes: [p]\n");
  const Process& b = text.graph.processes.at(1);
  EXPECT_THAT(ports_of(text.graph, b), ElementsAre("stdin read p"));
  EXPECT_EQ(b.streams[0].kind, StreamKind::kChannel);
  EXPECT_EQ(text.graph.at(b.streams[0].port).fd, 0);
  EXPECT_EQ(b.streams[1].kind, StreamKind::kLog);
}

TEST(Build, MakesOnePortOfADuplexPipeThatIsReadAndWritten) {
  const Text text(R"(processes:
  a: { command: n, reads: p, writes: p }
  b: { command: n, reads: { talk: p }, writes: { talk: p } }
pipes: { p: { duplex: true } }
)");
  EXPECT_EQ(text.told(), "");
  EXPECT_THAT(ports_of(text.graph, text.graph.processes.at(1)), ElementsAre("talk both p"));
  EXPECT_EQ(text.graph.channels.at(0).writers, text.graph.channels.at(0).readers);
}

TEST(Build, PutsAnonymousPipesBetweenNeighbouringProcesses) {
  const Text text("processes: { a: n, b: n, c: n }\npipelines: [[a, b, c]]\n");
  EXPECT_EQ(text.told(), "");
  ASSERT_EQ(text.graph.channels.size(), 2U);
  EXPECT_EQ(text.graph.channels[0].name, "a|b");
  EXPECT_TRUE(text.graph.channels[0].anonymous);
  EXPECT_THAT(ports_of(text.graph, text.graph.processes.at(1)),
              ElementsAre("stdin read a|b", "stdout write b|c"));
}

TEST(Build, LetsAChannelStandAtEitherEdgeOfAPipeline) {
  const Text text(R"(processes:
  f: { command: n, writes: p }
  a: n
  m: { command: n, reads: r }
pipes: [p, r]
pipelines: [[p, a, r]]
)");
  EXPECT_EQ(text.told(), "");
  EXPECT_THAT(ports_of(text.graph, text.graph.processes.at(1)),
              ElementsAre("stdin read p", "stdout write r"));
}

TEST(Build, LeavesAProcessAloneThatNamesThePipelinesChannelItself) {
  const Text text(R"(processes:
  a: { command: n, writes: q }
  b: { command: n, reads: q }
queues: [q]
pipelines: [[a, q, b]]
)");
  EXPECT_EQ(text.told(), "");
  EXPECT_THAT(ports_of(text.graph, text.graph.processes.at(0)), ElementsAre("q write q"));
  EXPECT_THAT(ports_of(text.graph, text.graph.processes.at(1)), ElementsAre("q read q"));
}

TEST(Build, CallsAProcessAStepWhoseEndOthersWaitForAndThatHasNoChannel) {
  const Text text(R"(processes:
  migrate: n
  feed: { command: n, writes: q }
  api: { command: n, after: { migrate: succeeded, feed: succeeded } }
  end: { command: n, reads: q, after: { api: started } }
queues: [q]
)");
  EXPECT_TRUE(text.graph.processes[0].step);
  EXPECT_FALSE(text.graph.processes[1].step);
  EXPECT_FALSE(text.graph.processes[2].step);
}

TEST(Build, TakesTheLongestGraceOfTheProcessesForTheWhole) {
  const Text longest("processes: { a: n, b: { command: n, stop: { grace: 25s } } }\n");
  EXPECT_EQ(longest.graph.grace, std::chrono::seconds(25));
  const Text declared("grace: 3s\nprocesses: { a: n }\n");
  EXPECT_EQ(declared.graph.grace, std::chrono::seconds(3));
}

}  // namespace
}  // namespace procgraph
