// What is said of readiness and health.
#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

using test::told;

TEST(ReadyRules, ADescriptorThatSaysReadyIsNobodyElses) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, ready: { fd: 5 }, writes: { p: { channel: c, fd: 5 } } }
  b: { command: n, reads: c }
  d: { command: n, ready: { fd: 3 }, serves: s, service: true }
  e: { command: n, ready: { fd: 4096 }, connects: s }
pipes: [c]
sockets: [s]
)"),
            R"(g.yaml:2:33: error: process 'a' says that it is ready on descriptor 5, which is its port 'p'
  2 │   a: { command: n, ready: { fd: 5 }, writes: { p: { channel: c, fd: 5 } } }
    │                                 ^
g.yaml:2:62: note: given here
g.yaml:4:33: error: process 'd' says that it is ready on descriptor 3, which is a listening socket's
  4 │   d: { command: n, ready: { fd: 3 }, serves: s, service: true }
    │                                 ^
    hint: the sockets of 'serves' come first, from 3 on; the next free number is 4
g.yaml:5:33: error: process 'e' says that it is ready on descriptor 4096, beyond this machine's limit
  5 │   e: { command: n, ready: { fd: 4096 }, connects: s }
    │                                 ^~~~
    hint: the largest is 4095 (ulimit -Hn)
3 errors
)");
}

TEST(ReadyRules, ALogThatIsWatchedIsALog) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, ready: { log: up }, stdout: none, stderr: inherit }
  b: { command: n, ready: { log: up }, stdout: none }
)"),
      R"(g.yaml:2:34: error: the log of process 'a' is to tell when it is ready, but neither its stdout nor its stderr is a log
  2 │   a: { command: n, ready: { log: up }, stdout: none, stderr: inherit }
    │                                  ^~
    hint: leave out 'stdout' or 'stderr', or write 'ready: notify'
1 error
)");
}

TEST(ReadyRules, ASocketThatProcgraphHoldsOpenIsNoSignOfLife) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, serves: [s, t], ready: { tcp: "${socket.s.address}" }, health: { tcp: "${socket.t.address}" }, service: true }
  b: { command: n, serves: u, ready: { http: { socket: u } }, service: true }
  c: { command: n, connects: [s, t, u] }
sockets: { s: , t: { open: server }, u: }
)"),
      R"(g.yaml:2:50: error: process 'a' is probed at socket 's', which procgraph holds open: that always succeeds
  2 │   a: { command: n, serves: [s, t], ready: { tcp: "${socket.s.address}" }, health: { tcp: "${socket.t…
    │                                                  ^~~~~~~~~~~~~~~~~~~~~
g.yaml:5:12: note: declared here
    hint: write 'ready: notify' or an http probe, or let the server open it: 'open: server'
1 error
)");
}

TEST(ReadyRules, AnAddressIsWhole) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, ready: { tcp: "${socket.nobody.address}" } }
  b: { command: n, ready: { tcp: "x${socket.t.address}" }, serves: t, service: true }
  c: { command: n, health: { http: "http://${socket.t.host}:80/" }, connects: t }
  d: { command: n, health: { exec: ["${socket.t.address}", "${socket.v.port}"] } }
  e: { command: n, health: { tcp: "127.0.0.1:${socket.w.port}" }, serves: w, service: true }
sockets: { t: { open: server }, w: { listen: "tcp://127.0.0.1:80", open: server } }
)"),
            R"(g.yaml:2:34: error: '${socket.nobody.address}' names an unknown socket
  2 │   a: { command: n, ready: { tcp: "${socket.nobody.address}" } }
    │                                  ^~~~~~~~~~~~~~~~~~~~~~~~~~
g.yaml:3:34: error: a probe needs an address HOST:PORT, or that of a socket
  3 │   b: { command: n, ready: { tcp: "x${socket.t.address}" }, serves: t, service: true }
    │                                  ^~~~~~~~~~~~~~~~~~~~~~
    hint: as 127.0.0.1:8080 or ${socket.NAME.address}
g.yaml:4:36: error: socket 't' has a path, and no host
  4 │   c: { command: n, health: { http: "http://${socket.t.host}:80/" }, connects: t }
    │                                    ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~
    hint: write ${socket.t.address}, or give it 'listen: tcp://127.0.0.1:0'
g.yaml:5:38: error: '${socket.t.address}' has no meaning in the name of a program
  5 │   d: { command: n, health: { exec: ["${socket.t.address}", "${socket.v.port}"] } }
    │                                      ^~~~~~~~~~~~~~~~~~~
    hint: a socket's address is filled in in command, env and probes
g.yaml:5:61: error: '${socket.v.port}' names an unknown socket
  5 │   d: { command: n, health: { exec: ["${socket.t.address}", "${socket.v.port}"] } }
    │                                                             ^~~~~~~~~~~~~~~~
5 errors
)");
}

TEST(ReadyRules, OneWithoutReadyIsReadyOnceItHasStarted) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, service: true }
  b: { command: n, after: { a: ready } }
)"),
            "");
}

TEST(ReadyRules, TwoThatWaitForEachOtherCanNeverStart) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, after: { b: ready } }
  b: { command: n, after: { a: ready } }
)"),
            R"(g.yaml:2:29: error: 'a' and 'b' wait for each other and can never start
  2 │   a: { command: n, after: { b: ready } }
    │                             ^
g.yaml:2:29: note: 'a' waits until 'b' is ready
g.yaml:3:29: note: 'b' waits until 'a' is ready
1 error
)");
}

}  // namespace
}  // namespace procgraph
