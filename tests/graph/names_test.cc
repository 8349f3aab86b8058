// What is said while names are resolved and streams connected.
#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

using test::told;

TEST(Connections, AnUnknownChannelIsNamedWithTheNearest) {
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

TEST(Connections, AnUnknownChannelWithoutANeighbourCanBeDeclared) {
  EXPECT_EQ(told(R"(processes:
  split: { command: n, writes: zzz }
)"),
            R"(g.yaml:2:32: error: process 'split' writes unknown channel 'zzz'
  2 │   split: { command: n, writes: zzz }
    │                                ^~~
    hint: declare it, for example 'queues: [zzz]' or 'pipes: [zzz]'
1 error
)");
}

TEST(Connections, AProcessIsNoChannel) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, writes: b }
  b: n
)"),
            R"(g.yaml:2:28: error: process 'a' writes 'b', which is a process
  2 │   a: { command: n, writes: b }
    │                            ^
g.yaml:3:3: note: declared here
    hint: processes are joined by a channel, or by an entry of 'pipelines:'
1 error
)");
}

TEST(Connections, AStreamMayHaveMeantAWordOfItsOwn) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, stdin: nonne, stdout: lgo }
)"),
            R"(g.yaml:2:27: error: process 'a' takes stdin from unknown channel 'nonne'
  2 │   a: { command: n, stdin: nonne, stdout: lgo }
    │                           ^~~~~
    hint: did you mean 'none'?
g.yaml:2:42: error: process 'a' sends stdout to unknown channel 'lgo'
  2 │   a: { command: n, stdin: nonne, stdout: lgo }
    │                                          ^~~
    hint: did you mean 'log'?
2 errors
)");
}

TEST(Connections, APipelineNamesWhatIsThere) {
  EXPECT_EQ(told(R"(processes:
  aa: n
  b: n
pipelines: [[aa, x, b], [ab, b]]
)"),
            R"(g.yaml:4:18: error: the pipeline names 'x', which is neither a process nor a channel
  4 │ pipelines: [[aa, x, b], [ab, b]]
    │                  ^
g.yaml:4:26: error: the pipeline names 'ab', which is neither a process nor a channel
  4 │ pipelines: [[aa, x, b], [ab, b]]
    │                          ^~
    hint: did you mean 'aa'?
2 errors
)");
}

TEST(Connections, APipelineOfTwoChannelsInARowIsAMistake) {
  EXPECT_EQ(told(R"(processes:
  c: { command: n, reads: r }
  d: { command: n, writes: q }
queues: [q, r]
pipelines: [[d, q, r, c]]
)"),
            R"(g.yaml:4:10: error: queue 'q' is written but nobody reads it
  4 │ queues: [q, r]
    │          ^
g.yaml:3:28: note: written here by 'd'
    hint: give a process 'reads: q'
g.yaml:4:13: error: queue 'r' is read but nobody writes it
  4 │ queues: [q, r]
    │             ^
g.yaml:2:27: note: read here by 'c'
    hint: give a process 'writes: r'
g.yaml:5:20: error: the pipeline has two channels in a row, 'q' and 'r'
  5 │ pipelines: [[d, q, r, c]]
    │                    ^
    hint: a process between them has to move the data
3 errors
)");
}

TEST(Connections, APipelineDoesNotConnectAProcessToItself) {
  EXPECT_EQ(told(R"(processes:
  a: n
pipelines: [[a, a]]
)"),
            R"(g.yaml:3:17: error: the pipeline connects 'a' to itself
  3 │ pipelines: [[a, a]]
    │                 ^
1 error
)");
}

TEST(Connections, AStreamIsConnectedOnce) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, stdout: none }
  b: n
  c: n
  d: n
pipelines: [[a, b], [b, c], [b, d]]
)"),
            R"(g.yaml:6:14: error: the pipeline sends stdout of 'a' to 'b', but it already goes to 'none'
  6 │ pipelines: [[a, b], [b, c], [b, d]]
    │              ^
g.yaml:2:28: note: set here
    hint: a stream is connected once; a queue shares what passes among several readers, a topic copies it
g.yaml:6:30: error: the pipeline sends stdout of 'b' to 'd', but it already goes to 'c'
  6 │ pipelines: [[a, b], [b, c], [b, d]]
    │                              ^
g.yaml:6:22: note: set here
    hint: a stream is connected once; a queue shares what passes among several readers, a topic copies it
2 errors
)");
}

TEST(Connections, AStreamIsTheReadOrWriteOfItsChannel) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, stdout: p, writes: p }
  b: { command: n, reads: p, stdin: p }
pipes: [p]
)"),
            R"(g.yaml:2:28: error: process 'a' names 'p' both as stdout and in 'writes'
  2 │   a: { command: n, stdout: p, writes: p }
    │                            ^
g.yaml:2:39: note: the other one
    hint: 'stdout: p' already writes it; take it out of one of them
g.yaml:3:37: error: process 'b' names 'p' both as stdin and in 'reads'
  3 │   b: { command: n, reads: p, stdin: p }
    │                                     ^
g.yaml:3:27: note: the other one
    hint: 'stdin: p' already reads it; take it out of one of them
2 errors
)");
}

TEST(Connections, APortNameStandsForOneChannel) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, writes: { x: q }, reads: { x: r } }
  b: { command: n, reads: q, writes: r }
  c: { command: n, reads: [q, q] }
queues: [q, r]
)"),
            R"(g.yaml:2:33: error: process 'a' has two ports named 'x'
  2 │   a: { command: n, writes: { x: q }, reads: { x: r } }
    │                                 ^
g.yaml:2:50: note: the other one
    hint: a port's name stands for one channel
g.yaml:4:31: error: process 'c' has two ports named 'q'
  4 │   c: { command: n, reads: [q, q] }
    │                               ^
g.yaml:4:28: note: the other one
    hint: name the channel once
2 errors
)");
}

}  // namespace
}  // namespace procgraph
