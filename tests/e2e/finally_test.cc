// Processes that start finally, from the file to the exit code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

const char* const kTell =
    "  tell: { shell: 'echo \"$PROCGRAPH_RESULT $PROCGRAPH_EXIT_CODE [$PROCGRAPH_FAILED]\"', finally: true "
    "}\n";

TEST(Finally, IsToldOfASuccess) {
  const Ran ran = run_text(std::string("processes:\n  job: echo works\n") + kTell);
  EXPECT_EQ(ran.out, "job  │ works\ntell │ success 0 []\n");
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.code, 0);
}

TEST(Finally, IsToldOfAFailureAndTheRunStillFails) {
  const Ran ran = run_text(std::string("processes:\n  job: { shell: 'exit 3', replicas: 2 }\n") + kTell);
  EXPECT_EQ(ran.out, "tell  │ failure 3 [job]\n");
  EXPECT_THAT(ran.err, HasSubstr("failed: exit code 3; the graph stops"));
  EXPECT_EQ(ran.code, 3);
}

TEST(Finally, IsToldOfATimeout) {
  const Ran ran = run_text(std::string("timeout: 50ms\nprocesses:\n  job: sleep 1000\n") + kTell);
  EXPECT_EQ(ran.out, "tell │ timeout 124 []\n");
  EXPECT_EQ(ran.code, 124);
}

// Nothing of the others is left: the file that the last one of their sessions removes is gone.
TEST(Finally, StartsWhenNothingOfTheOthersIsLeft) {
  Folder folder;
  folder.write("busy", "");
  folder.write("graph.yaml",
               "processes:\n"
               "  job: { shell: 'trap \"\" TERM; (sleep 0.3; rm busy) & exit 0' }\n"
               "  look: { shell: 'test -e busy && echo busy || echo free', finally: true }\n");
  EXPECT_EQ(run(folder.path(), {"run", "graph.yaml"}).out, "look │ free\n");
}

TEST(Finally, RunsAfterCtrlCAndTheRunDiesOfIt) {
  Folder folder;
  folder.write("graph.yaml",
               std::string("processes:\n  job: { shell: 'echo up; exec sleep 1000' }\n") + kTell);
  Running running(folder.path(), {procgraph_path(), "run", "graph.yaml"});
  ASSERT_TRUE(running.wait_for_out("up"));
  running.signal(SIGINT);
  const Ran ran = running.wait();
  EXPECT_THAT(ran.out, HasSubstr("tell │ stopped 130 []"));
  EXPECT_EQ(ran.signal, SIGINT);
}

TEST(Finally, ItsOwnFailureIsTheRuns) {
  const Ran ran = run_text(
      "processes:\n"
      "  job: 'true'\n"
      "  clean: { shell: 'echo no disk >&2; exit 9', finally: true }\n");
  EXPECT_THAT(ran.err, HasSubstr("clean failed: exit code 9"));
  EXPECT_THAT(ran.err, HasSubstr("its last words:"));
  EXPECT_EQ(ran.code, 9);
}

TEST(Finally, HasATimeOfItsOwn) {
  const Ran ran = run_text(
      "processes:\n"
      "  job: 'true'\n"
      "  clean: { command: sleep 1000, finally: true, timeout: 50ms }\n");
  EXPECT_THAT(ran.err, HasSubstr("clean failed: it still ran after 50ms, its timeout"));
  EXPECT_EQ(ran.code, 124);
}

TEST(Finally, WritesItsFileThoughTheGraphWasStoppedBefore) {
  Folder folder;
  folder.write(
      "graph.yaml",
      "processes:\n"
      "  job: { shell: 'exit 1' }\n"
      "  report: { shell: 'echo \"$PROCGRAPH_FAILED\"', finally: true, stdout: { file: report.txt } }\n");
  EXPECT_EQ(run(folder.path(), {"run", "graph.yaml"}).code, 1);
  EXPECT_EQ(folder.read("report.txt"), "job\n");
}

TEST(Finally, ReadsWhatTheOthersLeftInSharedMemory) {
  const Ran ran = run_text(
      "processes:\n"
      "  add: { command: tally 1000, replicas: 4, writes: total }\n"
      "  show: { command: tally, reads: total, finally: true }\n"
      "shared_memory:\n"
      "  total: { size: 64 }\n");
  EXPECT_THAT(ran.out, HasSubstr("show"));
  EXPECT_THAT(ran.out, HasSubstr("4000"));
  EXPECT_EQ(ran.code, 0) << ran.err;
}

TEST(Finally, IsToldToMachinesAndInThePlan) {
  const std::string text = std::string("processes:\n  job: 'false'\n") + kTell;
  EXPECT_THAT(run_text(text, {"--log-format", "json"}).err,
              HasSubstr(R"("event":"finally","result":"failure","code":1,"failed":"job")"));
  EXPECT_THAT(run_text(text, {"--dry-run"}).out, HasSubstr("\nfinally\n           tell, for up to 10s\n"));
}

TEST(Finally, IsNotThereWhereTheFileSaysNothing) {
  EXPECT_THAT(run_text("processes:\n  job: 'true'\n", {"-v"}).err, Not(HasSubstr("finally")));
}

}  // namespace
}  // namespace procgraph::e2e
