// What the kinds say of their own options.
#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

std::string told(std::string_view yaml) {
  test::FakeWorld world;
  world.value.machine.files_max = 4096;
  return test::Text(yaml, world.value).told();
}

TEST(Kinds, AMessageFitsIntoItsQueue) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, writes: [q, r] }
  b: { command: n, reads: [q, r] }
queues:
  q: { memory: 1MiB, max_message: 2MiB }
  r: { max_message: 32MiB }
)"),
            R"(g.yaml:5:35: error: a message of 2MiB does not fit into queue 'q', whose memory is 1MiB
  5 │   q: { memory: 1MiB, max_message: 2MiB }
    │                                   ^~~~
g.yaml:5:16: note: the memory is set here
    hint: raise 'memory', or lower 'max_message' (a quarter of 'memory' if left out)
g.yaml:6:21: error: a message of 32MiB does not fit into queue 'r', whose memory is 16MiB
  6 │   r: { max_message: 32MiB }
    │                     ^~~~~
    hint: raise 'memory', or lower 'max_message' (a quarter of 'memory' if left out)
2 errors
)");
}

TEST(Kinds, ATopicHoldsItsMessagesAndItsReadersHistories) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, writes: [t, u, v] }
  b: { command: n, reads: { t: { channel: t, history: 65 }, u: u, v: v } }
topics:
  t:
  u: { memory: 1MiB, max_message: 2MiB }
  v: { memory: 64KiB }
)"),
      R"(g.yaml:3:55: error: process 'b' wants to be up to 65 messages behind in topic 't', which keeps 64
  3 │   b: { command: n, reads: { t: { channel: t, history: 65 }, u: u, v: v } }
    │                                                       ^~
g.yaml:5:3: note: declared here
    hint: raise 'history' of 't', or lower it here
g.yaml:6:35: error: a message of 2MiB does not fit into topic 'u', whose memory is 1MiB
  6 │   u: { memory: 1MiB, max_message: 2MiB }
    │                                   ^~~~
g.yaml:6:16: note: the memory is set here
    hint: raise 'memory' ('history' × 'max_message' if left out), or lower 'max_message'
g.yaml:7:16: error: a message of 256KiB does not fit into topic 'v', whose memory is 64KiB
  7 │   v: { memory: 64KiB }
    │                ^~~~~
    hint: raise 'memory' ('history' × 'max_message' if left out), or lower 'max_message'
3 errors
)");
}

TEST(Kinds, ATopicMayBeTooLargeToBeMade) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, writes: t }
  b: { command: n, reads: t }
topics: { t: { history: 1000000, max_message: 100GiB } }
)"),
            R"(g.yaml:4:11: error: topic 't' cannot be made: topic: more than 64 TiB of memory
  4 │ topics: { t: { history: 1000000, max_message: 100GiB } }
    │           ^
    hint: lower its 'history', 'max_message' or 'memory'
1 error
)");
}

TEST(Kinds, APipeIsNoLargerThanTheMachineAllows) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, stdout: p }
  b: { command: n, stdin: p }
pipes:
  p: { capacity: 4MiB }
)"),
            R"(g.yaml:5:18: error: pipe 'p' has a capacity of 4MiB; this machine allows 1MiB
  5 │   p: { capacity: 4MiB }
    │                  ^~~~
    hint: the limit is in /proc/sys/fs/pipe-max-size
1 error
)");
}

TEST(Kinds, ACapacityOfADuplexPipeIsNotSupportedYet) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, reads: p, writes: p }
  b: { command: n, reads: p, writes: p }
pipes: { p: { duplex: true, capacity: 4KiB } }
)"),
            R"(g.yaml:4:39: error: 'capacity' of a duplex pipe is not supported yet
  4 │ pipes: { p: { duplex: true, capacity: 4KiB } }
    │                                       ^~~~
1 error
)");
}

}  // namespace
}  // namespace procgraph
