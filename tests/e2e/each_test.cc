// A command for each message of a channel, from a shell: outside of a running graph, and in a node's script.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <vector>

#include "outside.h"

namespace procgraph::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Each : public Outside {
 protected:
  // Only we read it.
  [[nodiscard]] std::unique_ptr<Running> start_queue() const {
    return start(
        "processes: { hold: { shell: 'sleep 1000', writes: q } }\n"
        "queues: { q: { external: both } }\n");
  }
  // How often the message that comes next has been tried, with this time, and the message.
  [[nodiscard]] std::string next() const {
    return procgraph({"each", "q", "-n", "1", "--", "sh", "-c", "echo $PROCGRAPH_DELIVERY `cat`"}).out;
  }
};

TEST_F(Each, RunsTheCommandOnEachMessage) {
  const auto graph = start_queue();
  EXPECT_EQ(procgraph({"put", "q", "one", "two words"}).code, 0);
  const Ran ran = procgraph(
      {"each", "q", "-n", "2", "--", "sh", "-c", "echo \"`cat`, $1, $PROCGRAPH_SEQUENCE\"", "sh", "{}"});
  EXPECT_EQ(ran.out, "one, one, 0\ntwo words, two words, 1\n") << ran.err;
  EXPECT_EQ(ran.code, 0);
  graph->signal(SIGINT);
  EXPECT_THAT(graph->wait().err, HasSubstr("queue 'q': 2 put, 2 acknowledged"));
}

TEST_F(Each, GivesBackTheMessageOfACommandThatFails) {
  const auto graph = start_queue();
  EXPECT_EQ(procgraph({"put", "q", "it"}).code, 0);
  const Ran ran = procgraph({"each", "q", "-n", "1", "--", "sh", "-c", "exit 3"});
  EXPECT_EQ(ran.err, "message 0, delivery 1: exit code 3\n");
  EXPECT_EQ(ran.code, 123);
  EXPECT_EQ(next(), "2 it\n");
}

TEST_F(Each, EndsWithTheData) {
  const auto graph = start_queue();
  EXPECT_EQ(procgraph({"put", "q", "it"}).code, 0);
  Running each(folder.path(), here({"each", "q", "--", "cat"}));
  EXPECT_TRUE(each.wait_for_out("it"));
  graph->signal(SIGINT);
  EXPECT_EQ(each.wait().code, 0);
  graph->wait();
}

TEST_F(Each, WaitsForAMessageOnlySoLong) {
  const auto graph = start_queue();
  EXPECT_EQ(procgraph({"put", "q", "it"}).code, 0);
  const Ran ran = procgraph({"each", "q", "--timeout", "50ms", "--", "cat"});
  EXPECT_EQ(ran.out, "it");
  EXPECT_EQ(ran.code, 124) << ran.err;
}

TEST_F(Each, DoesNotCountTheTimeOfACommand) {
  const auto graph = start_queue();
  EXPECT_EQ(procgraph({"put", "q", "one", "two"}).code, 0);
  const Ran ran = procgraph({"each", "q", "--timeout", "50ms", "--", "sh", "-c", "sleep 0.2; cat"});
  EXPECT_EQ(ran.out, "onetwo");
  EXPECT_EQ(ran.code, 124) << ran.err;
}

TEST_F(Each, RunsSeveralAtATime) {
  const auto graph = start_queue();
  EXPECT_EQ(procgraph({"put", "q", "echo done. > pipe", "cat pipe"}).code, 0);
  ASSERT_EQ(shell(folder.path(), "mkfifo pipe").code, 0);
  const Ran ran =
      procgraph({"each", "q", "-n", "2", "-j", "2", "--", "sh", "-c", "{}"});  // each waits for the other
  EXPECT_EQ(ran.out, "done.\n") << ran.err;
  EXPECT_EQ(ran.code, 0);
}

TEST_F(Each, GivesBackWhatItHasInHandWhenItIsStopped) {
  const auto graph = start_queue();
  EXPECT_EQ(procgraph({"put", "q", "it"}).code, 0);
  for (const int signal : {SIGINT, SIGTERM}) {
    Running each(folder.path(), here({"each", "q", "--", "sh", "-c", "echo working; exec sleep 1000"}));
    EXPECT_TRUE(each.wait_for_out("working"));
    each.signal(signal);
    EXPECT_EQ(each.wait().signal, signal);
  }
  EXPECT_EQ(next(), "1 it\n");  // stopped is not tried
}

