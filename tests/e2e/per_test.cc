// A command that runs once per message, in whole graphs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) all.push_back(line);
  return all;
}

// A graph in which `work` is what runs once per message, on the numbers from 1 to `last`.
std::string graph(int last, const std::string& work, const std::string& channels = "[q]",
                  const std::string& more = {}) {
  return "processes:\n  numbers: { command: numbers " + std::to_string(last) + ", writes: q }\n  work:\n" +
         work + more + "queues: " + channels + "\n";
}

std::vector<std::string> numbers(int last) {
  std::vector<std::string> all;
  for (int i = 1; i <= last; ++i) all.push_back(std::to_string(i));
  return all;
}

// What reads a line from the fifo `go` gets it, if it is there; nobody waits for it.
void let_go(const Folder& folder) {
  std::fstream(folder.path() + "/go", std::ios::in | std::ios::out) << "go\n" << std::flush;
}

TEST(PerMessage, PutsWhatEachRunPrintsIntoAChannel) {
  const Ran ran = run_text(graph(20, "    { command: cat, per: message, stdin: q, stdout: r, replicas: 3 }\n",
                                 "[q, r]", "  m: { command: m, reads: r }\n"),
                           {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  std::vector<std::string> expected;
  for (const std::string& number : numbers(20)) expected.push_back("get in P2: " + number);
  EXPECT_THAT(lines(ran.out), testing::UnorderedElementsAreArray(expected));
}

TEST(PerMessage, MeansTheSameHoweverItsEndsAreWritten) {
  for (const char* ends : {"work: { command: cat, per: message, reads: q, writes: r }\n",
                           "work: { command: cat, per: message, reads: { x: q }, stdout: r }\n",
                           "work: { command: cat, per: message }\npipelines: [[q, work, r]]\n#"}) {
    const std::string text = ends;
    const std::size_t end = text.find("pipelines");
    const Ran ran = run_text(
        "processes:\n  numbers: { command: numbers 2, writes: q }\n  m: { command: m, reads: r }\n  " +
            text.substr(0, end) + "queues: [q, r]\n" + (end == text.npos ? "" : text.substr(end)),
        {"--no-prefix"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(lines(ran.out), ElementsAre("get in P2: 1", "get in P2: 2")) << ends;
  }
}

TEST(PerMessage, WritesResultsWholeWhereTheirOutputIsNoChannel) {
  Folder folder;
  const std::string yaml = folder.write(
      "g.yaml",
      graph(8,
            "    shell: 'read n; for i in 1 2 3; do echo \"$n.$i\"; done'\n    per: message\n    stdin: q\n"
            "    stdout: { file: out.txt }\n    replicas: 4\n"));
  const Ran ran = run(folder.path(), {"run", yaml});
  EXPECT_EQ(ran.code, 0) << ran.err;
  const std::vector<std::string> written = lines(folder.read("out.txt"));
  ASSERT_EQ(written.size(), 24U);
  for (std::size_t i = 0; i < written.size(); i += 3) {
    const std::string number = written[i].substr(0, written[i].find('.'));
    EXPECT_EQ(written[i + 1], number + ".2");
    EXPECT_EQ(written[i + 2], number + ".3");
  }
}

TEST(PerMessage, HandsResultsToTheNextProgramOfAPipeline) {
  const Ran ran = run_text(
      "processes:\n  numbers: { command: numbers 30, writes: q }\n  twice: { shell: 'read n; echo $((2 * "
      "n))', per: "
      "message, replicas: 2 }\n  sum: { command: \"awk '{ n += $1 } END { print n }'\", stdout: inherit }\n"
      "pipelines: [[q, twice, sum]]\nqueues: [q]\n");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "930\n");
}

TEST(PerMessage, TakesFromATopicToo) {
  const Ran ran = run_text(
      "processes:\n  numbers: { command: numbers 5, writes: t }\n  a: { command: cat, per: message, reads: "
      "t, writes: r }\n"
      "  b: { command: cat, per: message, reads: t, writes: r, replicas: 2 }\n  m: { command: m, reads: r }\n"
      "topics: [t]\nqueues: [r]\n",
      {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(lines(ran.out).size(), 10U) << ran.out;
}

TEST(PerMessage, AcknowledgesByItsExitCode) {
  const Ran ran = run_text(graph(6,
                                 "    shell: 'read n; echo \"$n in delivery $PROCGRAPH_DELIVERY\" >&2; [ $n "
                                 "-ne 3 ]'\n    per: message\n"
                                 "    reads: q\n",
                                 "{ q: { max_deliveries: 3, dead_letter: failed }, failed: {} }",
                                 "  letters: { command: letters, reads: failed }\n"),
                           {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "3: 3 times, nack of work\n");
  for (const char* line : {"3 in delivery 1\n", "3 in delivery 2\n", "3 in delivery 3\n", "4 in delivery 1\n",
                           "message 2, delivery 3: exit code 1\n"})
    EXPECT_THAT(ran.err, HasSubstr(line));
  EXPECT_THAT(ran.err, Not(HasSubstr("4 in delivery 2"))) << "what was acknowledged came back";
}

TEST(PerMessage, TakesOtherCodesForSuccessToo) {
  const Ran ran = run_text(graph(12, "    { command: grep 1, per: message, reads: q, ok_codes: [0, 1] }\n"),
                           {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, "1\n10\n11\n12\n");
}

TEST(PerMessage, RejectsAtOnceWhatItsQueueSays) {
  const Ran ran = run_text(
      graph(4, "    shell: 'read n; exit $n'\n    per: message\n    reads: q\n    ok_codes: [1, 2, 4]\n",
            "{ q: { reject_codes: [3], dead_letter: failed }, failed: {} }",
            "  letters: { command: letters, reads: failed }\n"),
      {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "3: 1 times, reject of work\n");
  EXPECT_THAT(
      ran.err,
      HasSubstr("message 2 of queue 'q' failed 1 time, the last time when work rejected it; it is in queue "
                "'failed' now\n"));
}

TEST(PerMessage, KillsARunThatTakesTooLongWithAllThatItHasStarted) {
  Folder folder;
  const std::string yaml =
      folder.write("g.yaml", graph(3,
                                   "    shell: 'read n; [ $n -ne 2 ] && exit; (tail -f /dev/null & echo $! > "
                                   "left.pid; wait); exit 0'\n"
                                   "    per: message\n    reads: q\n    timeout: 300ms\n",
                                   "{ q: { max_deliveries: 1, dead_letter: failed }, failed: {} }",
                                   "  letters: { command: letters, reads: failed }\n"));
  const Ran ran = run(folder.path(), {"run", yaml, "--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "2: 1 times, nack of work\n");
  EXPECT_THAT(ran.err, HasSubstr("message 1, delivery 1: it ran out of time\n"));
  const int left = std::stoi(folder.read("left.pid"));
  EXPECT_NE(kill(left, 0), 0) << "what it had started lives on";
}

// What the first run leaves behind has the lock that the second one takes.
TEST(PerMessage, KillsWhatARunLeavesBehindWhenItEndsWell) {
  const Ran ran = run_text(graph(2,
                                 "    shell: 'read n; exec 9>lock; flock 9; sleep 1000 & echo $n >&2'\n"
                                 "    per: message\n    reads: q\n    timeout: 20s\n"),
                           {"--no-prefix"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.err, "1\n2\n");
}

TEST(PerMessage, KillsARunWhoseResultIsTooLarge) {
  const Ran ran = run_text(
      graph(2,
            "    shell: 'read n; [ $n = 1 ] && echo fits || exec yes'\n    per: message\n    reads: q\n    "
            "writes: r\n",
            "{ q: { max_deliveries: 1, dead_letter: failed }, failed: {}, r: { max_message: 100KiB } }",
            "  letters: { command: letters, reads: failed }\n  m: { command: m, reads: r }\n"),
      {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(lines(ran.out), UnorderedElementsAre("2: 1 times, nack of work", "get in P2: fits", ""))
      << ran.out;
  EXPECT_THAT(ran.err, HasSubstr("message 1, delivery 1: its result is too large\n"));
}

// 16 MiB, as much as a message of a queue can be that says nothing.
TEST(PerMessage, BoundsAResultThatGoesToNoChannelToo) {
  const Folder folder;
  folder.write("g.yaml",
               graph(2,
                     "    shell: 'read n; exec head -c $((16777215 + n)) /dev/zero'\n    per: message\n"
                     "    reads: q\n    stdout: { file: out }\n",
                     "{ q: { max_deliveries: 1, dead_letter: failed }, failed: {} }",
                     "  letters: { command: letters, reads: failed }\n"));
  const Ran ran = run(folder.path(), {"run", "g.yaml", "--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(lines(ran.out), ElementsAre("2: 1 times, nack of work")) << ran.out;
  EXPECT_THAT(ran.err, HasSubstr("message 1, delivery 1: its result is too large\n"));
  EXPECT_EQ(folder.read("out").size(), 16U << 20U);
}

TEST(PerMessage, PutsNothingWhereARunPrintsNothing) {
  const Ran ran = run_text(graph(9,
                                 "    shell: 'read n; [ $((n % 3)) != 0 ] || echo $n'\n    per: message\n    "
                                 "reads: q\n    writes: r\n",
                                 "[q, r]", "  m: { command: m, reads: r }\n"),
                           {"-v", "--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("queue 'r': 3 put, 3 acknowledged")) << ran.out;
}

TEST(PerMessage, CanGetItsMessageAndItsNumberAsWords) {
  const Ran ran = run_text(graph(2, "    { command: [echo, 'a{}', '{}', '{#}'], per: message, reads: q }\n"),
                           {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "a{} 1 0\na{} 2 1\n");
}

TEST(PerMessage, KnowsWhichMessageItIsAndIsNoNodeItself) {
  const Ran ran =
      run_text(graph(1, "    { command: env, per: message, reads: q, env: { MINE: yes }, replicas: 1 }\n"),
               {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  for (const char* line :
       {"MINE=yes\n", "PROCGRAPH_SEQUENCE=0\n", "PROCGRAPH_DELIVERY=1\n", "PROCGRAPH_PROCESS=work\n"})
    EXPECT_THAT(ran.out, HasSubstr(line));
  for (const char* name :
       {"PROCGRAPH_PORTS", "PROCGRAPH_PARTICIPANT", "PROCGRAPH_ROSTER", "PROCGRAPH_ATTACH"})
    EXPECT_THAT(ran.out, Not(HasSubstr(name)));
}

TEST(PerMessage, HasNoDescriptorsButItsStreams) {
  const Ran ran =
      run_text(graph(1, "    { shell: 'ls /proc/$$/fd', per: message, reads: q }\n"), {"--no-prefix"});
  EXPECT_EQ(ran.out, "0\n1\n2\n") << ran.err;
}

TEST(PerMessage, GetsABatchAsLines) {
  const Ran ran =
      run_text(graph(7, "    { command: 'paste -sd ,', per: { messages: 3 }, reads: q }\n"), {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(lines(ran.out), ElementsAre("1,2,3", "4,5,6", "7"));
}

TEST(PerMessage, WaitsNoLongerForABatchThanItIsAllowed) {
  Folder folder;
  folder.write(
      "g.yaml",
      "processes:\n  some: { shell: 'seq 2 | procgraph put q; read x < go', writes: q }\n"
      "  work: { command: 'paste -sd ,', per: { messages: 100, within: 50ms }, reads: q }\nqueues: [q]\n");
  ASSERT_EQ(mkfifo((folder.path() + "/go").c_str(), 0600), 0);
  const std::string path = procgraph_path();
  ASSERT_EQ(setenv("PATH", (path.substr(0, path.rfind('/')) + ":" + std::getenv("PATH")).c_str(), 1), 0);
  Running running(folder.path(), {procgraph_path(), "run", "g.yaml", "--no-prefix"});
  EXPECT_TRUE(running.wait_for_out("1,2\n")) << "it waits for the other 98";
  let_go(folder);
  EXPECT_EQ(running.wait().code, 0);
}

TEST(PerMessage, FailsItsProcessWhereItsCommandCannotBeRun) {
  const Ran ran = run_text(graph(3, "    { shell: 'no-such-program', per: message, reads: q }\n",
                                 "{ q: { dead_letter: failed }, failed: {} }"));
  EXPECT_EQ(ran.code, 127) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("the command cannot be run"));
  EXPECT_THAT(ran.err, Not(HasSubstr("it is in queue 'failed' now")));
}

TEST(PerMessage, FailsItsProcessWhereItsPoolIsKilled) {
  const Ran ran = run_text(
      graph(3, "    { shell: 'kill -KILL $PPID; exec tail -f /dev/null', per: message, reads: q }\n"));
  EXPECT_EQ(ran.code, 137) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("work"));
}

TEST(PerMessage, LetsItsRunsHearOfTheEndThatItIsAskedFor) {
  Folder folder;
  folder.write(
      "g.yaml",
      graph(
          1,
          "    shell: 'trap \"echo heard; exit 0\" TERM; echo ready >&2; while :; do read x < never; done'\n"
          "    per: message\n    reads: q\n    service: true\n"));
  ASSERT_EQ(mkfifo((folder.path() + "/never").c_str(), 0600), 0);
  Running running(folder.path(), {procgraph_path(), "run", "g.yaml", "--no-prefix"});
  ASSERT_TRUE(running.wait_for_err("ready\n"));
  const Ran ran = (running.signal(SIGTERM), running.wait());
  EXPECT_THAT(ran.out, "heard\n") << ran.err;
}

// ---- kills ----

std::string of_proc(pid_t pid, const std::string& file) {
  std::ostringstream text;
  text << std::ifstream("/proc/" + std::to_string(pid) + "/" + file).rdbuf();
  return text.str();
}

std::vector<pid_t> children(pid_t pid) {
  std::istringstream list(of_proc(pid, "task/" + std::to_string(pid) + "/children"));
  std::vector<pid_t> all;
  for (pid_t child = 0; list >> child;) all.push_back(child);
  return all;
}

// Those of a graph, whose runner is the only child of what was started.
std::vector<pid_t> pools(pid_t guard) {
  std::vector<pid_t> all;
  for (const pid_t runner : children(guard)) {
    for (const pid_t child : children(runner)) {
      if (of_proc(child, "comm") == "pool\n") all.push_back(child);
    }
  }
  return all;
}

// The total-queue oracle: runs are killed where they are, and by themselves, and two pools of three with all
// that they hold. Every message has a result, and one has two only if it was delivered twice.
TEST(PerMessage, LosesNothingToKillsOfRunsAndPools) {
  constexpr int kMessages = 600;
  Folder folder;
  ASSERT_EQ(mkfifo((folder.path() + "/go").c_str(), 0600), 0);
  const std::string pool =
      "{ shell: 'read n; [ $(($$ % 9)) = 0 ] && kill -9 $$; printf %s \"$n/$PROCGRAPH_DELIVERY\"; [ $(($$ % "
      "9)) = "
      "1 "
      "] && kill -9 $$; exit 0', per: message, replicas: 3, reads: q, writes: r, on_failure: ignore }\n";
  folder.write("g.yaml",
               "processes:\n  numbers: { command: numbers " + std::to_string(kMessages) +
                   ", writes: q }\n  hold: { shell: 'read x < go', writes: q }\n  a: " + pool +
                   "  b: " + pool + "  c: " + pool +
                   "  m: { command: m, reads: r }\nqueues: { q: { max_deliveries: 1000 }, r: {} }\n");
  Running running(folder.path(), {procgraph_path(), "run", "g.yaml", "--no-prefix"});
  int pools_killed = 0, runs_killed = 0;
  for (const int after : {kMessages / 4, kMessages / 2}) {
    EXPECT_TRUE(running.wait_for_out("get in P2: " + std::to_string(after) + "/"));
    for (const pid_t each : pools(running.pid())) {
      for (const pid_t run : children(each)) runs_killed += kill(run, SIGKILL) == 0 ? 1 : 0;
    }
    const std::vector<pid_t> left = pools(running.pid());
    ASSERT_FALSE(left.empty());
    pools_killed += kill(left.front(), SIGKILL) == 0 ? 1 : 0;
  }
  let_go(folder);
  const Ran ran = running.wait();
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(pools_killed, 2);
  std::map<int, std::vector<int>> results;  // by message: in which deliveries
  for (const std::string& line : lines(ran.out)) {
    int number = 0, delivery = 0;
    ASSERT_EQ(std::sscanf(line.c_str(), "get in P2: %d/%d", &number, &delivery), 2) << line;
    results[number].push_back(delivery);
  }
  EXPECT_EQ(results.size(), static_cast<std::size_t>(kMessages)) << "something is lost";
  for (auto& [number, deliveries] : results) {
    std::ranges::sort(deliveries);
    EXPECT_EQ(std::ranges::adjacent_find(deliveries), deliveries.end())
        << "twice in one delivery: " << number;
  }
  RecordProperty("runs_killed", runs_killed);
}

// Three results, and room for one: the pool is killed with two that had nowhere to go.
TEST(PerMessage, AcknowledgesNothingBeforeItsResultIsWhereItBelongs) {
  Folder folder;
  folder.write(
      "g.yaml",
      graph(3,
            "    { shell: 'read n; printf %s $n; echo ended >&2', per: message, replicas: 3, reads: q, "
            "writes: r, "
            "on_failure: ignore }\n",
            "{ q: {}, r: { capacity: 1 } }",
            "  again: { command: cat, per: message, reads: q, writes: r, after: { work: finished } }\n"
            "  m: { command: m, reads: r, after: { work: finished } }\n"));
  Running running(folder.path(), {procgraph_path(), "run", "g.yaml", "--no-prefix"});
  ASSERT_TRUE(running.wait_for_err("ended\nended\nended\n"));
  for (const pid_t pool : pools(running.pid())) kill(pool, SIGKILL);
  const Ran ran = running.wait();
  EXPECT_EQ(ran.code, 0) << ran.err;
  const std::vector<std::string> got = lines(ran.out);
  for (const char* line : {"get in P2: 1", "get in P2: 2", "get in P2: 3"})
    EXPECT_THAT(got, testing::Contains(line));
}

TEST(PerMessage, LeavesNoRunBehindWhenItsPoolIsKilled) {
  Folder folder;
  folder.write(
      "g.yaml",
      graph(2,
            "    shell: 'echo $$ >> runs; tail -f /dev/null & echo $! >> runs; echo begun >&2; wait'\n"
            "    per: message\n    reads: q\n    replicas: 2\n"));
  Running running(folder.path(), {procgraph_path(), "run", "g.yaml", "--no-prefix"});
  ASSERT_TRUE(running.wait_for_err("begun\nbegun\n"));
  const std::vector<pid_t> all = pools(running.pid());
  ASSERT_EQ(all.size(), 1U);
  kill(all.front(), SIGKILL);
  EXPECT_EQ(running.wait().code, 137);
  const std::vector<std::string> runs = lines(folder.read("runs"));
  EXPECT_EQ(runs.size(), 4U);
  for (const std::string& pid : runs) EXPECT_NE(kill(std::stoi(pid), 0), 0) << pid << " lives";
}

// ---- in order ----

TEST(InOrder, ResultsLeaveAsTheirInputsCameThoughRunsEndOtherwise) {
  Folder folder;
  ASSERT_EQ(mkfifo((folder.path() + "/second").c_str(), 0600), 0);
  folder.write(
      "g.yaml",
      graph(4,
            "    shell: 'read n; [ $n = 1 ] && read x < second; [ $n = 2 ] && echo > second; echo $n'\n"
            "    per: message\n    ordered: true\n    replicas: 2\n    reads: q\n"));
  const Ran ran = run(folder.path(), {"run", "g.yaml", "--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(lines(ran.out), ElementsAre("1", "2", "3", "4"));
}

TEST(InOrder, EqualsOneRunAfterTheOther) {
  const std::string work =
      "    shell: 'read n; i=0; while [ $i -lt $((n * 37 % 11 * 300)) ]; do i=$((i + 1)); done; printf %s "
      "$n'\n"
      "    per: message\n    reads: q\n    writes: r\n";
  const Ran ran = run_text(graph(60, work + "    ordered: { window: 8 }\n    replicas: 4\n", "[q, r]",
                                 "  m: { command: m, reads: r }\n"),
                           {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  std::vector<std::string> expected;
  for (const std::string& number : numbers(60)) expected.push_back("get in P2: " + number);
  EXPECT_EQ(lines(ran.out), expected);
}

TEST(InOrder, NoMoreRunAheadThanTheWindowAllows) {
  Folder folder;
  for (const char* name : {"first", "third"})
    ASSERT_EQ(mkfifo((folder.path() + "/" + name).c_str(), 0600), 0);
  // The first waits until the third has ended, with which the window is full: the fourth begins after it.
  folder.write(
      "g.yaml",
      graph(
          4,
          "    shell: 'read n; echo \"begin $n\" >> log; [ $n = 1 ] && read x < first; [ $n = 3 ] && echo > "
          "first; echo \"end $n\" >> log; echo $n'\n"
          "    per: message\n    ordered: { window: 3 }\n    replicas: 8\n    reads: q\n"));
  const Ran ran = run(folder.path(), {"run", "g.yaml", "--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  const std::string log = folder.read("log");
  EXPECT_LT(log.find("end 1"), log.find("begin 4")) << log;
  EXPECT_EQ(ran.out, "1\n2\n3\n4\n");
}

TEST(InOrder, AnInputThatFailsIsTriedAgainInItsPlaceAndThenSkipped) {
  const Ran ran = run_text(graph(6,
                                 "    shell: 'read n; [ $n = 2 ] && [ $PROCGRAPH_DELIVERY -lt 3 ] && exit 1; "
                                 "[ $n = 4 ] && exit 1; echo $n'\n"
                                 "    per: message\n    ordered: true\n    replicas: 3\n    reads: q\n",
                                 "{ q: { max_deliveries: 3, dead_letter: failed }, failed: {} }",
                                 "  letters: { command: letters, reads: failed, stdout: none }\n"),
                           {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(lines(ran.out), ElementsAre("1", "2", "3", "5", "6"));
  EXPECT_THAT(ran.err, HasSubstr("message 3, delivery 3: exit code 1, rejected\n"));
  EXPECT_THAT(ran.err,
              HasSubstr("message 3 of queue 'q' failed 1 time, the last time when work rejected it"));
}

TEST(InOrder, BatchesLeaveInOrderToo) {
  const Ran ran = run_text(
      graph(20, "    { command: cat, per: { messages: 3 }, ordered: true, replicas: 3, reads: q }\n"),
      {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(lines(ran.out), numbers(20));
}

}  // namespace
}  // namespace procgraph::e2e
