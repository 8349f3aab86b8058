// What must hold of a process that runs once per message.
#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

using test::told;

TEST(PerMessageRules, LetItReadAndWriteWhatItsRunsDo) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, writes: [q, t] }
  b: { command: gzip -c, per: message, stdin: q, stdout: p, replicas: 4, stderr: none }
  c: { command: sort, stdin: p }
  d: { command: "grep {}", per: { messages: 1, within: 1s }, reads: t, writes: r, ok_codes: [0, 1], connects: s }
  e: { command: "gzip -c", per: { messages: 50 }, stdin: r, ordered: true, replicas: 2, limits: { cpu: 10s } }
  f: { command: n, serves: s, service: true }
topics: [t]
queues: { q: { reject_codes: [3] }, r: {} }
pipes: [p]
sockets: [s]
)"),
            "");
}

TEST(PerMessageRules, GiveItOneInput) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, writes: [q, r], stdout: p }
  b: { command: cat, per: message }
  c: { command: cat, per: message, reads: [q, r], stdin: { file: /w/g.yaml } }
  d: { command: cat, per: message, stdin: p }
pipes: [p]
queues: [q, r]
)"),
            R"(g.yaml:3:22: error: process 'b', which runs once per message, reads no queue and no topic
  3 │   b: { command: cat, per: message }
    │                      ^~~
    hint: write 'reads: QUEUE', or 'stdin: QUEUE'
g.yaml:4:47: error: process 'c', which runs once per message, reads 'q' and 'r'
  4 │   c: { command: cat, per: message, reads: [q, r], stdin: { file: /w/g.yaml } }
    │                                               ^
g.yaml:4:22: note: said here
    hint: its messages come from one queue, which may have many writers
g.yaml:4:66: error: process 'c', which runs once per message, gets the message as its stdin
  4 │   c: { command: cat, per: message, reads: [q, r], stdin: { file: /w/g.yaml } }
    │                                                                  ^~~~~~~~~
g.yaml:4:22: note: said here
    hint: leave out 'stdin'
g.yaml:5:43: error: process 'd', which runs once per message, has pipe 'p' at its port 'stdin'
  5 │   d: { command: cat, per: message, stdin: p }
    │                                           ^
g.yaml:5:22: note: said here
    hint: messages come from a queue or a topic
4 errors
)");
}

TEST(PerMessageRules, GiveItOneOutputAndNoOtherPorts) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, writes: [q, p, m] }
  b: { command: cat, per: message, reads: { x: q, y: m }, writes: [r, s, p] }
  c: { command: cat, per: message, reads: q, writes: r, stdout: { file: out } }
  d: { command: n, reads: [r, s, p] }
  e: { command: cat, per: message, reads: { in: { channel: t, broadcast: true } } }
  f: { command: n, writes: t }
topics: [t]
pipes: [p]
queues: [q, r, s]
shared_memory: { m: { size: 64 } }
)"),
            R"(g.yaml:3:54: error: process 'b', which runs once per message, has area 'm' at its port 'y'
  3 │   b: { command: cat, per: message, reads: { x: q, y: m }, writes: [r, s, p] }
    │                                                      ^
g.yaml:3:22: note: said here
    hint: its message is all that it reads, and what it prints all that it writes
g.yaml:3:71: error: process 'b', which runs once per message, writes 'r' and 's'
  3 │   b: { command: cat, per: message, reads: { x: q, y: m }, writes: [r, s, p] }
    │                                                                       ^
g.yaml:3:22: note: said here
    hint: what a run prints goes to one channel; a topic has many readers
g.yaml:3:74: error: process 'b', which runs once per message, has pipe 'p' at its port 'p'
  3 │   b: { command: cat, per: message, reads: { x: q, y: m }, writes: [r, s, p] }
    │                                                                          ^
g.yaml:3:22: note: said here
    hint: write 'stdout: p'
g.yaml:4:73: error: process 'c', which runs once per message, prints its results, which go to 'r'
  4 │   c: { command: cat, per: message, reads: q, writes: r, stdout: { file: out } }
    │                                                                         ^~~
g.yaml:4:22: note: said here
    hint: name one of them only
g.yaml:6:74: error: process 'e', which runs once per message, is one reader of the topic: 'broadcast' has no meaning there
  6 │   e: { command: cat, per: message, reads: { in: { channel: t, broadcast: true } } }
    │                                                                          ^~~~
g.yaml:6:22: note: said here
    hint: leave it out
g.yaml:9:9: error: pipe 'p' has two writers, 'a' and 'b'; bytes of a pipe tear between writers
  9 │ pipes: [p]
    │         ^
g.yaml:2:32: note: written here by 'a'
g.yaml:3:74: note: written here by 'b'
    hint: a queue takes messages from any number of writers
6 errors
)");
}

TEST(PerMessageRules, RefuseWhatEachRunWouldNotHave) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, writes: q }
  b:
    command: "cat ${replica}"
    per: message
    reads: q
    replicas: 4
    ready: notify
    health: { exec: n }
    restart: on_failure
    min_replicas: 2
    limits: { memory: 1GiB, processes: 10 }
  c: { command: "n {}", per: { messages: 10 }, reads: q }
queues: [q]
)"),
      R"(g.yaml:4:19: error: process 'b', which runs once per message, has no copies: '${replica}' and '${replicas}' have no meaning there
  4 │     command: "cat ${replica}"
    │                   ^~~~~~~~~~
g.yaml:5:5: note: said here
    hint: its runs find PROCGRAPH_REPLICA in their environment, from 0 to one less than 'replicas'
g.yaml:8:12: error: process 'b', which runs once per message, has 'ready', which has no meaning there
  8 │     ready: notify
    │            ^~~~~~
