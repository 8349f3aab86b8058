// When a graph is done: services, steps, what is left of a session, the ends of channels.
#include <gtest/gtest.h>

#include "scene.h"

namespace procgraph {
namespace {

const Role kService{.service = true};
const Role kStep{.step = true};

TEST(End, AGraphIsDoneWhenEveryProcessHasEnded) {
  Scene scene = play({{.name = "f"}, {.name = "m"}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("f", 0).news(), "");
  EXPECT_EQ(scene.exits("m", 0).news(), "done 0");
}

TEST(End, AGraphWithoutProcessesIsDoneAtOnce) {
  EXPECT_EQ(play({}).begin().news(), "done 0");
}

TEST(End, AnIdleGraphNeedsNoTimer) {
  Scene scene = play({{.name = "f"}, {.name = "m"}, {.name = "db", .role = kService}});
  EXPECT_TRUE(scene.begin().start_all().idle());
  EXPECT_TRUE(scene.exits("f", 0).idle());
}

TEST(End, ServicesAreStoppedWhenAllThatCountHasEnded) {
  Scene scene = play({{.name = "job"}, {.name = "db", .role = kService}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("job", 0).news(), "stopping: complete; ask db 15");
  EXPECT_EQ(scene.dies("db", SIGTERM).news(), "done 0");
}

TEST(End, TheGraphWaitsForWhatHasNotStartedYet) {
  Scene scene = play({{.name = "migrate", .role = kStep},
                      {.name = "job", .after = {{"migrate", Condition::kSucceeded}}},
                      {.name = "db", .role = kService}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("migrate", 0).news(), "launch job");
  EXPECT_EQ(scene.start_all().exits("job", 0).news(), "stopping: complete; ask db 15");
}

TEST(End, AGraphOfServicesAndStepsRunsUntilStopped) {
  Scene scene = play({{.name = "db", .role = kService},
                      {.name = "migrate", .role = kStep},
                      {.name = "api", .after = {{"migrate", Condition::kSucceeded}}, .role = kService}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("migrate", 0).start_all().news(), "launch api");
  EXPECT_TRUE(scene.idle());
  EXPECT_EQ(scene.signal(SIGTERM).news(), "stopping: signal; ask db 15; ask api 15");
}

TEST(End, AGraphOfServicesIsDoneWhenAllHaveEndedForGood) {
  Scene scene = play({{.name = "a", .role = kService}, {.name = "b", .role = kService}});
  scene.begin().start_all().exits("a", 0).news();
  EXPECT_EQ(scene.exits("b", 0).news(), "done 0");
}

TEST(End, AStepThatStillRunsWhenTheGraphIsDoneIsStoppedToo) {
  Scene scene =
      play({{.name = "slow", .role = kStep},
            {.name = "quick", .role = kStep},
            {.name = "job", .after = {{"slow", Condition::kSucceeded}, {"quick", Condition::kFailed}}}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("quick", 0).news(), "skipped job because of quick; stopping: complete; ask slow 15");
  EXPECT_EQ(scene.dies("slow", SIGTERM).news(), "done 0");
}

TEST(End, AServiceThatHasNotStartedWhenTheGraphIsDoneNeverDoes) {
  Scene scene = play({{.name = "job"},
                      {.name = "db", .role = kService},
                      {.name = "api", .after = {{"db", Condition::kFinished}}, .role = kService}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("job", 0).news(), "stopping: complete; skipped api; ask db 15");
}

TEST(End, ServicesGoInTheOrderOfTheStop) {
  Scene scene = play({{.name = "job"},
                      {.name = "db", .role = {.service = true, .rank = 1}},
                      {.name = "api", .role = {.service = true, .rank = 0}}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("job", 0).news(), "stopping: complete; ask api 15");
  EXPECT_EQ(scene.exits("api", 0).news(), "ask db 15");
}

TEST(Session, AProcessHasEndedWhenItsSessionIsEmpty) {
  Scene scene = play({{.name = "job"}, {.name = "next", .after = {{"job", Condition::kFinished}}}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.leaves("job", {}).news(), "sweep job 15");
  EXPECT_EQ(scene.empty("job").news(), "launch next");
}

TEST(Session, WhatIsLeftOfASessionIsKilledAfterTheGrace) {
  Scene scene = play({{.name = "job", .role = {.grace = 3s}}, {.name = "other"}});
  scene.begin().start_all().leaves("job", {}).news();
  EXPECT_EQ(scene.wait(2999ms).news(), "");
  EXPECT_EQ(scene.wait(1ms).news(), "sweep job 9");
  EXPECT_EQ(scene.wait(1h).news(), "");
  EXPECT_EQ(scene.empty("job").exits("other", 0).news(), "done 0");
}

TEST(Session, ItsParticipantIsReapedWhenTheFirstProcessExitsAndBeforeItsEndsAreGivenUp) {
  Scene scene = play({{.name = "f", .writes = {"q"}}, {.name = "m", .reads = {"q"}}});
  scene.begin().start_all().all();
  EXPECT_EQ(scene.leaves("f", {}).all(), "reap f; sweep f 15");
  EXPECT_EQ(scene.empty("f").all(), "writer gone f; end of writers q");
}

TEST(Channel, ItsWritersHaveEndedWhenAllReplicasOfAllAreGone) {
  Scene scene = play({{.name = "a", .writes = {"q"}, .role = {.count = 2}},
                      {.name = "b", .writes = {"q"}},
                      {.name = "r", .reads = {"q"}}});
  scene.begin().start_all();
  EXPECT_EQ(scene.exits("b", 0).ends(), "");
  EXPECT_EQ(scene.exits("a.0", 0).ends(), "");
  EXPECT_EQ(scene.exits("a.1", 0).ends(), "end of writers q");
  EXPECT_EQ(scene.exits("r", 0).ends(), "end of readers q");
}

TEST(Channel, AServiceDoesNotHoldItOpenOnceItsOtherWritersAreGone) {
  Scene scene = play({{.name = "watch", .writes = {"q"}, .role = kService},
                      {.name = "w", .writes = {"q"}},
                      {.name = "r", .reads = {"q"}}});
  scene.begin().start_all();
  EXPECT_EQ(scene.exits("w", 0).ends(), "end of writers q");
}

TEST(Channel, ServicesHoldItOpenWhereTheyAreItsOnlyWriters) {
  Scene scene = play({{.name = "a", .writes = {"q"}, .role = kService},
                      {.name = "b", .writes = {"q"}, .role = kService},
                      {.name = "r", .reads = {"q"}}});
  scene.begin().start_all();
  EXPECT_EQ(scene.exits("a", 0).ends(), "");
  EXPECT_EQ(scene.exits("b", 0).ends(), "end of writers q");
}

TEST(Channel, OneThatHasNoWriterIsAtItsEndFromTheStart) {
  Scene scene = play({{.name = "r", .reads = {"q"}}});
  EXPECT_EQ(scene.begin().all(), "end of writers q; launch r");
}

TEST(Channel, AWriterThatCouldNotBeStartedIsGoneForGood) {
  const Role ignored{.on_failure = OnFailure::kIgnore};
  Scene scene = play({{.name = "w", .writes = {"q"}, .role = ignored}, {.name = "r", .reads = {"q"}}});
  scene.begin();
  EXPECT_EQ(scene.refused("w", 127).ends(), "end of writers q");
}

TEST(Channel, BothEndsOfADuplexPipeAreGivenUpByOneEnd) {
  Scene scene =
      play({{.name = "a", .reads = {"p"}, .writes = {"p"}}, {.name = "b", .reads = {"p"}, .writes = {"p"}}});
  scene.begin().start_all();
  EXPECT_EQ(scene.exits("a", 0).ends(), "");
  EXPECT_EQ(scene.exits("b", 0).ends(), "end of writers p; end of readers p");
}

}  // namespace
}  // namespace procgraph
