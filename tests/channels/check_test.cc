// What the kinds say of their own options.
#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

using test::told;

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

TEST(Kinds, ReplayIsForReadersFromOutsideAndWithinTheHistory) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, writes: [t, u, v] }
  b: { command: n, reads: [t, u, v] }
topics:
  t: { external: write, replay: 3 }
  u: { replay: 1 }
  v: { external: read, history: 2, replay: 3 }
)"),
            R"(g.yaml:5:33: error: 'replay' is for readers from outside, to which topic 't' is not open
  5 │   t: { external: write, replay: 3 }
    │                                 ^
g.yaml:5:18: note: open to writers only here
    hint: write 'external: read' or 'both' beside it, or leave it out
g.yaml:6:16: error: 'replay' is for readers from outside, to which topic 'u' is not open
  6 │   u: { replay: 1 }
    │                ^
    hint: write 'external: read' or 'both' beside it, or leave it out
g.yaml:7:44: error: readers from outside want the last 3 messages of topic 'v', which keeps 2
  7 │   v: { external: read, history: 2, replay: 3 }
    │                                            ^
g.yaml:7:33: note: set here
    hint: raise 'history' of 'v', or lower 'replay'
3 errors
)");
}

TEST(Kinds, DeadLettersOfATopicNeedReadersThatCanHaveQueues) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, writes: [t, u, v] }
  b: { command: n, reads: { in: { channel: t, broadcast: true } }, replicas: 2 }
  c: { command: n, reads: [v, d] }
topics:
  t: { dead_letter: d }
  u: { external: read, lease_timeout: 1s }
  v: { delivery: at_most_once, max_deliveries: 2 }
queues: [d]
)"),
      R"(g.yaml:3:58: error: every replica of 'b' would need a queue of its own, for topic 't' has 'dead_letter'
  3 │   b: { command: n, reads: { in: { channel: t, broadcast: true } }, replicas: 2 }
    │                                                          ^~~~
g.yaml:6:21: note: set here
    hint: let the replicas share the messages, or write as many processes
g.yaml:7:39: error: 'lease_timeout' of topic 'u' is for readers of this graph, and it has none
  7 │   u: { external: read, lease_timeout: 1s }
    │                                       ^~
    hint: no reader from outside holds a topic up: leave it out
g.yaml:8:48: error: 'max_deliveries' of topic 'v' has no meaning with 'delivery: at_most_once'
  8 │   v: { delivery: at_most_once, max_deliveries: 2 }
    │                                                ^
g.yaml:8:18: note: said here
    hint: no message comes back there; leave out one of them
3 errors
)");
}

TEST(Kinds, ATopicMayBeTooLargeToBeMade) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, writes: t }
  b: { command: n, reads: t }
topics: { t: { history: 1000000, max_message: 100GiB } }
)"),
            R"(g.yaml:4:11: error: topic 't' cannot be made: more than 64 TiB of memory
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

// Two processes and the given queues.
std::string told_of_queues(const std::string& names, const std::string& queues) {
  return told("processes:\n  a: { command: n, writes: [" + names + "] }\n  b: { command: n, reads: [" +
              names + "] }\nqueues:\n" + queues);
}

TEST(Queues, GrowOnlyWhereThatIsAskedForAndNotBackwards) {
  EXPECT_EQ(told_of_queues("q, r, s", R"(  q: { max_capacity: 9, max_memory: 1GiB }
  r: { when_full: grow, capacity: 10, max_capacity: 9, memory: 2MiB, max_memory: 1MiB }
  s: { when_full: grow, max_capacity: 5000, max_memory: 32MiB }
)"),
            R"(g.yaml:5:22: error: 'max_capacity' of queue 'q' needs 'when_full: grow'
  5 │   q: { max_capacity: 9, max_memory: 1GiB }
    │                      ^
g.yaml:5:37: error: 'max_memory' of queue 'q' needs 'when_full: grow'
  5 │   q: { max_capacity: 9, max_memory: 1GiB }
    │                                     ^~~~
g.yaml:6:53: error: queue 'r' grows from a capacity of 10 to 9, which is less
  6 │   r: { when_full: grow, capacity: 10, max_capacity: 9, memory: 2MiB, max_memory: 1MiB }
    │                                                     ^
g.yaml:6:82: error: queue 'r' grows from a memory of 2MiB to 1MiB, which is less
  6 │   r: { when_full: grow, capacity: 10, max_capacity: 9, memory: 2MiB, max_memory: 1MiB }
    │                                                                                  ^~~~
4 errors
)");
}

