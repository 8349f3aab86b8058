// What is said of sockets and of those who use them.
#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

using test::told;

TEST(Sockets, AreNoChannelsOfDataAndTheOtherWayRound) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, reads: s }
  b: { command: n, stdout: s }
  c: { command: n, serves: q }
  d: { command: n, connects: { X: q } }
  e: n
queues: [q]
sockets: [s]
pipelines: [[s, e]]
)"),
            R"(g.yaml:2:27: error: process 'a' reads 's', which is a socket
  2 │   a: { command: n, reads: s }
    │                           ^
g.yaml:8:11: note: declared here
    hint: a socket is named in 'serves' by its server and in 'connects' by its clients
g.yaml:3:28: error: process 'b' sends stdout to 's', which is a socket
  3 │   b: { command: n, stdout: s }
    │                            ^
g.yaml:8:11: note: declared here
    hint: a socket is named in 'serves' by its server and in 'connects' by its clients
g.yaml:4:28: error: process 'c' serves 'q', which is a queue
  4 │   c: { command: n, serves: q }
    │                            ^
g.yaml:7:10: note: declared here
    hint: a queue is named in 'reads' and 'writes', a socket in 'serves' and 'connects'
g.yaml:5:35: error: process 'd' connects to 'q', which is a queue
  5 │   d: { command: n, connects: { X: q } }
    │                                   ^
g.yaml:7:10: note: declared here
    hint: a queue is named in 'reads' and 'writes', a socket in 'serves' and 'connects'
g.yaml:9:17: error: process 'e' takes stdin from 's', which is a socket
  9 │ pipelines: [[s, e]]
    │                 ^
g.yaml:8:11: note: declared here
    hint: a socket is named in 'serves' by its server and in 'connects' by its clients
5 errors
)");
}

TEST(Sockets, ComeFirstAmongTheDescriptorsOfTheirServer) {
  EXPECT_EQ(told(R"(processes:
  web:
    command: n
    serves: [s, t, u]
    reads: { x: { channel: p, fd: 4 }, y: { channel: q, fd: 5 } }
    writes: { z: { channel: a, fd: 3 } }
  f: { command: n, writes: p }
  g: { command: n, writes: q }
pipes: [p, q]
shared_memory: { a: { size: 4KiB } }
sockets: { s: , t: , u: { open: server } }
)"),
            R"(g.yaml:5:28: error: process 'web' gives port 'x' descriptor 4, which is a listening socket's
  5 │     reads: { x: { channel: p, fd: 4 }, y: { channel: q, fd: 5 } }
    │                            ^
    hint: the sockets of 'serves' come first, from 3 on; the next free number is 5
g.yaml:6:29: error: process 'web' gives port 'z' descriptor 3, but an area has several descriptors
  6 │     writes: { z: { channel: a, fd: 3 } }
    │                             ^
    hint: leave 'fd' out: the SDK finds them by the port's name
2 errors
)");
}

TEST(Sockets, ThatNobodyDeclaresAreToBeDeclaredAsSockets) {
  EXPECT_EQ(told("processes: { a: { command: n, connects: database } }\n"),
            R"(g.yaml:1:41: error: process 'a' connects to unknown channel 'database'
  1 │ processes: { a: { command: n, connects: database } }
    │                                         ^~~~~~~~
    hint: declare it: 'sockets: [database]'
1 error
)");
}

TEST(Sockets, HaveAVariableEachThatNothingElseSets) {
  EXPECT_EQ(
      told(R"(processes:
  web: { command: n, serves: [a-b, a_b], service: true, reads: q }
  f: { command: n, connects: { DB: a-b }, env: { DB: x }, writes: q }
  g: { command: n, connects: { DB: a-b, OTHER: a-b } }
queues: [q]
sockets: [a-b, a_b]
)"),
      R"(g.yaml:2:36: error: variable 'PROCGRAPH_SOCKET_A_B' of process 'web' would hold the addresses of two sockets, 'a-b' and 'a_b'
  2 │   web: { command: n, serves: [a-b, a_b], service: true, reads: q }
    │                                    ^~~
g.yaml:2:31: note: the other one
    hint: name the variables: connects: {VARIABLE: SOCKET}
g.yaml:3:36: error: variable 'DB' of process 'f' would hold the address of socket 'a-b', but 'env' sets it
  3 │   f: { command: n, connects: { DB: a-b }, env: { DB: x }, writes: q }
    │                                    ^~~
g.yaml:3:50: note: set here
2 errors
)");
}

