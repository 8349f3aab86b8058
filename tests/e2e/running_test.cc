// A running graph, looked at from another terminal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>

#include "harness.h"
#include "outside.h"

namespace procgraph::e2e {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

// Sleepers do nothing by themselves; `say` has said two lines and waits.
constexpr const char* kTwo =
    "processes:\n"
    "  say: { shell: 'echo one; echo three; exec sleep 1000' }\n"
    "  idle: { command: sleep 1000 }\n";

class Look : public Outside {
 protected:
  std::unique_ptr<Running> begin(const std::string& yaml = kTwo, const std::string& file = "g.yaml") {
    auto graph = start(yaml, file);
    if (yaml == kTwo) {
      EXPECT_TRUE(graph->wait_for_out("three"));
      EXPECT_TRUE(graph->wait_for_err("idle started"));
    }
    return graph;
  }
  void end(const std::unique_ptr<Running>& graph) {
    graph->signal(SIGTERM);
    EXPECT_EQ(graph->wait().signal, SIGTERM);
  }
};

TEST_F(Look, PsShowsEachProcess) {
  const auto graph = begin();
  const Ran ps = procgraph({"ps"});
  EXPECT_EQ(ps.code, 0) << ps.err;
  EXPECT_THAT(ps.out, HasSubstr("PROCESS  STATE    READY  RESTARTS"));
  EXPECT_THAT(ps.out, ContainsRegex("say +running +yes +0 +[0-9.]+m?s"));
  EXPECT_THAT(ps.out, ContainsRegex("idle +running +yes"));
  EXPECT_THAT(ps.out, Not(HasSubstr("\x1b"))) << "colours in a pipe";
  const Ran wide = procgraph({"ps", "--wide", "idle"});
  EXPECT_THAT(wide.out, ContainsRegex("idle .* [0-9]+ .*sleep 1000"));
  EXPECT_THAT(wide.out, Not(HasSubstr("say ")));
  end(graph);
}

TEST_F(Look, PsTellsScriptsInJson) {
  const auto graph = begin();
  const Ran ps = procgraph({"ps", "--json"});
  EXPECT_THAT(ps.out, HasSubstr(R"("name":"g")"));
  EXPECT_THAT(ps.out, HasSubstr(R"("label":"idle")"));
  EXPECT_THAT(ps.out, HasSubstr(R"("memory":)"));
  EXPECT_THAT(ps.out, HasSubstr("\"pid\":" + std::to_string(graph->pid())));
  end(graph);
}

TEST_F(Look, PsShowsHowOneHasEndedAndWhatAnotherWaitsFor) {
  const auto graph = begin(
      "processes:\n"
      "  fails: { shell: 'exit 3', on_failure: ignore }\n"
      "  next: { command: 'true', after: { never: finished } }\n"
      "  never: { command: sleep 1000 }\n"
      "  source: { shell: 'exec sleep 1000', stdout: p }\n"
      "  sink: { command: cat, stdin: p }\n"
      "pipes: [p]\n");
  EXPECT_TRUE(graph->wait_for_err("fails ended"));
  EXPECT_TRUE(graph->wait_for_err("sink started"));
  Ran ps;
  do {
    ps = procgraph({"ps"});
  } while (ps.out.find("p (empty)") == std::string::npos && ps.code == 0);
  EXPECT_THAT(ps.out, ContainsRegex("fails +failed 3"));
  EXPECT_THAT(ps.out, ContainsRegex("next +waiting"));
  EXPECT_THAT(ps.out, ContainsRegex("sink +running.*p \\(empty\\)"));
  const Ran why = procgraph({"why", "sink", "next", "fails"});
  EXPECT_THAT(why.out, HasSubstr("sink waits for data of pipe 'p'"));
  EXPECT_THAT(why.out, HasSubstr("next waits"));
  EXPECT_THAT(why.out, HasSubstr("fails has ended (failed): exit code 3"));
  end(graph);
}

TEST_F(Look, LogsAreThoseOfTheRun) {
  const auto graph = begin();
  const Ran all = procgraph({"logs"});
  EXPECT_EQ(all.code, 0) << all.err;
  EXPECT_EQ(all.out, "say  │ one\nsay  │ three\n");
  EXPECT_EQ(procgraph({"logs", "-n", "1", "--no-prefix", "say"}).out, "three\n");
  EXPECT_EQ(procgraph({"logs", "idle"}).out, "");
  EXPECT_THAT(procgraph({"logs", "--json", "-n", "1"}).out,
              HasSubstr(R"("line":"three","process":"say","sequence":)"));
  EXPECT_EQ(procgraph({"logs", "-n", "x"}).code, 2);
  EXPECT_EQ(procgraph({"logs", "--since", "x"}).code, 2);
  end(graph);
}

TEST_F(Look, LogsCanBeFollowedUntilTheEnd) {
  const auto graph =
      begin("processes: { say: { shell: 'echo first; mkfifo go; read go < go; echo last' } }\n");
  ASSERT_TRUE(graph->wait_for_out("first"));
  Running logs(folder.path(), here({"logs", "-f", "--no-prefix"}));
  EXPECT_TRUE(logs.wait_for_out("first\n"));
  EXPECT_EQ(shell(folder.path(), "until test -p go; do :; done; echo > go").code, 0);
  const Ran followed = logs.wait();
  EXPECT_EQ(followed.out, "first\nlast\n");
  EXPECT_EQ(followed.code, 0) << followed.err;
  (void)graph->wait();
}

TEST_F(Look, EventsTellOfStartsAndEnds) {
  const auto graph = begin();
  Running events(folder.path(), here({"events", "-f"}));
  EXPECT_TRUE(events.wait_for_out("idle"));
  end(graph);
  const Ran seen = events.wait();
  EXPECT_THAT(seen.out, ContainsRegex("[0-9:]+\\.[0-9]+  idle +started +pid [0-9]+"));
  EXPECT_THAT(seen.out, ContainsRegex("idle +exited +.*signal SIGTERM"));
  EXPECT_THAT(seen.out, ContainsRegex("- +done"));
  EXPECT_EQ(seen.code, 0);
}

TEST_F(Look, StatsCountWhatPasses) {
  const auto graph = begin(
      "processes: { hold: { shell: 'sleep 1000', reads: q } }\n"
      "queues: { q: { external: both, capacity: 10 } }\n");
  EXPECT_EQ(procgraph({"put", "q", "a", "b"}).code, 0);
  const Ran stats = procgraph({"stats"});
  EXPECT_EQ(stats.code, 0) << stats.err;
  EXPECT_THAT(stats.out, ContainsRegex("q +queue +2/10 +0 +2 +0"));
  EXPECT_THAT(procgraph({"stats", "--json"}).out, HasSubstr(R"("put":2)"));
  end(graph);
}

TEST_F(Look, WrongNamesAreToldWithTheLikeliest) {
  const auto graph = begin();
  for (const char* verb : {"ps", "logs", "events", "why", "stop", "restart", "pause", "resume"}) {
    const Ran ran = procgraph({verb, "idel"});
    EXPECT_EQ(ran.code, 2) << verb;
    EXPECT_EQ(ran.err,
              "procgraph " + std::string(verb) + ": graph 'g' has no process 'idel'; did you mean 'idle'?\n");
  }
  const Ran graph_name = procgraph({"logs", "--graph", "gg"});
  EXPECT_EQ(graph_name.code, 69);
  EXPECT_THAT(graph_name.err, HasSubstr("no graph 'gg' is running"));
  end(graph);
}

TEST_F(Look, WhereNoGraphRunsThatIsSaid) {
  for (const char* verb : {"logs", "events", "stats", "why", "stop", "wait", "pause", "resume"}) {
    const Ran ran = procgraph({verb});
    EXPECT_EQ(ran.code, 69) << verb;
    EXPECT_EQ(ran.err, "procgraph " + std::string(verb) + ": no graph is running\n");
  }
  const Ran ps = procgraph({"ps"});
  EXPECT_EQ(ps.code, 0);
  EXPECT_EQ(ps.out, "");
  EXPECT_EQ(procgraph({"ps", "--json"}).out, "{\"graphs\":[]}\n");
}

TEST_F(Look, OfSeveralGraphsOneIsNamed) {
  const auto one = begin(kTwo, "one.yaml"), two = begin(kTwo, "two.yaml"), again = begin(kTwo, "two.yaml");
  const Ran ps = procgraph({"ps"});
  EXPECT_THAT(ps.out, HasSubstr("one  running, up "));
  EXPECT_THAT(ps.out, HasSubstr("two  running, up "));
  EXPECT_THAT(ps.out, HasSubstr("two-2  running, up "));
  const Ran logs = procgraph({"logs"});
  EXPECT_EQ(logs.code, 69);
  EXPECT_EQ(logs.err,
            "procgraph logs: several graphs are running; --graph names one of 'one', 'two', 'two-2'\n");
  EXPECT_EQ(procgraph({"stop", "--graph", "two-2"}).code, 0);
  EXPECT_EQ(again->wait().code, 0);
  EXPECT_THAT(procgraph({"ps"}).out, Not(HasSubstr("two-2")));
  end(one);
  end(two);
}

TEST_F(Look, NothingIsLeftOfTheDoorHoweverTheRunEnds) {
  const auto graph = begin("processes: { p: { shell: 'echo runner $PPID.; sleep 1000' } }\n");
  ASSERT_TRUE(graph->wait_for_out("."));
  const std::string door = folder.path() + "/procgraph/g.control";
  EXPECT_TRUE(std::filesystem::exists(door));
  EXPECT_EQ(std::filesystem::status(door).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const std::string& out = graph->out();
  kill(std::stoi(out.substr(out.find("runner ") + 7)), SIGKILL);
  EXPECT_EQ(graph->wait().signal, SIGKILL);
  EXPECT_FALSE(std::filesystem::exists(door)) << "the runner was killed";

  const auto other = begin("processes: { p: { shell: 'echo up; sleep 1000' } }\n");
  ASSERT_TRUE(other->wait_for_out("up"));
  EXPECT_TRUE(std::filesystem::exists(door));
  other->signal(SIGKILL);  // the guard
  (void)other->wait();
  EXPECT_FALSE(std::filesystem::exists(door)) << "the guard was killed";
  EXPECT_EQ(procgraph({"logs"}).err, "procgraph logs: no graph is running\n");
}

TEST_F(Look, WhatIsLeftOfADeadRunIsRecognisedAndRemoved) {
  const std::string door = folder.path() + "/procgraph/old.control";
  EXPECT_EQ(shell(folder.path(),
                  "mkdir -m 700 procgraph && python3 -c 'import socket; "
                  "socket.socket(socket.AF_UNIX).bind(\"procgraph/old.control\")'")
                .code,
            0);
  ASSERT_TRUE(std::filesystem::exists(door));
  EXPECT_EQ(procgraph({"ps"}).out, "");
  EXPECT_FALSE(std::filesystem::exists(door));
}

}  // namespace
}  // namespace procgraph::e2e
