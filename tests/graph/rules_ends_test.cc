// What is said of channels that miss an end, or have too many.
#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

using test::told;

TEST(Ends, AQueueThatNobodyUsesIsAMistake) {
  EXPECT_EQ(told(R"(processes:
  f: n
queues: [q]
)"),
            R"(g.yaml:3:10: error: queue 'q' is declared but no process uses it
  3 │ queues: [q]
    │          ^
    hint: give one process 'writes: q' and another 'reads: q', or remove it
1 error
)");
}

TEST(Ends, AQueueThatNobodyReadsIsAMistake) {
  EXPECT_EQ(told(R"(processes:
  f: { command: n, writes: q }
queues: [q]
)"),
            R"(g.yaml:3:10: error: queue 'q' is written but nobody reads it
  3 │ queues: [q]
    │          ^
g.yaml:2:28: note: written here by 'f'
    hint: give a process 'reads: q'
1 error
)");
}

TEST(Ends, APipeThatNobodyWritesIsAMistake) {
  EXPECT_EQ(told(R"(processes:
  f: { command: n, reads: p }
pipes: [p]
)"),
            R"(g.yaml:3:9: error: pipe 'p' is read but nobody writes it
  3 │ pipes: [p]
    │         ^
g.yaml:2:27: note: read here by 'f'
    hint: give a process 'writes: p'
1 error
)");
}

TEST(Ends, NothingIsSaidOfAMissingEndWhereANameWasNotFound) {
  EXPECT_EQ(told(R"(processes:
  split: { command: n, writes: work }
  total: { command: n, reads: wrok }
queues: [work]
)"),
            R"(g.yaml:3:31: error: process 'total' reads unknown channel 'wrok'
  3 │   total: { command: n, reads: wrok }
    │                               ^~~~
    hint: did you mean 'work'?
1 error
)");
}

TEST(Ends, BytesTearBetweenTwoReaders) {
  EXPECT_EQ(
      told(R"(processes:
  f: { command: n, writes: results }
  sum: { command: n, reads: results }
  log2: { command: n, reads: results }
pipes:
  results: {}
)"),
      R"(g.yaml:6:3: error: pipe 'results' has two readers, 'sum' and 'log2'; bytes of a pipe tear between readers
  6 │   results: {}
    │   ^~~~~~~
g.yaml:3:29: note: read here by 'sum'
g.yaml:4:30: note: read here by 'log2'
    hint: a queue shares messages between its readers, a topic copies them to each
1 error
)");
}

TEST(Ends, BytesTearBetweenManyWriters) {
  EXPECT_EQ(
      told(R"(processes:
  f: { command: n, writes: results }
  g: { command: n, writes: results }
  h: { command: n, stdout: results }
  sum: { command: n, reads: results }
pipes:
  results: {}
)"),
      R"(g.yaml:7:3: error: pipe 'results' has 3 writers, 'f', 'g' and 'h'; bytes of a pipe tear between writers
  7 │   results: {}
    │   ^~~~~~~
g.yaml:2:28: note: written here by 'f'
g.yaml:3:28: note: written here by 'g'
g.yaml:4:28: note: written here by 'h'
    hint: a queue takes messages from any number of writers
1 error
)");
}

TEST(Ends, BothOutputsOfOneProcessAreOneWriter) {
  EXPECT_EQ(told(R"(processes:
  f: { command: n, stdout: p, stderr: p }
  m: { command: n, stdin: p }
pipes: [p]
)"),
            "");
}

TEST(Ends, OneProcessReadsAPipeOnce) {
  EXPECT_EQ(
      told(R"(processes:
  f: { command: n, stdout: p }
  m: { command: n, reads: { x: p, y: p } }
pipes: [p]
)"),
      R"(g.yaml:4:9: error: process 'm' reads pipe 'p' through several ports; bytes of a pipe tear between readers
  4 │ pipes: [p]
    │         ^
g.yaml:3:32: note: read here by 'm'
g.yaml:3:38: note: read here by 'm'
    hint: a queue shares messages between its readers, a topic copies them to each
1 error
)");
}

TEST(Ends, ReplicasDoNotShareAPipe) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, replicas: 3, stdout: p }
  b: { command: n, stdin: p }
pipes: [p]
)"),
            R"(g.yaml:2:41: error: process 'a' has 3 replicas and cannot share pipe 'p'
  2 │   a: { command: n, replicas: 3, stdout: p }
    │                                         ^
g.yaml:2:30: note: its replicas
    hint: make it a queue: a queue shares messages, bytes tear
1 error
)");
}