g.yaml:5:5: note: said here
    hint: each run is a short life of its own; leave it out
g.yaml:9:21: error: process 'b', which runs once per message, has 'health', which has no meaning there
  9 │     health: { exec: n }
    │                     ^
g.yaml:5:5: note: said here
    hint: 'timeout' bounds each run
g.yaml:10:14: error: process 'b', which runs once per message, has 'restart', which has no meaning there
 10 │     restart: on_failure
    │              ^~~~~~~~~~
g.yaml:5:5: note: said here
    hint: a message whose run failed comes back by itself: 'max_deliveries' of its queue says how often
g.yaml:11:19: error: process 'b', which runs once per message, has 'min_replicas', which has no meaning there
 11 │     min_replicas: 2
    │                   ^
g.yaml:5:5: note: said here
    hint: 'replicas' are its runs at a time; leave it out
g.yaml:12:23: error: process 'b', which runs once per message, has a limit of memory, which is not supported yet
 12 │     limits: { memory: 1GiB, processes: 10 }
    │                       ^~~~
g.yaml:5:5: note: said here
    hint: it takes a cgroup, which would hold all of its runs together; leave it out
g.yaml:12:40: error: process 'b', which runs once per message, has a limit of processes, which is not supported yet
 12 │     limits: { memory: 1GiB, processes: 10 }
    │                                        ^~
g.yaml:5:5: note: said here
    hint: it takes a cgroup, which would hold all of its runs together; leave it out
g.yaml:13:20: error: process 'c', which runs once per message, gets up to 10 of them: '{}' stands for one
 13 │   c: { command: "n {}", per: { messages: 10 }, reads: q }
    │                    ^~
g.yaml:13:25: note: said here
    hint: read them from stdin, a line each, or write 'per: message'
8 errors
)");
}

TEST(PerMessageRules, KeepAnOrderThatThereIs) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, writes: [q, r, s] }
  b: { command: n, reads: q, replicas: 2 }
  c: { command: n, per: message, reads: r, ordered: true }
  d: { command: n, reads: r }
  e: { command: n, per: message, reads: s, ordered: true }
queues: { q: {}, r: {}, s: { external: read, retry: 1s } }
)"),
      R"(g.yaml:4:44: error: results of process 'c' leave in order, so it must be the only reader of queue 'r'
  4 │   c: { command: n, per: message, reads: r, ordered: true }
    │                                            ^~~~~~~
g.yaml:5:27: note: read here too
    hint: what another reader takes has no result here, and may come back late
g.yaml:6:44: error: results of process 'e' leave in order, so it must be the only reader of queue 's'
  6 │   e: { command: n, per: message, reads: s, ordered: true }
    │                                            ^~~~~~~
g.yaml:7:40: note: read from outside
    hint: what another reader takes has no result here, and may come back late
g.yaml:7:53: error: results of process 'e' leave in order: a message that failed is tried again at once, 'retry' of queue 's' has no meaning
  7 │ queues: { q: {}, r: {}, s: { external: read, retry: 1s } }
    │                                                     ^~
g.yaml:6:44: note: said here
    hint: leave out one of them
3 errors
)");
}

TEST(PerMessageRules, KeepAnOrderOfNodesWithOneInputAndOneOutput) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, writes: [q, r, s] }
  b: { command: n, reads: q, ordered: true, replicas: 2 }
  c: { command: n, reads: [r, s], writes: t, ordered: true }
  d: { command: n, reads: t, writes: u, ordered: true, replicas: 2 }
  e: { command: n, stdin: u, stdout: v, ordered: true }
  f: { command: n, reads: v }
queues: [q, r, s, t, u, v]
)"),
      R"(g.yaml:3:30: error: results of process 'b' leave in order, so it writes one queue or topic, and not none
  3 │   b: { command: n, reads: q, ordered: true, replicas: 2 }
    │                              ^~~~~~~
    hint: leave out 'ordered', or add 'per: message' for a command that is run once for each
g.yaml:4:46: error: results of process 'c' leave in order, so it reads one queue or topic, and not 2
  4 │   c: { command: n, reads: [r, s], writes: t, ordered: true }
    │                                              ^~~~~~~
g.yaml:4:28: note: read here
g.yaml:4:31: note: read here
    hint: leave out 'ordered', or add 'per: message' for a command that is run once for each
g.yaml:6:27: error: results of process 'e' leave in order, but it is a plain program at queue 'u': nobody can tell which line answers which
  6 │   e: { command: n, stdin: u, stdout: v, ordered: true }
    │                           ^
    hint: add 'per: message', or leave out 'ordered'
3 errors
)");
}

TEST(PerMessageRules, SayWhereCodesHaveNoMeaning) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, writes: q }
  b: { command: n, reads: q }
  c: { command: n, per: message, reads: r }
  d: { command: n, writes: r }
queues: { q: { reject_codes: [3] }, r: { reject_codes: [3], delivery: at_most_once } }
)"),
      R"(g.yaml:6:16: warning: 'reject_codes' of queue 'q' has no meaning: no process that reads it runs once per message
  6 │ queues: { q: { reject_codes: [3] }, r: { reject_codes: [3], delivery: at_most_once } }
    │                ^~~~~~~~~~~~
    hint: they are exit codes of a process with 'per: message'
g.yaml:6:42: error: 'reject_codes' of queue 'r' has no meaning with 'delivery: at_most_once'
  6 │ queues: { q: { reject_codes: [3] }, r: { reject_codes: [3], delivery: at_most_once } }
    │                                          ^~~~~~~~~~~~
g.yaml:6:71: note: said here
    hint: no message comes back there; leave out one of them
1 error, 1 warning
)");
}

}  // namespace
}  // namespace procgraph
