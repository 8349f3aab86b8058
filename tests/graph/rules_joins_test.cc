// What is said of a split whose ways join again in a program that reads one input after the other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

using test::told;

using testing::HasSubstr;
using testing::Not;

TEST(Joins, OfWhatASplitHandsOutArePointedOut) {
  EXPECT_EQ(
      told(R"(processes:
  lines: seq 100000
  split: { command: tee /dev/fd/3, writes: { b: { channel: b, fd: 3 } } }
  few:   grep 7
  join:  { command: paste - /dev/fd/3, reads: { b: { channel: b, fd: 3 } } }
pipes: [a, b]
pipelines: [[lines, split, a, few, join]]
)"),
      R"(g.yaml:7:36: warning: process 'join' reads pipe 'b' and the pipe from 'few' to 'join', which both come from process 'split': if it waits for one while the other is full, all of them stop for ever
  7 │ pipelines: [[lines, split, a, few, join]]
    │                                    ^~~~
g.yaml:5:63: note: the other input
    hint: give the one that fills up first room for all that comes meanwhile ('capacity'), or let one program do both
1 warning
)");
}

TEST(Joins, OfProgramsThatWaitForAllTheirPortsAreNot) {
  EXPECT_EQ(told(R"(processes:
  split: { command: n, writes: [a, b] }
  join:  { command: n, reads: [a, b] }
queues: [a, b]
)"),
            "");
}

TEST(Joins, OfTwoSourcesAreNot) {
  EXPECT_EQ(told(R"(processes:
  one:  seq 10
  two:  { command: seq 20, stdout: b }
  join: { command: paste - /dev/fd/3, reads: { b: { channel: b, fd: 3 } } }
pipes: [b]
pipelines: [[one, join]]
)"),
            "");
}

// The way through the queue never stops the split.
TEST(Joins, OverAWayThatDropsAreNot) {
  const std::string graph = R"(processes:
  split: { command: n, writes: { x: q, b: { channel: b, fd: 3 } } }
  on:    { command: n, reads: q, writes: { y: { channel: a, fd: 3 } } }
  join:  { command: paste - /dev/fd/3, stdin: a, reads: { b: { channel: b, fd: 3 } } }
pipes: [a, b]
queues: { q: { when_full: )";
  EXPECT_THAT(told(graph + "block } }\n"), HasSubstr("which both come from process 'split'"));
  EXPECT_EQ(told(graph + "drop_newest } }\n"), "");
}

// A topic hands everything to both; of a queue each takes what it can.
TEST(Joins, OfWhatATopicHandsOutArePointedOutAndOfAQueueNot) {
  const auto graph = [](const std::string& kind) {
    return R"(processes:
  from: { command: n, writes: t }
  one:  { command: n, reads: t, writes: { y: { channel: a, fd: 3 } } }
  two:  { command: n, reads: t, writes: { y: { channel: b, fd: 3 } } }
  join: { command: cat - /dev/fd/3, stdin: a, reads: { b: { channel: b, fd: 3 } } }
pipes: [a, b]
)" + kind + ": [t]\n";
  };
  EXPECT_THAT(told(graph("topics")), HasSubstr("and both come from topic 't'"));
  EXPECT_THAT(told(graph("queues")), Not(HasSubstr("both come from")));
}

}  // namespace
}  // namespace procgraph