TEST(Sockets, HaveTheAddressesThatTextsName) {
  EXPECT_EQ(told(R"(processes:
  web: { command: n, serves: [data, unix], service: true }
  a: { command: "n ${socket.dat.address} ${socket.unix.port}", env: { X: "${socket.q.host}" } }
  b:
    command: "${socket.data.host} x"
    cwd: "/${socket.data.port}"
    stdout: { file: "${socket.data.host}" }
  c: { command: "n http://${socket.data.host}:${socket.data.port}/", env: { S: "${socket.unix.address}" }, reads: q }
  d: { command: n, writes: q }
queues: [q]
sockets: { data: { listen: "tcp://127.0.0.1:0" }, unix: }
)"),
            R"(g.yaml:3:20: error: '${socket.dat.address}' names an unknown socket
  3 │   a: { command: "n ${socket.dat.address} ${socket.unix.port}", env: { X: "${socket.q.host}" } }
    │                    ^~~~~~~~~~~~~~~~~~~~~
    hint: did you mean 'data'?
g.yaml:3:42: error: socket 'unix' has a path, and no port
  3 │   a: { command: "n ${socket.dat.address} ${socket.unix.port}", env: { X: "${socket.q.host}" } }
    │                                          ^~~~~~~~~~~~~~~~~~~
    hint: write ${socket.unix.address}, or give it 'listen: tcp://127.0.0.1:0'
g.yaml:3:74: error: '${socket.q.host}' names an unknown socket
  3 │   a: { command: "n ${socket.dat.address} ${socket.unix.port}", env: { X: "${socket.q.host}" } }
    │                                                                          ^~~~~~~~~~~~~~~~~~
g.yaml:5:15: error: '${socket.data.host}' has no meaning in the name of a program
  5 │     command: "${socket.data.host} x"
    │               ^~~~~~~~~~~~~~~~~~~
    hint: a socket's address is filled in in command, env and probes
g.yaml:6:10: error: '${socket.data.port}' has no meaning in 'cwd'
  6 │     cwd: "/${socket.data.port}"
    │          ^~~~~~~~~~~~~~~~~~~~~~
    hint: a socket's address is filled in in command, env and probes
g.yaml:7:21: error: '${socket.data.host}' has no meaning in the file of a stream
  7 │     stdout: { file: "${socket.data.host}" }
    │                     ^~~~~~~~~~~~~~~~~~~~~
    hint: a socket's address is filled in in command, env and probes
6 errors
)");
}

TEST(Sockets, AServerThatOnlyServesIsAService) {
  EXPECT_EQ(
      told(R"(processes:
  web: { command: n, serves: s }
  proxy: { command: n, serves: t, connects: s }
sockets: [s, t]
)"),
      R"(g.yaml:2:3: warning: process 'web' only serves, and the graph waits for its end; servers rarely end by themselves
  2 │   web: { command: n, serves: s }
    │   ^~~
    hint: write 'service: true', and it is stopped when everything else has ended
1 warning
)");
}

TEST(Sockets, DoNotMakeAProcessAnythingElseThanAStep) {
  const test::Text text(R"(processes:
  db: { command: n, serves: s, service: true }
  migrate: { command: n, connects: s }
  api: { command: n, connects: s, after: { migrate: succeeded } }
sockets: [s]
)");
  EXPECT_EQ(text.told(), "");
  EXPECT_TRUE(text.graph.processes[1].step);
}

TEST(Sockets, WithTheirServerOutLeaveNoClientBehind) {
  test::Text text(R"(processes:
  db: { command: n, serves: s, service: true }
  api: { command: n, connects: s }
sockets: [s]
)");
  (void)text.selected({.only = {}, .except = {"db"}});
  EXPECT_EQ(text.told(), R"(g.yaml:4:11: error: socket 's' has lost its server: process 'db' is out (--except)
  4 │ sockets: [s]
    │           ^
g.yaml:3:32: note: connected to here by 'api'
    hint: leave 'api' out too, or let 'db' run
1 error
)");
  test::Text both(R"(processes:
  db: { command: n, serves: s, service: true }
  api: { command: n, connects: s }
  x: n
sockets: [s]
)");
  EXPECT_TRUE(both.selected({.only = {"x"}, .except = {}}).channels.empty());
  EXPECT_EQ(both.selected({.only = {}, .except = {"api"}}).channels.size(), 1U);
  EXPECT_EQ(both.told(), "");
}

}  // namespace
}  // namespace procgraph
