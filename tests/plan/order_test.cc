#include "plan/order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/digraph.h"
#include "graph_text.h"

namespace procgraph {
namespace {

using test::Text;
using testing::ElementsAre;

TEST(StopOrder, AsksAWriterBeforeItsReaders) {
  const Text text(R"(processes:
  last: { command: n, reads: r }
  first: { command: n, writes: q }
  middle: { command: n, reads: q, writes: r }
queues: [q, r]
)");
  EXPECT_THAT(stop_ranks(text.graph), ElementsAre(2, 0, 1));
}

TEST(StopOrder, AsksADependentBeforeWhatItDependsOn) {
  const Text text("processes: { db: n, api: { command: n, after: { db: started } } }\n");
  EXPECT_THAT(stop_ranks(text.graph), ElementsAre(1, 0));
}

TEST(StopOrder, FollowsDataWhereDataAndAfterDisagree) {
  const Text text(R"(processes:
  feed: { command: n, writes: q }
  work: { command: n, reads: q, writes: r }
  sink: { command: n, reads: r, after: { feed: started } }
queues: [q, r]
)");
  EXPECT_THAT(stop_ranks(text.graph), ElementsAre(0, 1, 2));
}

TEST(StopOrder, GivesACircleOneStep) {
  const Text text(R"(processes:
  a: { command: n, reads: r, writes: [q, out] }
  b: { command: n, reads: q, writes: r }
  c: { command: n, reads: out }
queues: [q, r, out]
)");
  EXPECT_THAT(stop_ranks(text.graph), ElementsAre(0, 0, 1));
}

TEST(StopOrder, GivesBothSidesOfADuplexPipeOneStep) {
  const Text text(R"(processes:
  a: { command: n, reads: p, writes: p }
  b: { command: n, reads: p, writes: p }
pipes: { p: { duplex: true } }
)");
  EXPECT_THAT(stop_ranks(text.graph), ElementsAre(0, 0));
}

TEST(StopOrder, GivesACircleOfDataAndAfterTogetherOneStep) {
  const Text text(R"(processes:
  x: { command: n, writes: q }
  y: { command: n, reads: q, after: { p: started } }
  p: { command: n, after: { x: started } }
queues: [q]
)");
  EXPECT_THAT(stop_ranks(text.graph), ElementsAre(0, 0, 0));
}

TEST(StopOrder, CountsProcessesAndNotTheChannelsBetween) {
  const Text text(R"(processes:
  x: { command: n, writes: q, after: { p: started } }
  y: { command: n, reads: q }
  p: { command: n, writes: s, after: { z: started } }
  z: n
  t: { command: n, reads: s, after: { y: started } }
queues: [q, s]
)");
  EXPECT_THAT(stop_ranks(text.graph), ElementsAre(0, 3, 1, 2, 2));
}

TEST(StartGroups, AreTheProcessesThatBytePipesJoin) {
  const Text text(R"(processes:
  a: n
  x: { command: n, writes: q }
  b: n
  c: n
  y: { command: n, reads: q }
queues: [q]
pipelines: [[a, b, c]]
)");
  EXPECT_THAT(joined_by_byte_pipes(text.graph), ElementsAre(0, 1, 0, 0, 2));
}

}  // namespace
}  // namespace procgraph
