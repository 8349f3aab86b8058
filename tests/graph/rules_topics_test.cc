// What is said of readers of topics.
#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

using test::told;

TEST(Topics, AreReadByManyAsTheyLike) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, writes: t }
  b: { command: n, reads: { in: { channel: t, when_full: latest } } }
  c: { command: n, reads: { in: { channel: t, when_full: drop_oldest, history: 64 } }, replicas: 3 }
  d: { command: n, reads: { in: { channel: t, broadcast: true } }, replicas: 2, after: { a: started } }
topics: [t]
)"),
            "");
}

TEST(Ports, SayHowTheyWaitOnlyAtQueuesAndTopics) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, writes: { out: { channel: p, wait: sleep }, t: { channel: t, wait: sleep } } }
  b: { command: n, reads: { p: p, t: t, in: { channel: s, wait: latency } } }
  c: { command: n, writes: s }
pipes: [p]
topics: [t]
shared_memory: { s: { size: 4KiB } }
)"),
            R"(g.yaml:2:55: error: process 'a' says how it waits at pipe 'p', where it makes no difference
  2 │   a: { command: n, writes: { out: { channel: p, wait: sleep }, t: { channel: t, wait: sleep } } }
    │                                                       ^~~~~
    hint: leave out 'wait': it is for ports of queues and topics
g.yaml:3:65: error: process 'b' says how it waits at area 's', where it makes no difference
  3 │   b: { command: n, reads: { p: p, t: t, in: { channel: s, wait: latency } } }
    │                                                                 ^~~~~~~
    hint: leave out 'wait': it is for ports of queues and topics
2 errors
)");
}

TEST(Topics, OnlyTheirReadersHavePolicies) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, writes: { out: { channel: t, when_full: latest } } }
  b: { command: n, reads: t, writes: { out: { channel: q, history: 3 } } }
  c: { command: n, reads: { in: { channel: q, broadcast: true } } }
topics: [t]
queues: [q]
)"),
            R"(g.yaml:2:60: error: 'when_full' is for a port that reads a topic; process 'a' writes topic 't'
  2 │   a: { command: n, writes: { out: { channel: t, when_full: latest } } }
    │                                                            ^~~~~~
g.yaml:5:10: note: declared here
    hint: give it to the processes that read 't', or to the topic itself
g.yaml:3:68: error: 'history' is for a port that reads a topic; process 'b' writes queue 'q'
  3 │   b: { command: n, reads: t, writes: { out: { channel: q, history: 3 } } }
    │                                                                    ^
g.yaml:6:10: note: declared here
g.yaml:4:58: error: 'broadcast' is for a port that reads a topic; process 'c' reads queue 'q'
  4 │   c: { command: n, reads: { in: { channel: q, broadcast: true } } }
    │                                                          ^~~~
g.yaml:6:10: note: declared here
    hint: make 'q' a topic: then every replica can get every message
3 errors
)");
}

TEST(Topics, LatestKeepsOneMessage) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, writes: t }
  b: { command: n, reads: { in: { channel: t, when_full: latest, history: 3 } } }
topics: [t]
)"),
            R"(g.yaml:3:75: error: 'history' means nothing beside 'when_full: latest', which keeps one message
  3 │   b: { command: n, reads: { in: { channel: t, when_full: latest, history: 3 } } }
    │                                                                           ^
g.yaml:3:58: note: set here
    hint: for the newest few write 'when_full: drop_oldest'
1 error
)");
}

TEST(Topics, AReaderThatStartsAfterTheWriterBlocksIt) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, writes: t }
  b: { command: n, reads: t }
  c: { command: n, reads: { in: { channel: t, history: 5 } }, after: { a: succeeded } }
topics: [t]
)"),
      R"(g.yaml:4:72: warning: process 'c' reads topic 't', but starts only when 'a', which writes it, has ended: with more than 5 messages both wait for ever
  4 │   c: { command: n, reads: { in: { channel: t, history: 5 } }, after: { a: succeeded } }
    │                                                                        ^
g.yaml:5:10: note: declared here
    hint: start it earlier, let it read with 'when_full: drop_oldest', or raise 'history' of 't'
1 warning
)");
}

TEST(Topics, AReaderThatStartsAfterAnotherOneThatNeedsTheRestBlocksAll) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, writes: t }
  b: { command: n, reads: t, writes: q }
  c: { command: n, reads: q }
  d: { command: n, reads: t, after: { c: finished } }
topics: { t: { history: 1 } }
queues: [q]
)"),
      R"(g.yaml:5:39: warning: process 'd' reads topic 't', but starts only when 'c', which gets what passes through it, has ended: with more than one message all wait for ever
  5 │   d: { command: n, reads: t, after: { c: finished } }
    │                                       ^
g.yaml:6:11: note: declared here
    hint: start it earlier, let it read with 'when_full: drop_oldest', or raise 'history' of 't'
1 warning
)");
}

TEST(Topics, AReaderForWhomNobodyWaitsMayComeLate) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, writes: t }
  b: { command: n, reads: { in: { channel: t, when_full: drop_oldest } }, after: { a: finished } }
  c: { command: n, reads: t, after: { other: finished } }
  other: { command: n }
topics: [t]
)"),
            "");
}

}  // namespace
}  // namespace procgraph
