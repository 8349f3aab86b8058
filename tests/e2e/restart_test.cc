// Restarts in whole graphs: what each kind of channel keeps for the next life of a process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;

const std::string kAgain = "restart: { policy: on_failure, backoff: 1ms }";

// A script that a process does in its first life only.
std::string in_first(const std::string& script) {
  return "[ -e life ] || { touch life; " + script + "; }; ";
}

TEST(Restart, TheExampleLosesNoNumberAndRepeatsNone) {
  Folder elsewhere;
  Ran ran = run(elsewhere.path(), {"run", source_path("configs/restart.yaml"), "--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "1\n2\n3\n4\n5\n6\n7\n8\n");
  EXPECT_THAT(ran.err, HasSubstr("procgraph: worker failed: exit code 1; restarted in 1"));
  EXPECT_THAT(ran.err, HasSubstr(" (1 of 3 in 1m)\n"));
  EXPECT_THAT(ran.err, HasSubstr(" (2 of 3 in 1m)\n"));
}

TEST(Restart, AReaderThatIsKilledGetsItsMessageAgainFromAQueueAndFromATopic) {
  for (const std::string kind : {"queues", "topics"}) {
    Ran ran =
        run_text("processes:\n  f: { command: f, writes: c }\n  m:\n    shell: \"" + in_first("exec " TAKE) +
                     "exec " NODES "/m\"\n    reads: c\n    " + kAgain + "\n" + kind + ": [c]\n",
                 {"--no-prefix"});
    EXPECT_EQ(ran.code, 0) << kind << ran.err;
    EXPECT_EQ(ran.out, "get in P2: ['HelloWorld']\n") << kind;
    EXPECT_THAT(ran.err, HasSubstr("m failed: killed by SIGKILL; restarted in 1ms (1 of 5 in 1m)")) << kind;
  }
}

TEST(Restart, AWriterThatIsStartedAgainIsNoEndOfData) {
  for (const std::string kind : {"queues", "topics"}) {
    Ran ran = run_text("processes:\n  w:\n    shell: \"" + in_first("exit 1") +
                           "exec " NODES "/numbers 2\"\n    writes: c\n    " + kAgain +
                           "\n  m: { command: m, reads: c }\n" + kind + ": [c]\n",
                       {"--no-prefix"});
    EXPECT_EQ(ran.code, 0) << kind << ran.err;
    EXPECT_EQ(ran.out, "get in P2: 1\nget in P2: 2\n") << kind;
  }
}

// Whichever of the two ends is heard of first.
TEST(Restart, AReaderThatHasSeenTheEndIsNotStartedAgain) {
  for (const std::string kind : {"queues", "topics"}) {
    for (int i = 0; i < 5; ++i) {
      Ran ran = run_text(
          "processes:\n  f: { command: f, writes: c }\n  m: { command: m, reads: c, restart: always }\n" +
              kind + ": [c]\n",
          {"--no-prefix"});
      EXPECT_EQ(ran.code, 0) << kind << ran.err;
      EXPECT_EQ(ran.err, "") << kind;
    }
  }
}

TEST(Restart, WhatIsInSharedMemoryOutlivesALife) {
  Ran ran = run_text("processes:\n  add:\n    shell: \"" NODES "/tally 10; " + in_first("exit 1") +
                         "exit 0\"\n    writes: total\n    " + kAgain +
                         "\n  show: { command: tally, reads: total, after: { add: succeeded } }\n"
                         "shared_memory: { total: { size: 64 } }\n",
                     {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "20\n");
}

// A server of one connection in each life: who comes in between waits for the next one.
TEST(Restart, ASocketKeepsItsConnectionsForTheNextServer) {
  Folder folder;
  folder.write("server.py",
               "import os, socket\n"
               "connection, _ = socket.socket(fileno=3).accept()\n"
               "connection.sendall(str(os.getpid()).encode())\n"
               "os._exit(1)\n");
  folder.write("client.py",
               "import os, socket\n"
               "def ask():\n"
               "    c = socket.socket(socket.AF_UNIX)\n"
               "    c.connect(os.environ['PROCGRAPH_SOCKET_S'])\n"
               "    return c.makefile().read()\n"
               "print(len({ask() for _ in range(3)}))\n");
  folder.write("graph.yaml",
               "processes:\n"
               "  server: { command: python3 server.py, serves: s, service: true, " +
                   kAgain +
                   " }\n"
                   "  client: { command: python3 client.py, connects: s }\n"
                   "sockets: [s]\n");
  Ran ran = run(folder.path(), {"run", "graph.yaml", "--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "3\n");
}

TEST(Restart, GoesOnInTheFilesOfItsStreams) {
  Folder folder;
  folder.write("in.txt", "one\ntwo\n");
  folder.write("graph.yaml",
               "processes:\n  a:\n    shell: \"read -r x; echo $x; " + in_first("exit 1") +
                   "exit 0\"\n    stdin: { file: in.txt }\n    stdout: { file: out.txt }\n    " + kAgain +
                   "\n");
  Ran ran = run(folder.path(), {"run", "graph.yaml"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(folder.read("out.txt"), "one\ntwo\n");
}

TEST(Restart, ADuplexPipeLivesOnOnBothSides) {
  Ran ran = run_text(
      "processes:\n"
      "  a:\n    shell: \"" +
          in_first("echo one >&3; exit 1") +
          "echo two >&3; read -r x <&3; echo $x\"\n"
          "    reads: { p: { channel: p, fd: 3 } }\n    writes: { p: { channel: p, fd: 3 } }\n    " +
          kAgain +
          "\n  b:\n    shell: 'read -r x <&3; read -r y <&3; echo \"$x $y\" >&3; cat <&3; echo end'\n"
          "    reads: { p: { channel: p, fd: 3 } }\n    writes: { p: { channel: p, fd: 3 } }\n"
          "pipes: { p: { duplex: true } }\n",
      {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("one two\n"));
  EXPECT_THAT(ran.out, HasSubstr("end\n"));
}

TEST(Restart, OfCopiesIsOfEachByItself) {
  Ran ran = run_text(
      "processes:\n  a:\n    shell: '[ -e life.$PROCGRAPH_REPLICA ] && exit 0; touch "
      "life.$PROCGRAPH_REPLICA; exit 7'\n    replicas: 2\n"
      "    restart: { policy: on_failure, backoff: 1ms, max: 1 in 1m }\n");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("a.0 failed: exit code 7; restarted in 1ms (1 of 1 in 1m)"));
  EXPECT_THAT(ran.err, HasSubstr("a.1 failed: exit code 7; restarted in 1ms (1 of 1 in 1m)"));
}

TEST(Restart, IsAnEventForMachines) {
  Ran ran = run_text("processes:\n  a:\n    shell: '" + in_first("exit 7") + "exit 0'\n    " + kAgain + "\n",
                     {"--log-format", "json"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err,
              HasSubstr(R"json("event":"restarting","process":"a","restarts":1,"milliseconds":1,)json"));
  EXPECT_THAT(ran.err,
              HasSubstr(R"json("message":"a failed: exit code 7; restarted in 1ms (1 of 5 in 1m)")json"));
}

TEST(Restart, TellsWhoAsksHowOften) {
  Folder folder;
  folder.write("graph.yaml", "processes:\n  a:\n    shell: '" + in_first("exit 7") +
                                 "echo up; exec sleep 1000'\n    " + kAgain + "\n");
  Running graph(folder.path(), {procgraph_path(), "run", "graph.yaml"});
  ASSERT_TRUE(graph.wait_for_out("up"));
  graph.signal(SIGUSR1);
  EXPECT_TRUE(graph.wait_for_err("a: running, restarted 1 time"));
  graph.signal(SIGTERM);
  EXPECT_EQ(graph.wait().signal, SIGTERM);
}

}  // namespace
}  // namespace procgraph::e2e
