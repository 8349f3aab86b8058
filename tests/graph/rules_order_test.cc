// What is said of start conditions that can never hold.
#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

using test::told;

TEST(StartOrder, AnUnknownProcessIsNamedWithTheNearest) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, after: { bb: started } }
  b1: n
)"),
            R"(g.yaml:2:29: error: process 'a' starts after unknown process 'bb'
  2 │   a: { command: n, after: { bb: started } }
    │                             ^~
    hint: did you mean 'b1'?
1 error
)");
}

TEST(StartOrder, AfterNamesProcesses) {
  EXPECT_EQ(told(R"(processes:
  b: { command: n, after: { q: started } }
  c: { command: n, writes: q }
  d: { command: n, reads: q }
queues: [q]
)"),
            R"(g.yaml:2:29: error: process 'b' starts after 'q', which is a channel
  2 │   b: { command: n, after: { q: started } }
    │                             ^
g.yaml:5:10: note: declared here
    hint: 'after' names processes: channels are there before anything starts
1 error
)");
}

TEST(StartOrder, AProcessDoesNotStartAfterItself) {
  EXPECT_EQ(told(R"(processes:
  b: { command: n, after: { b: started } }
)"),
            R"(g.yaml:2:29: error: process 'b' starts after itself: it can never start
  2 │   b: { command: n, after: { b: started } }
    │                             ^
1 error
)");
}

TEST(StartOrder, TwoThatWaitForEachOtherNeverStart) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, after: { b: started } }
  b: { command: n, after: { a: finished } }
)"),
            R"(g.yaml:2:29: error: 'a' and 'b' wait for each other and can never start
  2 │   a: { command: n, after: { b: started } }
    │                             ^
g.yaml:2:29: note: 'a' waits until 'b' has started
g.yaml:3:29: note: 'b' waits until 'a' has finished
1 error
)");
}

TEST(StartOrder, AWholeCircleIsNamed) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, after: { b: started } }
  b: { command: n, after: { c: started } }
  c: { command: n, after: { a: succeeded } }
  d: { command: n, after: { a: started } }
)"),
            R"(g.yaml:2:29: error: 'a', 'b' and 'c' wait for each other and can never start
  2 │   a: { command: n, after: { b: started } }
    │                             ^
g.yaml:2:29: note: 'a' waits until 'b' has started
g.yaml:3:29: note: 'b' waits until 'c' has started
g.yaml:4:29: note: 'c' waits until 'a' has succeeded
1 error
)");
}

TEST(StartOrder, TheEndsOfAPipeStartTogether) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, stdout: p }
  b: { command: n, stdin: p, after: { a: finished } }
pipes: [p]
)"),
            R"(g.yaml:3:39: error: 'b' and 'a' wait for each other and can never start
  3 │   b: { command: n, stdin: p, after: { a: finished } }
    │                                       ^
g.yaml:3:39: note: 'b' waits until 'a' has finished
g.yaml:4:9: note: 'a' and 'b' start together: they are the ends of pipe 'p'
1 error
)");
}

TEST(StartOrder, ACircleMayLeadThroughPipelines) {
  EXPECT_EQ(told(R"(processes:
  a: n
  b: { command: n, after: { d: succeeded } }
  c: n
  d: { command: n, after: { a: started } }
pipelines: [[a, b], [c, d]]
)"),
            R"(g.yaml:3:29: error: 'b', 'd' and 'a' wait for each other and can never start
  3 │   b: { command: n, after: { d: succeeded } }
    │                             ^
g.yaml:3:29: note: 'b' waits until 'd' has succeeded
g.yaml:5:29: note: 'd' waits until 'a' has started
g.yaml:6:17: note: 'a' and 'b' start together: they are the ends of the pipe from 'a' to 'b'
1 error
)");
}

TEST(StartOrder, AFailureThatStopsTheGraphStartsNothing) {
  EXPECT_EQ(told(R"(processes:
  a: n
  b: { command: n, after: { a: failed } }
)"),
            R"(g.yaml:3:29: warning: process 'b' never starts: a failure of 'a' stops the graph
  3 │   b: { command: n, after: { a: failed } }
    │                             ^
g.yaml:2:3: note: declared here
    hint: give 'a' 'on_failure: finish' or 'ignore'
1 warning
)");
}

TEST(StartOrder, AFailureThatTheGraphSurvivesMayBeWaitedFor) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, on_failure: ignore }
  b: { command: n, after: { a: failed } }
)"),
            "");
}

TEST(StartOrder, TheEndOfAServiceIsNotWaitedFor) {
  EXPECT_EQ(
      told(R"(processes:
  db: { command: n, service: true }
  report: { command: n, after: { db: finished } }
)"),
      R"(g.yaml:3:34: warning: process 'report' waits for the end of service 'db'; services are stopped only when everything else has ended
  3 │   report: { command: n, after: { db: finished } }
    │                                  ^~
g.yaml:2:3: note: declared here
    hint: take 'service: true' away from 'db' if it ends by itself
1 warning
)");
}

}  // namespace
}  // namespace procgraph
