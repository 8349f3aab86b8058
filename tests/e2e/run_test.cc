// Graphs that run to their end, and the code that the whole has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

TEST(Run, QueuePrintsWhatFPutAndNothingElse) {
  Ran ran = run_config("queue.yaml");
  EXPECT_EQ(ran.out, "m │ get in P2: ['HelloWorld']\n");
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.code, 0);
}

TEST(Run, PipePrintsWhatFSent) {
  Ran ran = run_config("pipe.yaml");
  EXPECT_EQ(ran.out, "m │ [1, 2, 3, 4]\n");
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.code, 0);
}

TEST(Run, WordcountGivesTheShellsBytesThoughSortIsCutOff) {
  Folder folder;
  Ran expected = shell(
      folder.path(),
      "cat /usr/include/c++/*/bits/*.h | tr -cs 'A-Za-z_' '\\n' | sort | uniq -c | sort -rn | head -20");
  Ran ran = run_config("wordcount.yaml");
  EXPECT_EQ(ran.out, expected.out);
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 20);
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.code, 0);
}

TEST(Run, ACutOffWriterCountsAsSuccess) {
  Ran ran = run_text(
      "processes:\n  all: \"yes\"\n  few: { command: head -3, stdout: inherit }\n"
      "pipelines: [[all, few]]\n");
  EXPECT_EQ(ran.out, "y\ny\ny\n");
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.code, 0);
}

TEST(Run, AWriterWhoseReaderFailedIsNotCutOff) {
  Ran ran = run_text(
      "processes:\n  all: \"yes\"\n  bad: { shell: 'head -1 >/dev/null; exit 5' }\n"
      "pipelines: [[all, bad]]\n");
  EXPECT_TRUE(ran.code == 5 || ran.code == 128 + 13) << ran.code << ran.err;
}

TEST(Run, DuplexPipesCarryBothWays) {
  Ran ran = run_config("duplex.yaml");
  EXPECT_EQ(ran.out, "ask    │ 1+2 = 3\nask    │ 6*7 = 42\nask    │ 1000-1 = 999\n") << ran.err;
  EXPECT_EQ(ran.code, 0);
}

TEST(Run, StepsFollowEachOtherAndSkippedIsNoFailure) {
  Ran ran = run_config("steps.yaml", {"--no-prefix"});
  EXPECT_EQ(ran.out, "prepared\nworking\nreported\n") << ran.err;
  EXPECT_EQ(ran.code, 0);
}

TEST(Run, AServiceIsStoppedWhenTheWorkIsDone) {
  Ran ran = run_config("service.yaml");
  EXPECT_THAT(ran.out, HasSubstr("work  │ work done\n"));
  EXPECT_THAT(ran.out, HasSubstr("clock │ stopped in time\n"));
  EXPECT_EQ(ran.code, 0) << ran.err;
}

TEST(Run, EveryCopyKnowsItsNumberAndSetIsTheStrongestSource) {
  Ran ran = run_config("environment.yaml", {"--no-prefix", "--set", "WHO=you"});
  for (const char* copy : {"0", "1", "2"}) {
    EXPECT_THAT(ran.out, HasSubstr(std::string("hello you from copy ") + copy + " of 3, worker-" + copy +
                                   "; the file beside the graph\n"));
  }
  EXPECT_EQ(ran.code, 0) << ran.err;
}

TEST(Run, TheFirstFailureIsTheExitCodeAndItsLastWordsAreSaid) {
  Ran ran = run_text("processes:\n  bad: { shell: 'echo out of luck >&2; exit 3' }\n");
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, HasSubstr("procgraph: bad failed: exit code 3"));
  EXPECT_THAT(ran.err, HasSubstr("out of luck"));
}

TEST(Run, ADeathBySignalIs128PlusItsNumber) {
  Ran ran = run_text("processes:\n  bad: { shell: 'kill -KILL $$' }\n");
  EXPECT_EQ(ran.code, 128 + 9);
  EXPECT_THAT(ran.err, HasSubstr("SIGKILL"));
}

TEST(Run, FinishLetsTheRestEndAndIgnoreForgets) {
  Ran ran = run_config("failure.yaml");
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.out, HasSubstr("still here"));
}

TEST(Run, KeepGoingRunsTheRestAndReportsTheFirstFailure) {
  Ran ran = run_text("processes:\n  a: { shell: 'exit 7' }\n  b: { shell: 'sleep 0.2; echo done' }\n",
                     {"--keep-going"});
  EXPECT_EQ(ran.code, 7);
  EXPECT_THAT(ran.out, HasSubstr("done"));
}

TEST(Run, ATimeoutIs124) {
  EXPECT_EQ(run_text("processes: { a: sleep 100 }\n", {"--timeout", "100ms"}).code, 124);
  EXPECT_EQ(run_text("processes: { a: { command: sleep 100, timeout: 100ms } }\n").code, 124);
}

TEST(Run, WhatAQuickProcessSaidLastIsNeverLost) {
  Ran ran = run_text("processes:\n  a: { shell: 'seq 1 20000; printf tail' }\n", {"--no-prefix"});
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 20001);
  EXPECT_TRUE(ran.out.ends_with("20000\ntail\n"));
}

