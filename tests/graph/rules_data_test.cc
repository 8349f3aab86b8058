// What is said of data that cannot arrive, or goes round.
#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

using test::told;

TEST(DataFlow, AReaderThatEndsBeforeItsWriterStartsGetsNothing) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, writes: q, after: { b: succeeded } }
  b: { command: n, reads: q }
queues: [q]
)"),
      R"(g.yaml:3:27: error: process 'b' can never get data from queue 'q': its writer 'a' starts only when 'b' has ended
  3 │   b: { command: n, reads: q }
    │                           ^
g.yaml:2:40: note: 'a' waits here
1 error
)");
}

TEST(DataFlow, AReaderThatStartsAfterItsWriterNeedsRoomForEverything) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, writes: q }
  b: { command: n, reads: q, after: { a: succeeded } }
queues: [q]
)"),
      R"(g.yaml:3:39: warning: process 'b' reads what 'a' writes, but starts only when 'a' has ended: more than 1,024 messages in queue 'q' block both for ever
  3 │   b: { command: n, reads: q, after: { a: succeeded } }
    │                                       ^
g.yaml:4:10: note: declared here
    hint: start it with 'a', or give 'q' a capacity that holds everything
1 warning
)");
}

TEST(DataFlow, ACircleOfDataIsPointedOut) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, reads: r, writes: q }
  b: { command: n, reads: q, writes: r }
queues: [q, r]
)"),
      R"(g.yaml:4:10: warning: 'a' → 'b' → 'a' is a circle through queue 'q': it ends only when a process in it closes its port or exits
  4 │ queues: [q, r]
    │          ^
g.yaml:4:13: note: and through queue 'r'
1 warning
)");
}

TEST(DataFlow, AProcessThatReadsWhatItWritesIsPointedOut) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, reads: q, writes: q }
queues: [q]
)"),
      R"(g.yaml:3:10: warning: process 'a' reads what it writes to queue 'q': this ends only when it closes its port or exits
  3 │ queues: [q]
    │          ^
1 warning
)");
}

TEST(DataFlow, QuestionsAndAnswersOnADuplexPipeAreNoCircle) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, reads: p, writes: p }
  b: { command: n, reads: p, writes: p }
pipes: { p: { duplex: true } }
)"),
            "");
}

}  // namespace
}  // namespace procgraph
