// Those that start finally: when, whatever has happened before, and what their own ends count for.
#include <gtest/gtest.h>

#include "scene.h"
#include "supervise/wording.h"

namespace procgraph {
namespace {

const Role kFinally{.finally = true, .timeout = 10s};
const Actor kClean{.name = "clean", .role = kFinally};

TEST(Finally, StartsWhenAllOthersHaveEnded) {
  Scene scene = play({{.name = "a"}, {.name = "b"}, kClean});
  EXPECT_EQ(scene.begin().news(), "launch a; launch b");
  scene.start_all().exits("a", 0);
  EXPECT_EQ(scene.news(), "");
  EXPECT_EQ(scene.exits("b", 0).news(), "finale: success 0; launch clean");
  EXPECT_EQ(scene.start_all().exits("clean", 0).news(), "done 0");
}

TEST(Finally, StartsAfterTheServicesToo) {
  Scene scene = play({{.name = "job"}, {.name = "db", .role = {.service = true}}, kClean});
  scene.begin().start_all().exits("job", 0);
  EXPECT_EQ(scene.news(), "launch job; launch db; stopping: complete; ask db 15");
  EXPECT_EQ(scene.leaves("db", {.signal = SIGTERM}).news(), "sweep db 15") << "something of it is left";
  EXPECT_EQ(scene.empty("db").news(), "finale: success 0; launch clean");
}

TEST(Finally, StartsAfterAFailureAndIsToldOfIt) {
  Scene scene = play({{.name = "a"}, {.name = "b"}, kClean});
  scene.begin().start_all().exits("a", 3).news();
  EXPECT_EQ(scene.dies("b", SIGTERM).news(), "finale: failure 3; launch clean");
  EXPECT_EQ(scene.situation().ending->failed, std::vector{ProcessId{0}});
  EXPECT_EQ(scene.start_all().exits("clean", 0).news(), "done 3");
}

TEST(Finally, IsNotToldOfFailuresThatAreIgnored) {
  Scene scene = play({{.name = "a", .role = {.on_failure = OnFailure::kIgnore}},
                      {.name = "b", .role = {.on_failure = OnFailure::kFinish}},
                      kClean});
  scene.begin().start_all().exits("a", 3).exits("b", 4).news();
  EXPECT_EQ(scene.situation().ending->failed, std::vector{ProcessId{1}});
  EXPECT_EQ(scene.situation().ending->code, 4);
}

TEST(Finally, StartsAfterATimeoutOfTheGraph) {
  Scene scene = play({{.name = "a"}, kClean}, {.timeout = 1s});
  scene.begin().start_all().wait(1s).news();
  EXPECT_EQ(scene.dies("a", SIGTERM).news(), "finale: timeout 124; launch clean");
  EXPECT_EQ(scene.start_all().exits("clean", 0).news(), "done 124");
}

TEST(Finally, StartsAfterASignalThatTheRunThenDiesOf) {
  Scene scene = play({{.name = "a"}, kClean});
  scene.begin().start_all().signal(SIGINT).news();
  EXPECT_EQ(scene.dies("a", SIGTERM).news(), "finale: stopped 130; launch clean");
  EXPECT_EQ(scene.start_all().exits("clean", 0).news(), "dies of 2");
}

TEST(Finally, StartsWhereNothingElseWas) {
  Scene scene = play({kClean});
  EXPECT_EQ(scene.begin().news(), "finale: success 0; launch clean");
  EXPECT_EQ(scene.start_all().exits("clean", 0).news(), "done 0");
}

TEST(Finally, KeepsOutOfTheTimesOfTheStop) {
  Scene scene = play({{.name = "a"}, kClean}, {.grace = 1s});
  scene.begin().start_all().signal(SIGINT).dies("a", SIGTERM).start_all().news();
  EXPECT_EQ(scene.wait(9s).news(), "") << "the grace of the graph is over for long";
  EXPECT_EQ(scene.wait(1s).news(), "ask clean 15");
  EXPECT_EQ(scene.dies("clean", SIGTERM).news(), "failed clean 124 stopping; dies of 2");
}

TEST(Finally, IsLeftAloneByAFirstPress) {
  Scene scene = play({{.name = "a"}, kClean});
  scene.begin().start_all().exits("a", 0).start_all().news();
  EXPECT_EQ(scene.signal(SIGINT).news(), "");
  EXPECT_EQ(scene.exits("clean", 0).news(), "dies of 2");
}

TEST(Finally, StartsAlthoughASecondPressHasKilledTheOthersAndIsKilledByTheNext) {
  Scene scene = play({{.name = "a"},
                      kClean,
                      {.name = "tell", .after = {{"clean", Condition::kFinished}}, .role = kFinally}});
  scene.begin().start_all().signal(SIGINT).wait(500ms).signal(SIGINT);
  EXPECT_EQ(scene.news(), "launch a; stopping: signal; ask a 15; stopping: forced; kill a");
  EXPECT_EQ(scene.dies("a", SIGKILL).start_all().news(), "finale: stopped 130; launch clean");
  EXPECT_EQ(scene.wait(499ms).signal(SIGINT).news(), "") << "somebody signals guard and runner both";
  EXPECT_EQ(scene.wait(1ms).signal(SIGINT).news(), "stopping: forced; skipped tell; kill clean");
  EXPECT_EQ(scene.dies("clean", SIGKILL).news(), "dies of 2");
}

TEST(Finally, IsSkippedByQuit) {
  Scene scene = play({{.name = "a"}, kClean});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.signal(SIGQUIT).news(), "stopping: forced; kill a; skipped clean");
  EXPECT_EQ(scene.dies("a", SIGKILL).news(), "dies of 3");
}

TEST(Finally, CountsWhenItFails) {
  Scene scene = play({{.name = "a"}, kClean, {.name = "tell", .role = kFinally}});
  scene.begin().start_all().exits("a", 0).start_all().news();
  EXPECT_EQ(scene.exits("clean", 5).news(), "failed clean 5 stopping") << "the others go on";
  EXPECT_EQ(scene.exits("tell", 0).news(), "done 5");
}

TEST(Finally, DoesNotHideTheFailureBefore) {
  Scene scene = play({{.name = "a"}, kClean});
  scene.begin().start_all().exits("a", 3).start_all().exits("clean", 5);
  EXPECT_TRUE(scene.news().ends_with("done 3"));
}

TEST(Finally, WaitsForTheOthersOfItsKind) {
  Scene scene = play({{.name = "a"},
                      kClean,
                      {.name = "tell", .after = {{"clean", Condition::kSucceeded}}, .role = kFinally}});
  scene.begin().start_all().exits("a", 0);
  EXPECT_EQ(scene.news(), "launch a; finale: success 0; launch clean");
  EXPECT_EQ(scene.start_all().exits("clean", 0).news(), "launch tell");
}

TEST(Finally, StartsOnlyWhereWhatItNeedsHasComeTrue) {
  Scene scene = play({{.name = "a"},
                      {.name = "mourn", .after = {{"a", Condition::kFailed}}, .role = kFinally},
                      {.name = "cheer", .after = {{"a", Condition::kSucceeded}}, .role = kFinally}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("a", 3).news(),
            "failed a 3 stops; finale: failure 3; launch mourn; skipped cheer because of a");
}

TEST(Finally, DoesNotMakeTheGraphStopEarlier) {
  Scene scene = play({{.name = "db", .role = {.service = true}}, kClean});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.wait(1h).news(), "") << "a graph of services runs until it is stopped";
  EXPECT_EQ(scene.exits("db", 0).news(), "finale: success 0; launch clean");
}

TEST(Finally, KeepsItsEndsUntilItStarts) {
  Scene scene = play({{.name = "a"}, kClean});
  scene.begin().start_all().signal(SIGTERM);
  EXPECT_EQ(scene.all(), "launch a; release a; stopping: signal; ask a 15");
  scene.dies("a", SIGTERM).start_all();
  EXPECT_TRUE(scene.all().ends_with("launch clean; release clean"));
}

TEST(Finally, IsToldWhatHasHappened) {
  Graph graph;
  graph.processes.resize(2);
  graph.processes[0].name = "parse";
  graph.processes[1].name = "load";
  const Ending ending{.how = How::kFailure, .code = 3, .failed = {ProcessId{1}, ProcessId{0}}};
  EXPECT_EQ(environment_of(ending, graph),
            (std::vector<std::string>{"PROCGRAPH_RESULT=failure", "PROCGRAPH_EXIT_CODE=3",
                                      "PROCGRAPH_FAILED=load parse"}));
}

}  // namespace
}  // namespace procgraph