TEST(Queues, ThatDeliverAtMostOnceHaveNothingThatComesBack) {
  EXPECT_EQ(
      told_of_queues("q, d", R"(  q: { delivery: at_most_once, retry: 1s, max_deliveries: 3, dead_letter: d }
  d: {}
)"),
      R"(g.yaml:5:39: error: 'retry' of queue 'q' has no meaning with 'delivery: at_most_once'
  5 │   q: { delivery: at_most_once, retry: 1s, max_deliveries: 3, dead_letter: d }
    │                                       ^~
g.yaml:5:18: note: said here
    hint: no message comes back there; leave out one of them
g.yaml:5:59: error: 'max_deliveries' of queue 'q' has no meaning with 'delivery: at_most_once'
  5 │   q: { delivery: at_most_once, retry: 1s, max_deliveries: 3, dead_letter: d }
    │                                                           ^
g.yaml:5:18: note: said here
    hint: no message comes back there; leave out one of them
g.yaml:5:75: error: 'dead_letter' of queue 'q' has no meaning with 'delivery: at_most_once'
  5 │   q: { delivery: at_most_once, retry: 1s, max_deliveries: 3, dead_letter: d }
    │                                                                           ^
g.yaml:5:18: note: said here
    hint: no message comes back there; leave out one of them
3 errors
)");
}

TEST(DeadLetters, GoToAnotherQueueAndNotInACircle) {
  EXPECT_EQ(told_of_queues("q, r, s, t", R"(  q: { dead_letter: q }
  r: { dead_letter: s }
  s: { dead_letter: t }
  t: { dead_letter: r }
)"),
            R"(g.yaml:5:21: error: dead letters of queue 'q' go to itself: they would never end
  5 │   q: { dead_letter: q }
    │                     ^
    hint: name a queue that is read otherwise
g.yaml:6:21: error: dead letters go in a circle: 'r' → 's' → 't' → 'r'
  6 │   r: { dead_letter: s }
    │                     ^
    hint: name a queue that is read otherwise
2 errors
)");
}

TEST(DeadLetters, GoToAQueueThatIsThere) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, writes: [q, r, s], stdout: p }
  b: { command: n, reads: [q, r, s], stdin: p }
queues:
  q: { dead_letter: failde }
  r: { dead_letter: p }
  s: { dead_letter: a }
  failed: {}
pipes: [p]
)"),
            R"(g.yaml:5:21: error: dead letters of queue 'q' go to unknown queue 'failde'
  5 │   q: { dead_letter: failde }
    │                     ^~~~~~
    hint: did you mean 'failed'?
g.yaml:6:21: error: dead letters of queue 'r' go to 'p', which is a pipe: they go to a queue
  6 │   r: { dead_letter: p }
    │                     ^
g.yaml:7:21: error: dead letters of queue 's' go to 'a', which is a process: they go to a queue
  7 │   s: { dead_letter: a }
    │                     ^
3 errors
)");
}

TEST(DeadLetters, NeedNeitherAWriterNorAReader) {
  EXPECT_EQ(told_of_queues("q", R"(  q: { dead_letter: failed }
  failed: {}
)"),
            "");
}

TEST(DeadLetters, AreAWayOfTheDataThatMayBeACircle) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, writes: q }
  b: { command: n, reads: q }
  c: { command: n, reads: failed, writes: q }
queues:
  q: { dead_letter: failed }
  failed: {}
)"),
      R"(g.yaml:6:3: warning: process 'c' reads what it writes to queue 'q': this ends only when it closes its port or exits
  6 │   q: { dead_letter: failed }
    │   ^
g.yaml:7:3: note: and through queue 'failed'
1 warning
)");
}

TEST(Queues, LetMessagesRestForTenDaysAtMost) {
  EXPECT_EQ(told_of_queues("q", R"(  q: { retry: 1s..11d }
)"),
            R"(g.yaml:5:15: error: queue 'q' lets messages rest for up to 264h; at most 240h is possible
  5 │   q: { retry: 1s..11d }
    │               ^~~~~~~
1 error
)");
}

}  // namespace
}  // namespace procgraph
