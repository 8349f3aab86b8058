// What is said of fixed descriptors and of standard streams.
#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

using test::told;

TEST(Descriptors, AnAreaIsNoStream) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, stdout: m }
shared_memory: { m: { size: 64 } }
)"),
            R"(g.yaml:2:28: error: stdout of process 'a' is area 'm', which is no stream
  2 │   a: { command: n, stdout: m }
    │                            ^
g.yaml:3:18: note: declared here
    hint: name it in 'writes', and map it
1 error
)");
}

TEST(Descriptors, OneProcessInheritsStandardInput) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, stdin: inherit }
  b: { command: n, stdin: inherit }
)"),
            R"(g.yaml:3:27: error: processes 'a' and 'b' both inherit stdin
  3 │   b: { command: n, stdin: inherit }
    │                           ^~~~~~~
g.yaml:2:27: note: inherited here too
    hint: one process at most can have the terminal's input
1 error
)");
}

TEST(Descriptors, ReplicasDoNotInheritStandardInput) {
  EXPECT_EQ(told(R"(processes:
  c: { command: n, stdin: inherit, replicas: 2 }
)"),
            R"(g.yaml:2:27: error: process 'c' has 2 replicas and cannot inherit stdin
  2 │   c: { command: n, stdin: inherit, replicas: 2 }
    │                           ^~~~~~~
    hint: one process can have the terminal's input; let it fill a queue that the replicas share
1 error
)");
}

TEST(Descriptors, ANumberIsGivenOnce) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, writes: { y: { channel: q, fd: 7 }, z: { channel: r, fd: 7 } } }
  b: { command: n, reads: [q, r] }
pipes: [q, r]
)"),
            R"(g.yaml:2:70: error: process 'a' gives descriptor 7 to two ports, 'y' and 'z'
  2 │   a: { command: n, writes: { y: { channel: q, fd: 7 }, z: { channel: r, fd: 7 } } }
    │                                                                      ^
g.yaml:2:44: note: given here first
1 error
)");
}

TEST(Descriptors, ANumberLiesWithinTheMachinesLimit) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, writes: { y: { channel: q, fd: 5000 } } }
  b: { command: n, reads: q }
pipes: [q]
)"),
            R"(g.yaml:2:44: error: process 'a' gives port 'y' descriptor 5000, beyond this machine's limit
  2 │   a: { command: n, writes: { y: { channel: q, fd: 5000 } } }
    │                                            ^
    hint: the largest is 4095 (ulimit -Hn)
1 error
)");
}

TEST(Descriptors, AQueueHasNoNumber) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, writes: { y: { channel: q, fd: 7 } } }
  b: { command: n, reads: q }
queues: [q]
)"),
      R"(g.yaml:2:44: error: process 'a' gives port 'y' descriptor 7, but a queue has several descriptors
  2 │   a: { command: n, writes: { y: { channel: q, fd: 7 } } }
    │                                            ^
    hint: leave 'fd' out: the SDK finds them by the port's name; for a program that knows no SDK, say 'framing: lines' beside it
1 error
)");
}

TEST(Descriptors, ADuplexPortHasOneNumber) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, reads: { p: { channel: p, fd: 5 } }, writes: { p: { channel: p, fd: 6 } } }
  b: { command: n, reads: p, writes: p }
pipes: { p: { duplex: true } }
)"),
            R"(g.yaml:2:81: error: port 'p' of process 'a' is one descriptor, but has two numbers, 5 and 6
  2 │   a: { command: n, reads: { p: { channel: p, fd: 5 } }, writes: { p: { channel: p, fd: 6 } } }
    │                                                                                 ^
1 error
)");
}

}  // namespace
}  // namespace procgraph