TEST(Ends, ReplicasDoNotShareAnAnonymousPipe) {
  EXPECT_EQ(told(R"(processes:
  a: n
  b: { command: n, replicas: 4 }
pipelines: [[a, b]]
)"),
            R"(g.yaml:4:17: error: process 'b' has 4 replicas and cannot share the pipe from 'a' to 'b'
  4 │ pipelines: [[a, b]]
    │                 ^
g.yaml:3:30: note: its replicas
    hint: name a queue between the two in the pipeline: a queue shares messages, bytes tear
1 error
)");
}

TEST(Ends, ReplicasDoNotShareADuplexPipe) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, reads: p, writes: p, replicas: 2 }
  b: { command: n, reads: p, writes: p }
pipes: { p: { duplex: true } }
)"),
            R"(g.yaml:2:27: error: process 'a' has 2 replicas and cannot share pipe 'p'
  2 │   a: { command: n, reads: p, writes: p, replicas: 2 }
    │                           ^
g.yaml:2:51: note: its replicas
    hint: a duplex pipe joins two processes; for several, use two queues
1 error
)");
}

TEST(Ends, APipeJoinsTwoProcesses) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, reads: p, writes: p }
pipes: [p]
)"),
            R"(g.yaml:2:27: error: process 'a' is both writer and reader of pipe 'p'
  2 │   a: { command: n, reads: p, writes: p }
    │                           ^
g.yaml:2:38: note: written here
    hint: for questions and answers between two processes write 'duplex: true' at the pipe
1 error
)");
}

TEST(Ends, ADuplexPipeIsReadAndWrittenByBoth) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, reads: p, writes: p }
  b: { command: n, reads: p }
pipes: { p: { duplex: true } }
)"),
            R"(g.yaml:3:27: error: process 'b' only reads duplex pipe 'p'
  3 │   b: { command: n, reads: p }
    │                           ^
    hint: name it in 'writes' too, under the same port name
1 error
)");
}

TEST(Ends, ADuplexPipeHasOnePortNameInAProcess) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, reads: p, writes: p }
  b: { command: n, reads: { x: p }, writes: { y: p } }
pipes: { p: { duplex: true } }
)"),
            R"(g.yaml:3:32: error: process 'b' only reads duplex pipe 'p'
  3 │   b: { command: n, reads: { x: p }, writes: { y: p } }
    │                                ^
    hint: name it in 'writes' too, under the same port name
g.yaml:3:50: error: process 'b' only writes duplex pipe 'p'
  3 │   b: { command: n, reads: { x: p }, writes: { y: p } }
    │                                                  ^
    hint: name it in 'reads' too, under the same port name
2 errors
)");
}

TEST(Ends, ADuplexPipeJoinsTwoProcessesNotThree) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, reads: p, writes: p }
  b: { command: n, reads: p, writes: p }
  c: { command: n, reads: p, writes: p }
pipes: { p: { duplex: true } }
)"),
            R"(g.yaml:5:10: error: duplex pipe 'p' joins two processes, but 3 processes use it
  5 │ pipes: { p: { duplex: true } }
    │          ^
g.yaml:2:27: note: used here by 'a'
g.yaml:3:27: note: used here by 'b'
g.yaml:4:27: note: used here by 'c'
    hint: both processes name it in 'reads' and in 'writes'
1 error
)");
}

TEST(Ends, ADuplexPipeJoinsTwoProcessesNotOne) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, reads: p, writes: p }
pipes: { p: { duplex: true } }
)"),
            R"(g.yaml:3:10: error: duplex pipe 'p' joins two processes, but one process uses it
  3 │ pipes: { p: { duplex: true } }
    │          ^
g.yaml:2:27: note: used here by 'a'
    hint: both processes name it in 'reads' and in 'writes'
1 error
)");
}

TEST(Ends, ADuplexPipeThatNobodyUsesIsAMistake) {
  EXPECT_EQ(told(R"(processes:
  a: n
pipes: { p: { duplex: true } }
)"),
            R"(g.yaml:3:10: error: duplex pipe 'p' joins two processes, but no process uses it
  3 │ pipes: { p: { duplex: true } }
    │          ^
    hint: both processes name it in 'reads' and in 'writes'
1 error
)");
}

TEST(Ends, AStreamIsNotDuplex) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, reads: p, writes: p }
  b: { command: n, stdin: p, stdout: p }
pipes: { p: { duplex: true } }
)"),
            R"(g.yaml:3:27: error: process 'b' only reads duplex pipe 'p'
  3 │   b: { command: n, stdin: p, stdout: p }
    │                           ^
    hint: a stream goes one way; name the pipe in 'reads' and in 'writes'
g.yaml:3:38: error: process 'b' only writes duplex pipe 'p'
  3 │   b: { command: n, stdin: p, stdout: p }
    │                                      ^
    hint: a stream goes one way; name the pipe in 'reads' and in 'writes'
2 errors
)");
}

}  // namespace
}  // namespace procgraph