TEST(Run, AGrandchildThatHoldsTheLogDoesNotHoldTheRun) {
  Ran ran = run_text("processes:\n  a: { shell: '(setsid sleep 1000 &) ; echo said' }\n");
  EXPECT_EQ(ran.out, "a │ said\n");
  EXPECT_EQ(ran.code, 0) << ran.err;
}

TEST(Run, EscapesReachNoJsonReader) {
  Ran ran = run_text("processes:\n  a: { shell: 'printf \"\\\\033[2Jx\\\\n\"' }\n", {"--log-format", "json"});
  EXPECT_THAT(ran.out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(ran.out, HasSubstr("[2Jx"));
}

TEST(Run, AGraphFromStandardInput) {
  Folder folder;
  Ran ran = run(folder.path(), {"run", "-"}, "processes: { a: echo hello }\n");
  EXPECT_EQ(ran.out, "a │ hello\n");
  EXPECT_EQ(ran.code, 0) << ran.err;
}

TEST(Run, OnlyAndExceptTakeProcessesOut) {
  const char* yaml =
      "processes: { a: echo one, b: echo two, c: { command: echo three, after: { a: succeeded } } }\n";
  EXPECT_EQ(run_text(yaml, {"--only", "b"}).out, "b │ two\n");
  EXPECT_EQ(run_text(yaml, {"--only", "c", "--no-prefix"}).out, "one\nthree\n");
  EXPECT_EQ(run_text(yaml, {"--except", "a", "--except", "b"}).out, "c │ three\n");
}

TEST(Run, AFlagThatMayBeRepeatedTakesOneValueATime) {
  Folder folder;
  folder.write("graph.yaml", "processes: { a: echo one, b: echo two }\n");
  EXPECT_EQ(run(folder.path(), {"run", "--except", "a", "graph.yaml"}).out, "b │ two\n");
}

TEST(Run, AReaderThatIsTakenOutIsReplacedByDiscard) {
  Ran ran = run_text("processes:\n  a: seq 1 100000\n  b: wc -l\npipelines: [[a, b]]\n", {"--except", "b"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
}

TEST(Run, FilesAreOpenedOnceAndPathsMeanTheFilesFolder) {
  Folder folder;
  folder.write("sub/in.txt", "b\na\n");
  folder.write("sub/graph.yaml",
               "processes: { s: { command: sort, stdin: { file: in.txt }, stdout: { file: out.txt } } }\n");
  Ran ran = run(folder.path(), {"run", "sub/graph.yaml"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(folder.read("sub/out.txt"), "a\nb\n");
}

TEST(Run, APoisonedQueueIsNamedAndFailsTheRunWhateverItsProcessesSay) {
  const std::string yaml =
      "processes:\n  bad: { command: " SPOIL
      ", writes: q }\n  m: { command: m, reads: q }\n  also: { command: sleep 100 }\nqueues: [q]\n";
  const std::string sentence =
      "procgraph: queue 'q' is poisoned: its ring names a block that does not exist (found by m; written by "
      "one of bad, m)";
  Ran ran = run_text(yaml);
  EXPECT_EQ(ran.code, 65);
  EXPECT_THAT(ran.err, HasSubstr(sentence + "; the graph stops\n"));
  // Said again at the end, unless nothing came between: the stop may reach m before its own abort.
  const std::size_t last = ran.err.rfind('\n', ran.err.size() - 2) + 1;
  EXPECT_TRUE(ran.err.substr(last).starts_with(sentence)) << ran.err;
  EXPECT_THAT(
      run_text(yaml, {"--log-format", "json"}).err,
      HasSubstr("\"event\":\"channel_poisoned\",\"channel\":\"q\",\"reason\":\"its ring names a block "
                "that does not exist\",\"found_by\":\"m\"}"));
}

// A tail that is far beyond what was published.
TEST(Run, APoisonedTopicIsNamedWithAllWhoMayHaveDoneIt) {
  const Ran ran = run_text("processes:\n  bad: { command: " SPOIL
                           " 256 4611686018427387904, writes: t }\n  m: { command: m, reads: t }\n"
                           "  also: { command: sleep 100 }\ntopics: [t]\n");
  EXPECT_EQ(ran.code, 65);
  EXPECT_THAT(ran.err,
              ContainsRegex("procgraph: topic 't' is poisoned: the laps of its ring do not follow each "
                            "other \\(found by (m|procgraph); written by one of bad, m\\); the graph "
                            "stops\n"));
}

// A version that says that a write is under way; those that use the area would wait for its end.
TEST(Run, APoisonedAreaIsNamedWithAllWhoMayHaveDoneIt) {
  const Ran ran = run_text("processes:\n  bad: { command: " SPOIL
                           " 192 7, writes: a }\n  other: { command: sleep 100, reads: a }\nshared_memory: { "
                           "a: { size: 4KiB } }\n");
  EXPECT_EQ(ran.code, 65);
  EXPECT_THAT(ran.err,
              HasSubstr("procgraph: area 'a' is poisoned: a write is said to be under way, and nobody "
                        "writes (found by procgraph; written by one of bad, other); the graph stops\n"));
}

// It is found while the run stops for another reason: nothing comes between that and the end.
TEST(Run, APoisoningThatIsFoundWhileTheRunStopsIsToldOnce) {
  Folder folder;
  folder.write("graph.yaml",
               "processes:\n  bad: { shell: \"trap '" SPOIL
               " 192 7; exit 0' TERM; echo up; while :; do sleep 0.05; done\", writes: a }\n"
               "  other: { command: sleep 100, reads: a }\nshared_memory: { a: { size: 4KiB } }\n");
  Running running(folder.path(), {procgraph_path(), "run", "graph.yaml"});
  ASSERT_TRUE(running.wait_for_out("up"));
  running.signal(SIGTERM);
  const Ran ran = running.wait();
  const std::string poisoned = "procgraph: area 'a' is poisoned: ";
  const std::size_t first = ran.err.find(poisoned);
  ASSERT_NE(first, std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find(poisoned, first + 1), std::string::npos) << ran.err;
}

// A plain program may have mapped it: nobody but that program knows.
TEST(Run, NothingIsSaidOfAnAreaThatWasNotOpenedWithTheSdk) {
  const Ran ran =
      run_text("processes: { p: { shell: 'exit 0', writes: a } }\nshared_memory: { a: { size: 4KiB } }\n",
               {"--strict"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.err, "");
}

TEST(Run, AMessageThatCameBackAndThatNobodyTookIsReportedThoughTheRunSucceeds) {
  Ran ran = run_text("processes:\n  f: { command: f, writes: q }\n  bad: { command: " TAKE
                     ", reads: q, on_failure: ignore }\nqueues: [q]\n");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.err, "procgraph: 1 message was left in queue 'q'; one had come back\n");
}

TEST(Run, WhatComesBackFromADeadProcessIsToldWithItsCount) {
  const char* yaml = "processes:\n  f: { command: f 2, writes: q }\n  bad: { command: " TAKE
                     ", reads: q, on_failure: ignore }\nqueues: [q]\n";
  const Ran ran = run_text(yaml, {"-v"});
  EXPECT_THAT(ran.err, HasSubstr("recovered from bad: queue 'q': 1 message came back\n"));
  EXPECT_THAT(ran.err, Not(HasSubstr("recovered from f")));
  EXPECT_THAT(run_text(yaml, {"--log-format", "json"}).err,
              HasSubstr("\"event\":\"recovered\",\"process\":\"bad\",\"channel\":\"q\",\"returned\":1}"));
}

TEST(Run, ManyPortsThatWereNeverOpenedAreOneLine) {
  const Ran ran = run_text(
      "processes:\n  f: { command: f 1, writes: q }\n"
      "  bad: { shell: 'exit 0', reads: { a: q, b: r, c: s } }\n"
      "  g: { command: f 1, writes: [r, s] }\nqueues: [q, r, s]\n");
  EXPECT_THAT(ran.err, HasSubstr("procgraph: 'bad' never opened its ports 'a', 'b' and 'c'\n"));
}

TEST(Run, AProcessThatFailedIsNotBlamedForPortsThatItDidNotOpen) {
  const Ran ran = run_text(
      "processes:\n  f: { command: f 1, writes: q }\n  bad: { shell: 'exit 3', reads: { a: q } }\nqueues: "
      "[q]\n");
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, Not(HasSubstr("never opened")));
}

TEST(Run, AProcessThatNeverOpenedItsPortIsNamedAndFailsAStrictRun) {
  const char* yaml =
      "processes:\n  f: { command: f, writes: q }\n  bad: { shell: 'exit 0', reads: { a: q } }\nqueues: "
      "[q]\n";
  const char* sentence = "procgraph: 'bad' never opened its port 'a'; a plain program wants 'stdin: q'\n";
  Ran ran = run_text(yaml);
  EXPECT_THAT(ran.err, HasSubstr(sentence));
  EXPECT_THAT(ran.err, Not(HasSubstr("'f' never opened")));
  Ran strict = run_text(yaml, {"--strict"});
  EXPECT_EQ(strict.code, 78) << strict.err;
  EXPECT_THAT(strict.err, HasSubstr("procgraph: bad failed: it never opened a port that the file gives it"));
}

TEST(Run, AStrictRunDoesNotStartWhereCheckWarns) {
  Ran ran =
      run_text("processes:\n  a: { command: cat, reads: q }\n  f: { command: f, writes: q }\nqueues: [q]\n",
               {"--strict", "-q"});
  EXPECT_EQ(ran.code, 78);
  EXPECT_THAT(ran.err, HasSubstr("warning: 'cat' never opens its port 'q'"));
}

TEST(Run, TwoReadersShareAQueueAndNothingIsLost) {
  Ran ran = run_text(
      "processes:\n  f: { command: f, writes: q }\n  m: { command: m, reads: q, replicas: 3 }\nqueues: "
      "[q]\n");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("get in P2: ['HelloWorld']\n"));
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1);
}

}  // namespace
}  // namespace procgraph::e2e
