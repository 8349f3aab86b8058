// What is said of processes as such.
#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

using test::told;

TEST(Nodes, APlainProgramNeverOpensAPort) {
  EXPECT_EQ(told(R"(processes:
  a: { command: sort, reads: q, writes: p }
  b: { command: n, writes: q }
  c: { command: n, reads: p }
pipes: [p]
queues: [q]
)"),
            R"(g.yaml:2:30: warning: 'sort' never opens its port 'q'
  2 │   a: { command: sort, reads: q, writes: p }
    │                              ^
    hint: a plain program wants 'stdin: q'
g.yaml:2:41: warning: 'sort' never opens its port 'p'
  2 │   a: { command: sort, reads: q, writes: p }
    │                                         ^
    hint: a plain program wants 'stdout: p'
2 warnings
)");
}

TEST(Nodes, APlainProgramMayOpenANumberedDescriptor) {
  EXPECT_EQ(told(R"(processes:
  c: { command: "comm /dev/fd/3 /dev/fd/4", reads: { x: { channel: r, fd: 3 }, y: { channel: s, fd: 4 } } }
  d: { command: n, writes: r }
  e: { command: n, writes: s }
pipes: [r, s]
)"),
            "");
}

TEST(Nodes, AGraphHasRoomForSoManyParticipants) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, replicas: 4000, writes: q }
  b: { command: n, replicas: 100, reads: q }
queues: [q]
)"),
            R"(g.yaml:2:30: error: 4,100 processes use queues or shared memory; a graph has room for 4,095
  2 │   a: { command: n, replicas: 4000, writes: q }
    │                              ^~~~
    hint: most are replicas of 'a'
1 error
)");
}

TEST(Nodes, AGraphHasProcesses) {
  EXPECT_EQ(told(R"(name: x
)"),
            R"(g.yaml: error: the graph has no processes
    hint: write 'processes:' with at least one
1 error
)");
}

TEST(MinReplicas, AreNoMoreThanThereAre) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, replicas: 2, min_replicas: 2 }
  b: { command: n, replicas: 2, min_replicas: 3 }
  c: { command: n, min_replicas: 2 }
)"),
            R"(g.yaml:3:47: error: of process 'b' 3 copies must be left, and there are 2
  3 │   b: { command: n, replicas: 2, min_replicas: 3 }
    │                                               ^
g.yaml:3:30: note: said here
    hint: write 'replicas' with as many or more
g.yaml:4:34: error: of process 'c' two copies must be left, and there is one
  4 │   c: { command: n, min_replicas: 2 }
    │                                  ^
    hint: write 'replicas' with as many or more
2 errors
)");
}

}  // namespace
}  // namespace procgraph
