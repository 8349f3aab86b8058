// Programs that the graph did not start, at the channels of a running graph.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness.h"
#include "outside.h"

namespace procgraph::e2e {
namespace {

using ::testing::AnyOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

// (outside) ─jobs─▶ work ─results─▶ (outside): it turns each job into capitals.
const std::string kWorker =
    "processes:\n  work:\n    reads: jobs\n    writes: results\n    shell: |\n"
    "      while job=$(" +
    procgraph_path() + " get jobs -n 1) && test -n \"$job\"; do echo \"$job\" | tr a-z A-Z | " +
    procgraph_path() + " put results; done\n";
constexpr const char* kQueues = "queues: { jobs: { external: write }, results: { external: read } }\n";

TEST_F(Outside, WhatIsPutComesBackThroughTheGraph) {
  const auto graph = start(kWorker + kQueues);
  EXPECT_EQ(procgraph({"put", "jobs", "one", "two"}).code, 0);
  EXPECT_EQ(procgraph({"put", "jobs"}, "three\nfour").code, 0);
  const Ran got = procgraph({"get", "results", "-n", "4"});
  EXPECT_EQ(got.out, "ONE\nTWO\nTHREE\nFOUR\n") << got.err;
  EXPECT_EQ(got.code, 0);
  graph->signal(SIGINT);
  const Ran ran = graph->wait();
  EXPECT_EQ(ran.signal, SIGINT);
  EXPECT_THAT(ran.err, HasSubstr("queue 'jobs': 4 put, 4 acknowledged"));
}

#if !defined(__SANITIZE_ADDRESS__)  // UBSan, which is with it, opens files to look at objects
TEST_F(Outside, WhoHasNoDescriptorsIsToldSoAndNotThatThereIsNoGraph) {
  const auto graph = start(kWorker + kQueues);
  const auto put_with = [&](int descriptors) {
    return shell(folder.path(), "ulimit -n " + std::to_string(descriptors) + "; XDG_RUNTIME_DIR=" +
                                    folder.path() + " exec " + procgraph_path() + " put jobs one");
  };
  int refused = 0, enough = 4;
  for (; enough < 64; ++enough) {
    const Ran ran = put_with(enough);
    if (ran.code == 0) break;
    if (ran.err.find("error while loading shared libraries") != std::string::npos) continue;
    ++refused;
    EXPECT_THAT(ran.err, AnyOf(HasSubstr("Too many open files"), HasSubstr("(ulimit -n)"))) << enough;
  }
  EXPECT_GT(refused, 0);
  EXPECT_LT(enough, 64);
  const Ran got = procgraph({"get", "results", "-n", "1"});
  EXPECT_EQ(got.out, "ONE\n");
  graph->signal(SIGINT);
  EXPECT_EQ(graph->wait().signal, SIGINT);
}
#endif

TEST_F(Outside, AtAStopTheRestIsDrainedAndTheDataEnds) {
  const auto graph = start(kWorker + kQueues);
  Running get(folder.path(), here({"get", "results"}));
  EXPECT_EQ(procgraph({"put", "jobs", "one", "two"}).code, 0);
  EXPECT_TRUE(get.wait_for_out("ONE\n"));
  graph->signal(SIGINT);
  const Ran got = get.wait();
  EXPECT_EQ(got.out, "ONE\nTWO\n");
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_EQ(graph->wait().signal, SIGINT);
}

TEST_F(Outside, WhatIsLeftCanBeReadThoughTheRunIsOver) {
  folder.write("large", std::string(1 << 20, 'x'));
  const auto graph = start("processes: { make: { shell: '" + procgraph_path() +
                           " put out --file < large; mkfifo go; read end < go; " + procgraph_path() +
                           " put out last', writes: out } }\nqueues: { out: { external: read } }\n");
  Running get(folder.path(), here({"get", "out"}));
  EXPECT_TRUE(get.wait_for_out("x"));  // of a message that no pipe holds whole: it is not yet at the second
  EXPECT_EQ(shell(folder.path(), "until test -p go; do :; done; echo > go").code, 0);
  EXPECT_EQ(graph->wait().code, 0);
  const Ran got = get.wait();
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr("x\nlast\n"));
}

TEST_F(Outside, AKilledReaderGivesBackWhatItHadNotWritten) {
  const auto graph = start(
      "processes: { hold: { shell: 'sleep 1000', reads: q } }\n"
      "queues: { q: { external: both } }\n");
  const std::string large(1 << 20, 'x');
  EXPECT_EQ(procgraph({"put", "q", "--file"}, large).code, 0);
  Running get(folder.path(), here({"get", "q"}));
  EXPECT_TRUE(get.wait_for_out("x"));  // of a message that no pipe holds whole
  get.signal(SIGKILL);
  EXPECT_EQ(get.wait().signal, SIGKILL);
  const Ran next = procgraph({"get", "q", "-n", "1"});
  EXPECT_EQ(next.out, large + "\n");
  EXPECT_EQ(next.code, 0) << next.err;
}

// What it held of a topic comes back to nobody: its place there is emptied.
TEST_F(Outside, WhatAKilledReaderHeldIsToldWithItsCount) {
  folder.write("large", std::string(1 << 20, 'x'));
  const std::string yaml = "processes: { hold: { shell: 'for c in q t; do " + procgraph_path() +
                           " put $c --file < large; done; echo ready.; sleep 1000', writes: [q, t] } }\n"
                           "queues: { q: { external: read } }\n"
                           "topics: { t: { external: read, replay: 1, memory: 8MiB, max_message: 2MiB } }\n";
  const auto kill_while_it_reads = [&](const std::string& channel) {
    Running get(folder.path(), here({"get", channel}));
    EXPECT_TRUE(get.wait_for_out("x"));  // of a message that no pipe holds whole
    get.signal(SIGKILL);
    EXPECT_EQ(get.wait().signal, SIGKILL);
  };
  {
    const auto graph = start(yaml);
    ASSERT_TRUE(graph->wait_for_out("ready."));
    kill_while_it_reads("q");
    EXPECT_TRUE(graph->wait_for_err("recovered from a program outside: queue 'q': 1 message came back\n"));
    graph->signal(SIGTERM);
    EXPECT_EQ(graph->wait().signal, SIGTERM);
  }
  Running graph(folder.path(), here({"run", "--log-format", "json", "g.yaml"}));
  ASSERT_TRUE(graph.wait_for_out("ready."));
  kill_while_it_reads("t");
  EXPECT_TRUE(graph.wait_for_err("\"event\":\"went\""));
  kill_while_it_reads("q");
  const std::string told = graph.line_of_err("\"event\":\"recovered\"");
  EXPECT_THAT(told, ContainsRegex("\"event\":\"recovered\",\"channel\":\"q\",\"participant\":[0-9]+,"
                                  "\"returned\":1}"));
  graph.signal(SIGTERM);
  const Ran ran = graph.wait();
  EXPECT_EQ(ran.signal, SIGTERM);
  EXPECT_EQ(ran.err.find("\"event\":\"recovered\""), ran.err.rfind("\"event\":\"recovered\""));
}

TEST_F(Outside, WhoWaitsIsToldThatTheRunnerWasKilled) {
  const auto graph = start(
      "processes: { hold: { shell: 'echo runner $PPID.; sleep 1000', reads: q } }\n"
      "queues: { q: { external: both, capacity: 1 } }\n");
  EXPECT_EQ(procgraph({"put", "q", "fills it"}).code, 0);
  Running put(folder.path(), here({"put", "q", "waits"}));
  ASSERT_TRUE(graph->wait_for_out("."));
  Running other(folder.path(), here({"get", "q", "-n", "2"}));
  EXPECT_TRUE(other.wait_for_out("waits\n"));
  EXPECT_EQ(put.wait().code, 0);
  Running get(folder.path(), here({"get", "q"}));
  EXPECT_TRUE(graph->wait_for_err("has come (pid " + std::to_string(get.pid())));
  const std::string& out = graph->out();
  const std::size_t at = out.find("runner ") + 7;
  kill(std::stoi(out.substr(at)), SIGKILL);
  const Ran got = get.wait();
  EXPECT_EQ(got.err, "procgraph get: the graph of queue 'q' has ended\n");
  EXPECT_EQ(got.code, 69);
  graph->wait();
  EXPECT_EQ(procgraph({"get", "q"}).err,
            "procgraph get: no graph is running that has a channel with 'external'\n");
}

TEST_F(Outside, SaysWhatIsWrongAndWhatHelps) {
  EXPECT_EQ(procgraph({"put", "q", "x"}).err,
            "procgraph put: no graph is running that has a channel with 'external'\n");
  const auto graph = start(
      "processes: { a: { shell: 'sleep 1000', reads: [q, in], writes: p } , b: { shell: 'sleep 1000', "
      "writes: in } }\n"
      "queues: { q: { external: write, spare: 1 }, p: { external: read }, in: {} }\n");
  const auto refusal = [&](std::vector<std::string> words) {
    const Ran ran = procgraph(std::move(words));
    EXPECT_EQ(ran.code, 69);
    return ran.err;
  };
  EXPECT_EQ(refusal({"put", "--graph", "h", "q", "x"}),
            "procgraph put: no graph 'h' is running that has a channel with 'external'; there is 'g'\n");
  EXPECT_EQ(refusal({"put", "inn", "x"}),
            "procgraph put: graph 'g' has no channel 'inn'; did you mean 'in'?\n");
  EXPECT_EQ(refusal({"get", "q"}),
            "procgraph get: queue 'q' is only written from outside, it is not read from "
            "there: 'external: both' allows both\n");
  EXPECT_EQ(
      refusal({"put", "in", "x"}),
      "procgraph put: queue 'in' is not open to programs outside the graph: give it 'external: write'; those "
      "that are: 'q' (written from outside), 'p' (read from outside)\n");
  EXPECT_EQ(procgraph({"get", "p", "--timeout", "1ms"}).code, 124);
  EXPECT_EQ(procgraph({"get", "p", "-n", "0"}).err,
            "procgraph get: --count 0: a number of messages, from 1\n");
  EXPECT_EQ(procgraph({"put", "p", "--file", "x"}).code, 2);
}

TEST_F(Outside, WhoPutsWhereNobodyWillReadIsToldSo) {
  const auto graph = start(
      "processes: { read: { shell: 'exit 0', reads: q }, hold: { shell: 'sleep 1000' } }\n"
      "queues: { q: { external: write, capacity: 1 } }\n");
  const Ran put = procgraph({"put", "q", "has room", "waits"});
  EXPECT_EQ(put.err, "procgraph put: nobody will read queue 'q' any more\n");
  EXPECT_EQ(put.signal, SIGPIPE);
}

TEST_F(Outside, NoMoreThanItsPlacesUseAChannel) {
  const auto graph = start(
      "processes: { make: { shell: 'sleep 1000', writes: q } }\n"
      "queues: { q: { external: read, spare: 1 } }\n");
  Running get(folder.path(), here({"get", "q"}));
  EXPECT_TRUE(graph->wait_for_err("has come (pid " + std::to_string(get.pid())));
  EXPECT_EQ(procgraph({"get", "q"}).err,
            "procgraph get: queue 'q' has places for 1 process from outside at a time, "
            "and they are taken: raise its 'spare'\n");
  get.signal(SIGKILL);
  get.wait();
  EXPECT_EQ(procgraph({"get", "q", "--timeout", "1ms"}).code, 124);
}

TEST_F(Outside, OfSeveralGraphsOneIsNamed) {
  const std::string yaml =
      "processes: { hold: { shell: 'sleep 1000', reads: q } }\n"
      "queues: { q: { external: both } }\n";
  const auto first = start(yaml), second = start(yaml), other = start(yaml, "h.yaml");
  EXPECT_TRUE(second->wait_for_err("programs outside find this run as 'g-2' (--graph g-2)"));
  EXPECT_EQ(procgraph({"put", "q", "x"}).err,
            "procgraph put: several graphs are running: name one of 'g', 'g-2', 'h'\n");
  EXPECT_EQ(procgraph({"put", "--graph", "g-2", "q", "to the second"}).code, 0);
  EXPECT_EQ(procgraph({"put", "--graph", "h", "q", "to the other"}).code, 0);
  EXPECT_EQ(procgraph({"get", "--graph", "h", "q", "-n", "1"}).out, "to the other\n");
  EXPECT_EQ(procgraph({"get", "--graph", "g-2", "q", "-n", "1"}).out, "to the second\n");
}

// (outside) ─go─▶ source ─news─▶ (outside)
const std::string kNews = "processes:\n  source:\n    reads: go\n    writes: news\n    shell: 'seq 5 | " +
                          procgraph_path() + " put news; echo ready.; " + procgraph_path() +
                          " get go; seq 6 9 | " + procgraph_path() + " put news'\n" +
                          "queues: { go: { external: write } }\n";

TEST_F(Outside, EachReaderOfATopicGetsTheLastMessagesAndAllThatCome) {
  const auto graph = start(kNews + "topics: { news: { external: read, replay: 2 } }\n");
  ASSERT_TRUE(graph->wait_for_out("ready."));
  Running one(folder.path(), here({"get", "news"})), other(folder.path(), here({"get", "news"}));
  EXPECT_TRUE(one.wait_for_out("5\n"));
  EXPECT_TRUE(other.wait_for_out("5\n"));
  EXPECT_EQ(procgraph({"put", "go", "on"}).code, 0);
  graph->wait_for_out("on\n");
  graph->signal(SIGINT);
  for (Running* reader : {&one, &other}) {
    const Ran got = reader->wait();
    EXPECT_EQ(got.out, "4\n5\n6\n7\n8\n9\n");
    EXPECT_EQ(got.code, 0) << got.err;
  }
  graph->wait();
}

TEST_F(Outside, APlaceAtATopicIsUsedAgainAfterAKill) {
  const auto graph = start(kNews + "topics: { news: { external: read, replay: 5, spare: 1 } }\n");
  ASSERT_TRUE(graph->wait_for_out("ready."));
  for (int i = 0; i < 3; ++i) {
    Running get(folder.path(), here({"get", "news"}));
    EXPECT_TRUE(get.wait_for_out("5\n"));
    EXPECT_THAT(procgraph({"get", "news"}).err,
                HasSubstr("topic 'news' has places for 1 process from outside"));
    get.signal(SIGKILL);
    EXPECT_EQ(get.wait().out, "1\n2\n3\n4\n5\n");
  }
}

}  // namespace
}  // namespace procgraph::e2e
