// What is said of processes that start finally and cannot be what they are.
#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

using test::told;

TEST(FinallyRules, ItHasNoChannelToThoseThatHaveEnded) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, writes: q, connects: s }
  b: { command: n, serves: s, service: true }
  c: { command: n, finally: true, reads: q, connects: s }
queues: [q]
sockets: [s]
)"),
      R"(g.yaml:4:42: error: process 'c' is at queue 'q', and starts finally: whoever is at the other end has ended by then
  4 │   c: { command: n, finally: true, reads: q, connects: s }
    │                                          ^
    hint: hand it over in a file, or in shared memory
g.yaml:4:55: error: process 'c' is at socket 's', and starts finally: whoever is at the other end has ended by then
  4 │   c: { command: n, finally: true, reads: q, connects: s }
    │                                                       ^
    hint: hand it over in a file, or in shared memory
2 errors
)");
}

TEST(FinallyRules, ItMayReadWhatIsInSharedMemory) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, writes: total }
  b: { command: n, finally: true, reads: total }
shared_memory:
  total: { size: 64 }
)"),
            "");
}

TEST(FinallyRules, ItStartsOnce) {
  EXPECT_EQ(told(R"(defaults: { processes: { restart: on_failure } }
processes:
  a: n
  b: { command: n, finally: true, service: true, restart: never }
  c: { command: n, finally: true }
)"),
            R"(g.yaml:1:35: error: process 'c' starts finally, and that is once
  1 │ defaults: { processes: { restart: on_failure } }
    │                                   ^~~~~~~~~~
    hint: write 'restart: never'
g.yaml:4:3: error: process 'b' starts finally and is a service: services are stopped before it starts
  4 │   b: { command: n, finally: true, service: true, restart: never }
    │   ^
    hint: take one of the two away
2 errors
)");
}

TEST(FinallyRules, OnlyThoseOfItsKindWaitForIt) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, after: { b: finished } }
  b: { command: n, finally: true }
  c: { command: n, finally: true, after: { a: failed, b: succeeded } }
)"),
            R"(g.yaml:2:29: error: process 'a' never starts: 'b' starts finally, when 'a' has ended
  2 │   a: { command: n, after: { b: finished } }
    │                             ^
g.yaml:3:3: note: declared here
1 error
)");
}

TEST(FinallyRules, ItIsNotStartedAgainWithAnotherOne) {
  EXPECT_EQ(told(R"(processes:
  db: { command: n, service: true, restart: on_failure }
  tell: { command: n, finally: true, after: { db: { started: true, restart: true } } }
)"),
            R"(g.yaml:3:68: error: process 'tell' starts finally, and that is once
  3 │   tell: { command: n, finally: true, after: { db: { started: true, restart: true } } }
    │                                                                    ^~~~~~~
    hint: leave 'restart' out
1 error
)");
}

// A condition of its own is no reason why the graph would not wait for a process, or would need its failure.
TEST(FinallyRules, ItsConditionsChangeNothingForTheOthers) {
  const test::Text text(R"(processes:
  job: n
  db: { command: n, service: true, restart: always }
  mourn: { command: n, finally: true, after: { job: failed, db: finished } }
)");
  EXPECT_EQ(text.told(), "");
  EXPECT_FALSE(text.graph.processes[0].step);
}

}  // namespace
}  // namespace procgraph
