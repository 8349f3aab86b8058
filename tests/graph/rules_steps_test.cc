// What is said of steps that share channels.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

using test::told;
using testing::AllOf;
using testing::HasSubstr;

TEST(Steps, AReaderWhoseWritersAllStartLaterGetsNothing) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, writes: q, after: { x: started } }
  b: { command: n, writes: q, after: { c: finished } }
  x: { command: n, after: { c: succeeded } }
  c: { command: n, reads: q }
queues: [q]
)"),
      R"(g.yaml:5:27: error: process 'c' can never get data from queue 'q': its writers 'a' and 'b' start only when 'c' has ended
  5 │   c: { command: n, reads: q }
    │                           ^
g.yaml:4:29: note: 'x' waits here, and 'a' starts no earlier
g.yaml:3:40: note: 'b' waits here
1 error
)");
}

TEST(Steps, AReaderOfWhomOneWriterStartsInTimeMayGetIt) {
  EXPECT_THAT(
      told(R"(processes:
  a: { command: n, writes: q, after: { c: finished } }
  b: { command: n, writes: q }
  c: { command: n, reads: q }
queues: [q]
)"),
      AllOf(HasSubstr("warning: process 'c' reads what comes from 'a', which starts only when 'c' has "
                      "ended: unless it ends by itself, both wait for ever"),
            HasSubstr("1 warning")));
}

// The ends of a pipe start together: 'a' starts no earlier than 'b' does.
TEST(Steps, WhatAPipeStartsTogetherCounts) {
  EXPECT_THAT(
      told(R"(processes:
  a: { command: n, writes: q, stdout: p }
  b: { command: n, stdin: p, after: { c: finished } }
  c: { command: n, reads: q }
queues: [q]
pipes: [p]
)"),
      AllOf(HasSubstr("error: process 'c' can never get data from queue 'q': its writer 'a' starts only "
                      "when 'c' has ended"),
            HasSubstr("note: 'b' waits here, and 'a' starts no earlier")));
}

TEST(Steps, AStepThatNeedsTheEndOfWhatFollowsItIsPointedOut) {
  EXPECT_THAT(
      told(R"(processes:
  a: { command: n, writes: q, after: { c: finished } }
  b: { command: n, reads: q, writes: r }
  c: { command: n, reads: r }
queues: [q, r]
)"),
      AllOf(HasSubstr("g.yaml:4:27: warning: process 'c' reads what comes from 'a', which starts only "
                      "when 'c' has ended"),
            HasSubstr("g.yaml:2:40: note: 'a' waits here"), HasSubstr("1 warning")));
}

TEST(Steps, AStepIsNotToHoldUpTheOneThatItWaitsFor) {
  constexpr const char* kHead = "processes:\n  a: { command: n, writes: [q, r] }\n";
  constexpr const char* kTail = "queues: { q: { capacity: 10 }, r: {}, s: {} }\n";
  EXPECT_THAT(
      told(kHead + std::string(R"(  x: { command: n, reads: r }
  b: { command: n, reads: q, after: { x: finished } }
queues: { q: { capacity: 10 }, r: {} }
)")),
      AllOf(HasSubstr("g.yaml:4:27: warning: process 'b' reads queue 'q', but starts only when 'x', which "
                      "reads on from those who write it, has ended: with more than 10 messages all wait "
                      "for ever"),
            HasSubstr("hint: start it earlier, or raise 'capacity' of 'q'"), HasSubstr("1 warning")));
  EXPECT_THAT(
      told(R"(processes:
  x: { command: n, writes: r }
  a: { command: n, reads: r, writes: q }
  b: { command: n, reads: q, after: { x: finished } }
queues: [q, r]
)"),
      AllOf(HasSubstr("process 'b' reads queue 'q', but starts only when 'x', whose data goes into it, has "
                      "ended: with more than 1,024 messages all wait for ever"),
            HasSubstr("1 warning")));
  EXPECT_THAT(
      told(kHead + std::string(R"(  x: { command: n, after: { a: finished }, reads: r, writes: s }
  b: { command: n, reads: q, after: { x: started } }
  c: { command: n, reads: s }
)") + kTail),
      AllOf(HasSubstr("process 'b' reads queue 'q', but starts only when 'a', which writes it, has ended"),
            HasSubstr("'x' waits here, and 'b' starts no earlier")));
}

TEST(Steps, OfATopicEachReaderHoldsUp) {
  EXPECT_THAT(
      told(R"(processes:
  x: { command: n, writes: r }
  a: { command: n, reads: r, writes: t }
  b: { command: n, reads: t, after: { x: finished } }
  c: { command: n, reads: t }
queues: [r]
topics: { t: { history: 7 } }
)"),
      AllOf(HasSubstr("process 'b' reads topic 't', but starts only when 'x', whose data goes into it, has "
                      "ended: with more than 7 messages all wait for ever"),
            HasSubstr("raise 'history' of 't'"), HasSubstr("1 warning")));
}

TEST(Steps, WhoDoesNotWaitForTheLateOneIsNotHeldUp) {
  EXPECT_EQ(told(R"(processes:
  x: { command: n, writes: r }
  y: { command: n, reads: r }
  a: { command: n, writes: [q, t, l] }
  b: { command: n, reads: q, after: { y: finished } }
  c: { command: n, reads: { in: { channel: t, when_full: latest } }, after: { z: finished } }
  z: { command: n, reads: l }
  d: { command: n, reads: l }
  letters: { command: n, reads: f, after: { y: finished } }
queues: { r: { dead_letter: f }, f: {}, q: {}, l: { when_full: drop_oldest } }
topics: [t]
)"),
            "");
}

TEST(Steps, AClientThatEndsBeforeItsServerStartsIsPointedOut) {
  EXPECT_EQ(
      told(R"(processes:
  c: { command: n, connects: s }
  d: { command: n, serves: s, service: true, after: { c: succeeded } }
sockets: { s: { listen: unix } }
)"),
      R"(g.yaml:2:30: warning: process 'c' connects to socket 's', whose server 'd' starts only when 'c' has ended: it never gets an answer
  2 │   c: { command: n, connects: s }
    │                              ^
g.yaml:3:55: note: 'd' waits here
1 warning
)");
}

}  // namespace
}  // namespace procgraph
