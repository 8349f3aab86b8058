// What the socket's own check says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

std::string told(std::string_view yaml) {
  return test::Text(yaml).told();
}

TEST(SocketKind, NeedsOneServer) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, serves: s, connects: u, service: true }
  b: { command: n, serves: s, service: true, connects: u }
sockets: [s, t, u]
)"),
            R"(g.yaml:4:11: error: socket 's' has two servers, 'a' and 'b'
  4 │ sockets: [s, t, u]
    │           ^
g.yaml:2:28: note: served here by 'a'
g.yaml:3:28: note: served here by 'b'
    hint: a connection would go to any of them; 'replicas' of one process share a socket
g.yaml:4:14: error: socket 't' is declared but no process uses it
  4 │ sockets: [s, t, u]
    │              ^
    hint: give a process 'serves: t'
g.yaml:4:17: error: socket 'u' has clients but no server
  4 │ sockets: [s, t, u]
    │                 ^
g.yaml:2:41: note: connected to here by 'a'
g.yaml:3:56: note: connected to here by 'b'
    hint: give a process 'serves: u'
3 errors
)");
}

TEST(SocketKind, HasAnAddressOfItsOwnThatIsKnown) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, serves: [s, t, u, v, w, x], service: true }
sockets:
  s: { listen: "tcp://127.0.0.1:8080" }
  t: { listen: "tcp://localhost:8080" }
  u: { listen: "tcp://127.0.0.1:0" }
  v: { listen: "tcp://127.0.0.1:0", open: server }
  w: { listen: "unix:/tmp/w" }
  x: { listen: "unix:../tmp/w", open: server }
)"),
            R"(g.yaml:5:16: error: sockets 's' and 't' have one address, 127.0.0.1:8080
  5 │   t: { listen: "tcp://localhost:8080" }
    │                ^~~~~~~~~~~~~~~~~~~~~~
g.yaml:4:16: note: the other one
g.yaml:7:16: error: socket 'v' is opened by its server, so nobody can say which port it is
  7 │   v: { listen: "tcp://127.0.0.1:0", open: server }
    │                ^~~~~~~~~~~~~~~~~~~
    hint: name the port, or let procgraph open it: leave 'open: server' out
g.yaml:9:16: error: sockets 'w' and 'x' have one address, /tmp/w
  9 │   x: { listen: "unix:../tmp/w", open: server }
    │                ^~~~~~~~~~~~~~~
g.yaml:8:16: note: the other one
3 errors
)");
}

TEST(SocketKind, HasAPathThatTheKernelTakes) {
  const auto of = [](std::size_t size) {
    return told(
        "processes: { a: { command: n, serves: s, service: true } }\nsockets:\n  s:\n    listen: unix:/" +
        std::string(size - 1, 'x') + "\n");
  };
  EXPECT_EQ(of(107), "");
  EXPECT_THAT(of(108),
              testing::StartsWith("g.yaml:4:13: error: the path of socket 's' has 108 bytes; that of a unix "
                                  "socket has at most 107\n"));
}

TEST(SocketKind, MayBeServedByReplicasAndByAnybodyInAnyOrder) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, serves: s, connects: t, replicas: 3 }
  b: { command: n, serves: t, connects: s }
sockets: [s, t]
)"),
            "");
}

}  // namespace
}  // namespace procgraph
