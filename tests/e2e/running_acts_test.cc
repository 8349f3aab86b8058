// A running graph, acted on from another terminal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <string>

#include "harness.h"
#include "outside.h"

namespace procgraph::e2e {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class Act : public Outside {
 protected:
  // Until `text` is to be seen in `procgraph ps`; false: the graph ended first.
  bool shown(const std::string& text) {
    for (;;) {
      const Ran ps = procgraph({"ps"});
      if (ps.out.find(text) != std::string::npos) return true;
      if (ps.out.empty()) return false;
    }
  }
};

constexpr const char* kSleeper = "processes: { p: { shell: 'echo up; exec sleep 1000' } }\n";

TEST_F(Act, StopEndsTheGraphInOrderAndThatIsNoFailure) {
  const auto graph = start(kSleeper);
  ASSERT_TRUE(graph->wait_for_out("up"));
  const Ran stop = procgraph({"stop"});
  EXPECT_EQ(stop.code, 0) << stop.err;
  EXPECT_EQ(stop.err, "");
  const Ran ran = graph->wait();
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.signal, 0);
  EXPECT_THAT(ran.err, HasSubstr("procgraph: as asked, the graph stops, in order"));
}

TEST_F(Act, StopWaitsUnlessItIsToldNotTo) {
  const auto graph =
      start("processes: { p: { shell: 'trap : TERM; echo up; while :; do read x < never; done' } }\n");
  EXPECT_EQ(shell(folder.path(), "mkfifo never").code, 0);
  ASSERT_TRUE(graph->wait_for_out("up"));
  EXPECT_EQ(procgraph({"stop", "--no-wait"}).code, 0);
  EXPECT_TRUE(graph->wait_for_err("the graph stops"));
  EXPECT_THAT(procgraph({"ps"}).out, HasSubstr("stopping"));
  EXPECT_EQ(procgraph({"stop", "--kill"}).code, 0);
  const Ran ran = graph->wait();
  EXPECT_EQ(ran.signal, 0);
  EXPECT_THAT(ran.err, HasSubstr("procgraph: as asked: the graph is killed"));
}

// The kernel lists a connection by the name of its listener.
TEST_F(Act, WaitEndsWithTheRunsExitCode) {
  const auto graph = start("processes: { p: { shell: 'mkfifo go; read go < go; exit 7' } }\n", "waited.yaml");
  Running wait(folder.path(), here({"wait"}));
  EXPECT_EQ(shell(folder.path(), "until grep -q ' 03 .*waited.control' /proc/net/unix; do :; done").code, 0);
  EXPECT_EQ(procgraph({"wait", "--timeout", "1ms"}).code, 124);
  EXPECT_EQ(shell(folder.path(), "until test -p go; do :; done; echo > go").code, 0);
  EXPECT_EQ(wait.wait().code, 7);
  EXPECT_EQ(graph->wait().code, 7);
}

TEST_F(Act, AProcessCanBeStoppedAlone) {
  const auto graph = start(
      "processes:\n  a: { shell: 'echo up; exec sleep 1000', restart: always }\n  b: { command: sleep 1000 "
      "}\n");
  ASSERT_TRUE(graph->wait_for_out("up"));
  EXPECT_EQ(procgraph({"stop", "a"}).code, 0);
  EXPECT_TRUE(shown("stopped"));
  EXPECT_EQ(procgraph({"stop", "a"}).err, "procgraph stop: a has ended already\n");
  EXPECT_EQ(procgraph({"stop"}).code, 0);
  EXPECT_EQ(graph->wait().code, 0);
}

TEST_F(Act, RestartGivesAProcessAnotherLife) {
  const auto graph = start(
      "processes:\n  a: { shell: 'echo x >> lives; echo life $(wc -l < lives).; exec sleep 1000', restart: "
      "on_failure }\n  b: { command: sleep 1000 }\n");
  ASSERT_TRUE(graph->wait_for_out("life 1"));
  EXPECT_EQ(procgraph({"restart", "a"}).code, 0);
  EXPECT_TRUE(graph->wait_for_err("a is stopped, and started again, as asked"));
  ASSERT_TRUE(graph->wait_for_out("life 2"));
  EXPECT_THAT(procgraph({"ps", "a"}).out, ContainsRegex("a +running +yes +1"));
  const Ran refused = procgraph({"restart", "b"});
  EXPECT_EQ(refused.code, 69);
  EXPECT_EQ(refused.err,
            "procgraph restart: b cannot be started again: the file gives it no 'restart', so its channels "
            "do not wait "
            "for it\n");
  EXPECT_EQ(procgraph({"restart"}).code, 2);
  EXPECT_EQ(procgraph({"stop"}).code, 0);
  EXPECT_EQ(graph->wait().code, 0);
}