TEST_F(Each, GivesBackWhatItHasInHandWhenItIsKilled) {
  const auto graph = start_queue();
  EXPECT_EQ(procgraph({"put", "q", "it"}).code, 0);
  Running each(folder.path(), here({"each", "q", "--", "sh", "-c", "echo working; exec sleep 1000"}));
  EXPECT_TRUE(each.wait_for_out("working"));
  each.signal(SIGKILL);
  EXPECT_EQ(each.wait().signal, SIGKILL);  // its output has ended: the command is gone too
  EXPECT_EQ(next(), "2 it\n");
}

TEST_F(Each, IsCutOffWithItsOutput) {
  const auto graph = start_queue();
  EXPECT_EQ(procgraph({"put", "q", "it"}).code, 0);
  const std::string script = "{ XDG_RUNTIME_DIR=" + folder.path() + " " + procgraph_path() +
                             " each q -- yes; echo $? >&2; } | head -1";
  const Ran ran = shell(folder.path(), script);
  EXPECT_EQ(ran.out, "y\n");
  EXPECT_THAT(ran.err, HasSubstr("141\n"));
  EXPECT_EQ(next(), "1 it\n");
}

TEST_F(Each, PassesOverWhatFailsFiveTimesInATopic) {
  const auto graph = start(
      "processes: { make: { shell: 'seq 3 | " + procgraph_path() +
      " put t; echo ready.; sleep 1000', writes: t } }\ntopics: { t: { external: read, replay: 3 } }\n");
  ASSERT_TRUE(graph->wait_for_out("ready."));
  const Ran ran =
      procgraph({"each", "t", "--timeout", "100ms", "--", "sh", "-c", "test {} != 2 && cat && echo", "sh"});
  EXPECT_EQ(ran.out, "1\n2\n3\n");  // {} within a word is no message
  const Ran failing = procgraph({"each", "t", "--timeout", "100ms", "--", "test", "{}", "!=", "2"});
  EXPECT_THAT(failing.err, HasSubstr("delivery 5: exit code 1\n"));
  EXPECT_THAT(failing.err, Not(HasSubstr("delivery 6")));
  EXPECT_EQ(failing.code, 123);
}

TEST_F(Each, WorksOnTheNodesOwnPortsInItsScript) {
  const Ran ran = run_text(
      "processes:\n  numbers: { command: numbers 3, writes: q }\n  work:\n    reads: { in: q }\n"
      "    writes: { out: r }\n    shell: " +
          procgraph_path() + " each in -- sh -c 'sed s/$/0/ | " + procgraph_path() +
          " put out'\n  m: { command: m, reads: r }\nqueues: [q, r]\n",
      {"--no-prefix"});
  EXPECT_EQ(ran.out, "get in P2: 10\nget in P2: 20\nget in P2: 30\n") << ran.err;
  EXPECT_EQ(ran.code, 0);
}

TEST_F(Each, CanBeANodeItself) {
  const Ran ran = run_text("processes:\n  numbers: { command: numbers 3, writes: q }\n  work: { command: '" +
                               procgraph_path() + " each q -- echo got {}', reads: q }\nqueues: [q]\n",
                           {"--no-prefix"});
  EXPECT_EQ(ran.out, "got 1\ngot 2\ngot 3\n") << ran.err;
  EXPECT_EQ(ran.code, 0);
}

TEST_F(Each, SaysWhatIsWrongAndWhatHelps) {
  EXPECT_EQ(procgraph({"each", "q"}).err,
            "procgraph each: a command is missing: procgraph each CHANNEL -- COMMAND\n");
  EXPECT_EQ(procgraph({"each", "q", "-j", "0", "--", "cat"}).err,
            "procgraph each: --jobs 0: a number of commands, from 1\n");
  const Ran unknown = procgraph({"each", "q", "--", "./no-such-program"});
  EXPECT_THAT(unknown.err,
              HasSubstr("procgraph each: program './no-such-program' was not found; there is no "));
  EXPECT_EQ(unknown.code, 127);
  const Ran alone = procgraph({"each", "q", "--", "cat"});
  EXPECT_EQ(alone.err, "procgraph each: no graph is running that has a channel with 'external'\n");
  EXPECT_EQ(alone.code, 69);
  const auto graph = start_queue();
  EXPECT_EQ(procgraph({"each", "Q", "--", "cat"}).err,
            "procgraph each: graph 'g' has no channel 'Q'; open to programs outside: 'q' (read and written "
            "from outside)\n");
}

}  // namespace
}  // namespace procgraph::e2e
