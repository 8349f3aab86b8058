// Readiness and health, from the file to the exit code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

TEST(Ready, TheExampleIsAnswered) {
  Folder folder;
  Ran ran = run(folder.path(), {"run", "-v", source_path("configs/ready.yaml")});
  EXPECT_EQ(ran.out, "client │ alive\n") << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("server is ready, after "));
  EXPECT_EQ(ran.code, 0);
}

// An HTTP server on the address of socket s that its server opens itself; the first three GETs are refused.
const char* const kHesitant =
    "import http.server, os, socketserver\n"
    "class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer): pass\n"
    "class Live(http.server.BaseHTTPRequestHandler):\n"
    "    asked = 0\n"
    "    def do_GET(self):\n"
    "        Live.asked += 1\n"
    "        self.send_response(503 if Live.asked <= 3 or self.path != '/live/0' else 204)\n"
    "        self.end_headers()\n"
    "    def log_message(self, *words): pass\n"
    "Server(os.environ['PROCGRAPH_SOCKET_S'], Live).serve_forever()\n";

TEST(Ready, IsAskedAgainUntilTheAnswerIsTheOneThatCounts) {
  Folder folder;
  folder.write("server.py", kHesitant);
  folder.write("graph.yaml",
               "processes:\n"
               "  server:\n"
               "    command: python3 server.py\n"
               "    serves: s\n"
               "    ready: { http: { socket: s, path: '/live/${replica}', status: 204 } }\n"
               "    service: true\n"
               "  job: { command: echo works, after: { server: { ready: true } } }\n"
               "sockets: { s: { open: server } }\n");
  Ran ran = run(folder.path(), {"run", "graph.yaml"});
  EXPECT_EQ(ran.out, "job    │ works\n") << ran.err;
  EXPECT_EQ(ran.code, 0);
}

TEST(Ready, WhatIsAnsweredLastIsInTheFailure) {
  Folder folder;
  folder.write("server.py", kHesitant);
  folder.write("graph.yaml",
               "processes:\n"
               "  server:\n"
               "    command: python3 server.py\n"
               "    serves: s\n"
               "    ready: { http: { socket: s, path: /other }, timeout: 8s }\n"
               "    service: true\n"
               "  job: { command: echo works, after: { server: ready } }\n"
               "sockets: { s: { open: server } }\n");
  Ran ran = run(folder.path(), {"run", "graph.yaml"});
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("server failed: it was not ready after 8s (http://"));
  EXPECT_THAT(ran.err, HasSubstr("/other: HTTP 503); the graph stops"));
  EXPECT_EQ(ran.code, 1);
}

TEST(Ready, IsAskedWithTheLimitsOfTheProcess) {
  const Ran ran = run_text(
      "processes:\n"
      "  db: { shell: 'exec sleep 1000', service: true, limits: { files: 77 },\n"
      "        ready: { exec: \"sh -c '[ $(ulimit -n) = 77 ]'\" } }\n"
      "  job: { command: echo works, after: { db: ready } }\n",
      {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "works\n");
}

TEST(Ready, IsSaidWithTheSystemsOwnTools) {
  Ran ran = run_text(
      "processes:\n"
      "  db:\n"
      "    shell: \"python3 -c \\\"import os, socket; socket.socket(socket.AF_UNIX, "
      "socket.SOCK_DGRAM).sendto(b'READY=1', chr(0) + os.environ['NOTIFY_SOCKET'][1:])\\\"; exec sleep "
      "1000\"\n"
      "    ready: notify\n"
      "    service: true\n"
      "    replicas: 2\n"
      "  job: { command: echo works, after: { db: ready } }\n");
  EXPECT_EQ(ran.out, "job  │ works\n") << ran.err;
  EXPECT_EQ(ran.code, 0);
}

TEST(Ready, IsSaidWithTheSdk) {
  Ran ran = run_text(
      "processes:\n  server: { command: '" READY
      "', ready: notify, service: true }\n  other: { command: '" READY
      "', service: true, after: { server: ready } }\n  job: { command: echo works, after: { other: ready } "
      "}\n");
  EXPECT_EQ(ran.out, "job    │ works\n") << ran.err;
  EXPECT_EQ(ran.code, 0);
}

TEST(Ready, IsToldToMachines) {
  Ran ran = run_text(
      "processes:\n"
      "  db: { shell: 'echo >&7; exec sleep 1000', ready: { fd: 7 }, health: { exec: 'false', interval: 1ms, "
      "retries: 2 } }\n",
      {"--log-format", "json"});
  EXPECT_THAT(ran.err, HasSubstr(R"("event":"ready","process":"db","milliseconds":)"));
  EXPECT_THAT(ran.err, HasSubstr(R"("event":"unhealthy","process":"db","reason":"exec )"));
  EXPECT_THAT(ran.err, HasSubstr("false: exit code 1, 2 times in a row"));
  EXPECT_EQ(ran.code, 1);
}

TEST(Ready, OfAProcessThatDiesBeforeIsNotAwaited) {
  Ran ran = run_text(
      "processes:\n"
      "  db: { command: 'false', ready: { tcp: '127.0.0.1:1', timeout: 1h } }\n"
      "  job: { command: echo works, after: { db: ready } }\n");
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("db failed: exit code 1"));
  EXPECT_THAT(ran.err, Not(HasSubstr("not ready")));
  EXPECT_EQ(ran.code, 1);
}

TEST(Ready, IsNotFoundOutWhereItWouldAlwaysSeemSo) {
  Ran ran = run_text(
      "processes:\n"
      "  api: { command: sleep 1000, serves: s, ready: { tcp: '${socket.s.address}' }, service: true }\n"
      "  job: { command: echo works, connects: s, after: { api: ready } }\n"
      "sockets: { s: { listen: 'tcp://127.0.0.1:0' } }\n");
  EXPECT_EQ(ran.code, 78);
  EXPECT_THAT(ran.err, HasSubstr("process 'api' is probed at socket 's', which procgraph holds open: that "
                                 "always succeeds"));
}

TEST(Ready, ThePlanShowsWhatIsAsked) {
  Folder folder;
  folder.write("graph.yaml",
               "processes:\n"
               "  db:\n"
               "    command: sleep 1\n"
               "    ready: { fd: 9 }\n"
               "    health: { tcp: '127.0.0.1:80${replica}', retries: 2 }\n");
  Ran ran = run(folder.path(), {"plan", "graph.yaml"});
  EXPECT_THAT(ran.out, HasSubstr("    ready    a newline on descriptor 9, within 1m\n"
                                 "    health   tcp 127.0.0.1:800, each 10s, within 5s; two failures in a row "
                                 "count\n"));
  EXPECT_THAT(ran.out, HasSubstr("    9        write       readiness\n"));
}

}  // namespace
}  // namespace procgraph::e2e