TEST_F(Act, SignalsGoToTheFirstProcess) {
  const auto graph = start(
      "processes: { p: { shell: 'trap \"echo heard\" USR1; echo up; while :; do sleep 0.01; done' } }\n");
  ASSERT_TRUE(graph->wait_for_out("up"));
  EXPECT_EQ(procgraph({"signal", "USR1", "p"}).code, 0);
  EXPECT_TRUE(graph->wait_for_out("heard"));
  EXPECT_EQ(procgraph({"signal", "USR9", "p"}).err,
            "procgraph signal: 'USR9' is no signal: HUP, USR1, TERM …\n");
  EXPECT_EQ(procgraph({"stop"}).code, 0);
  EXPECT_EQ(graph->wait().code, 0);
}

TEST_F(Act, PauseAndResume) {
  const auto graph = start(kSleeper);
  ASSERT_TRUE(graph->wait_for_out("up"));
  EXPECT_EQ(procgraph({"pause", "p"}).code, 0);
  EXPECT_TRUE(shown("paused"));
  EXPECT_THAT(procgraph({"why", "p"}).out, HasSubstr("p is stopped by SIGSTOP, until it is continued"));
  EXPECT_EQ(procgraph({"resume"}).code, 0);
  EXPECT_TRUE(shown("running"));
  EXPECT_EQ(procgraph({"pause"}).code, 0);
  EXPECT_EQ(procgraph({"stop"}).code, 0) << "a stop continues whom it asks";
  EXPECT_EQ(graph->wait().code, 0);
}

TEST_F(Act, AGraphThatIsKilledMeanwhileIsToldOf) {
  const auto graph = start("processes: { p: { shell: 'echo runner $PPID.; sleep 1000' } }\n");
  ASSERT_TRUE(graph->wait_for_out("."));
  Running wait(folder.path(), here({"wait"})), logs(folder.path(), here({"logs", "-f"}));
  ASSERT_TRUE(logs.wait_for_out("runner"));
  const std::string& out = graph->out();
  kill(std::stoi(out.substr(out.find("runner ") + 7)), SIGKILL);
  EXPECT_EQ(logs.wait().err, "procgraph logs: the graph has gone without a word: was it killed?\n");
  EXPECT_EQ(wait.wait().code, 69);
  EXPECT_EQ(graph->wait().signal, SIGKILL);
}

TEST_F(Act, ADetachedRunGoesOnByItself) {
  folder.write("d.yaml",
               "processes: { p: { shell: 'until test -e go; do echo tick; sleep 0.01; done; exit 5' } }\n");
  const Ran begun = procgraph({"run", "--detach", "d.yaml"});
  EXPECT_EQ(begun.code, 0) << begun.err;
  EXPECT_EQ(begun.out, "d\n");
  EXPECT_EQ(begun.err, "");
  Running attach(folder.path(), here({"attach"}));
  ASSERT_TRUE(attach.wait_for_out("p │ tick"));
  folder.write("go", "");
  const Ran attached = attach.wait();
  EXPECT_EQ(attached.code, 5) << attached.err;
  EXPECT_THAT(attached.err, HasSubstr("procgraph: p failed: exit code 5"));
}

TEST_F(Act, ADetachedRunThatCannotBeginSaysSo) {
  folder.write("bad.yaml", "processes: { p: { comand: x } }\n");
  const Ran bad = procgraph({"run", "--detach", "bad.yaml"});
  EXPECT_EQ(bad.code, 78);
  EXPECT_EQ(bad.out, "");
  EXPECT_THAT(bad.err, HasSubstr("bad.yaml:1:"));
  folder.write("reads.yaml", "processes: { p: { command: cat, stdin: inherit } }\n");
  const Ran reads = procgraph({"run", "-d", "reads.yaml"});
  EXPECT_EQ(reads.code, 2);
  EXPECT_THAT(reads.err, HasSubstr("--detach takes standard input away"));
}

}  // namespace
}  // namespace procgraph::e2e
