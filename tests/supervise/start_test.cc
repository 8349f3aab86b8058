// Start order, conditions, skipping; what starts and skips mean for channels. One sentence of product.md
// each.
#include <gtest/gtest.h>

#include "scene.h"

namespace procgraph {
namespace {

TEST(Start, WhatNeedsNothingStartsAtOnceInTheOrderOfTheFile) {
  Scene scene = play({{.name = "f", .writes = {"q"}}, {.name = "m", .reads = {"q"}}});
  EXPECT_EQ(scene.begin().news(), "launch f; launch m");
}

TEST(Start, NothingIsImpliedByDataFlow) {
  Scene scene = play({{.name = "m", .reads = {"q"}}, {.name = "f", .writes = {"q"}}});
  EXPECT_EQ(scene.begin().news(), "launch m; launch f");
}

TEST(Start, AfterStartedHoldsWhenAllReplicasHaveStarted) {
  Scene scene =
      play({{.name = "db", .role = {.count = 2}}, {.name = "api", .after = {{"db", Condition::kStarted}}}});
  EXPECT_EQ(scene.begin().news(), "launch db.0; launch db.1");
  EXPECT_EQ(scene.started("db.0").news(), "");
  EXPECT_EQ(scene.started("db.1").news(), "launch api");
}

TEST(Start, AfterReadyIsAfterStartedWhereReadinessIsNotDeclared) {
  Scene scene = play({{.name = "db"}, {.name = "api", .after = {{"db", Condition::kReady}}}});
  EXPECT_EQ(scene.begin().started("db").news(), "launch db; launch api");
}

TEST(Start, AfterStartedStillHoldsWhenTheOtherHasEnded) {
  Scene scene = play({{.name = "a"},
                      {.name = "slow"},
                      {.name = "b", .after = {{"a", Condition::kStarted}, {"slow", Condition::kFinished}}}});
  scene.begin().start_all().exits("a", 0).news();
  EXPECT_EQ(scene.exits("slow", 0).news(), "launch b");
}

TEST(Start, AfterFinishedHoldsHoweverAllReplicasEnded) {
  const Role two{.count = 2, .on_failure = OnFailure::kIgnore};
  Scene scene =
      play({{.name = "job", .role = two}, {.name = "next", .after = {{"job", Condition::kFinished}}}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("job.0", 1).news(), "failed job.0 1 ignored");
  EXPECT_EQ(scene.exits("job.1", 0).news(), "launch next");
}

TEST(Start, AfterSucceededHoldsWhenAllReplicasSucceeded) {
  Scene scene = play(
      {{.name = "job", .role = {.count = 2}}, {.name = "next", .after = {{"job", Condition::kSucceeded}}}});
  scene.begin().start_all().exits("job.1", 0).news();
  EXPECT_EQ(scene.exits("job.0", 0).news(), "launch next");
}

TEST(Start, AfterFailedHoldsWhenOneOfTheReplicasFailedAndAllHaveEnded) {
  const Role two{.count = 2, .on_failure = OnFailure::kIgnore};
  Scene scene =
      play({{.name = "job", .role = two}, {.name = "alert", .after = {{"job", Condition::kFailed}}}});
  scene.begin().start_all().exits("job.0", 3).news();
  EXPECT_EQ(scene.exits("job.1", 0).news(), "launch alert");
}

TEST(Start, AllConditionsOfAProcessMustHold) {
  Scene scene = play({{.name = "a"},
                      {.name = "b"},
                      {.name = "c", .after = {{"a", Condition::kStarted}, {"b", Condition::kSucceeded}}}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("b", 0).news(), "launch c");
}

TEST(Start, BothEndsOfAPipeStartTogetherWhenTheConditionsOfBothHold) {
  Scene scene =
      play({{.name = "setup"},
            {.name = "left", .writes = {"p"}, .group = "p"},
            {.name = "right", .reads = {"p"}, .after = {{"setup", Condition::kSucceeded}}, .group = "p"}});
  EXPECT_EQ(scene.begin().news(), "launch setup");
  EXPECT_EQ(scene.start_all().exits("setup", 0).news(), "launch left; launch right");
}

TEST(Start, AfterStartedBetweenTheEndsOfAPipeDoesNotHoldUpTheirCommonStart) {
  Scene scene =
      play({{.name = "left", .writes = {"p"}, .after = {{"right", Condition::kStarted}}, .group = "p"},
            {.name = "right", .reads = {"p"}, .group = "p"}});
  EXPECT_EQ(scene.begin().news(), "launch left; launch right");
}

TEST(Skip, SucceededCanNoLongerComeTrueAfterAFailure) {
  Scene scene = play({{.name = "migrate", .role = {.on_failure = OnFailure::kFinish}},
                      {.name = "api", .after = {{"migrate", Condition::kSucceeded}}}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("migrate", 2).news(),
            "failed migrate 2 goes on; skipped api because of migrate; done 2");
}

TEST(Skip, SucceededIsLostWithTheFirstReplicaThatFails) {
  const Role two{.count = 2, .on_failure = OnFailure::kFinish};
  Scene scene =
      play({{.name = "job", .role = two}, {.name = "next", .after = {{"job", Condition::kSucceeded}}}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("job.1", 2).news(), "failed job.1 2 goes on; skipped next because of job");
}

TEST(Skip, FailedCanNoLongerComeTrueAfterSuccessAndThatIsNoFailure) {
  Scene scene = play({{.name = "job"}, {.name = "alert", .after = {{"job", Condition::kFailed}}}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("job", 0).news(), "skipped alert because of job; done 0");
}

TEST(Skip, StartedCanNoLongerComeTrueWhenItCouldNotBeStarted) {
  Scene scene = play({{.name = "db", .role = {.on_failure = OnFailure::kIgnore}},
                      {.name = "api", .after = {{"db", Condition::kStarted}}}});
  EXPECT_EQ(scene.begin().refused("db", 127).news(),
            "launch db; failed db 127 ignored; skipped api because of db; done 0");
}

TEST(Skip, WhatCouldNotBeStartedHasFinishedAndFailed) {
  Scene scene = play({{.name = "db", .role = {.on_failure = OnFailure::kIgnore}},
                      {.name = "after", .after = {{"db", Condition::kFinished}}},
                      {.name = "alert", .after = {{"db", Condition::kFailed}}}});
  scene.begin().news();
  EXPECT_EQ(scene.refused("db", 126).news(), "failed db 126 ignored; launch after; launch alert");
}

TEST(Skip, WhatNeedsASkippedProcessIsSkippedWhateverItNeeds) {
  Scene scene = play({{.name = "job"},
                      {.name = "a", .after = {{"job", Condition::kFailed}}},
                      {.name = "b", .after = {{"a", Condition::kFinished}}},
                      {.name = "c", .after = {{"b", Condition::kStarted}}},
                      {.name = "d", .after = {{"c", Condition::kFailed}}}});
  scene.begin().start_all().news();
  EXPECT_EQ(
      scene.exits("job", 0).news(),
      "skipped a because of job; skipped b because of a; skipped c because of b; skipped d because of c; "
      "done 0");
}

TEST(Skip, TheEndsOfASkippedProcessAreGivenUp) {
  Scene scene =
      play({{.name = "job"},
            {.name = "s", .reads = {"in"}, .writes = {"out"}, .after = {{"job", Condition::kFailed}}},
            {.name = "w", .writes = {"in"}},
            {.name = "r", .reads = {"out"}}});
  scene.begin().start_all().all();
  EXPECT_EQ(scene.exits("job", 0).all(),
            "reap job; skipped s because of job; release s; writer gone s; reader gone s; end of writers "
            "out; end of readers in");
}

TEST(Skip, TheOtherEndOfAPipeStartsWithoutASkippedOne) {
  Scene scene =
      play({{.name = "job"},
            {.name = "left", .writes = {"p"}, .group = "p"},
            {.name = "right", .reads = {"p"}, .after = {{"job", Condition::kFailed}}, .group = "p"}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("job", 0).news(), "skipped right because of job; launch left");
}

TEST(Skip, ACircleOfConditionsThatNobodyRefusedEndsTheGraphInsteadOfHangingIt) {
  Scene scene = play({{.name = "a", .after = {{"b", Condition::kFinished}}},
                      {.name = "b", .after = {{"a", Condition::kFinished}}}});
  EXPECT_EQ(scene.begin().news(), "skipped a; skipped b because of a; done 0");
}

TEST(Spawn, WhatTheMachineCannotStartNowIsTriedAgainAfterLongerAndLongerTimes) {
  Scene scene = play({{.name = "a"}});
  scene.begin().news();
  for (const Duration delay : {10ms, 20ms, 40ms, 80ms, 160ms, 320ms, 640ms, 1000ms, 1000ms}) {
    EXPECT_EQ(scene.try_later("a").wait(delay - 1ms).news(), "");
    EXPECT_EQ(scene.wait(1ms).news(), "launch a");
  }
  EXPECT_EQ(scene.try_later("a").news(), "failed a 71 stops; done 71");
}

TEST(Spawn, AStopWithdrawsALaunchThatHasNotHappened) {
  Scene scene = play({{.name = "a"}, {.name = "b"}, {.name = "c"}});
  scene.begin().news();
  EXPECT_EQ(scene.refused("a", 127).news(),
            "failed a 127 stops; stopping: failure; skipped b; skipped c; done 127");
  EXPECT_FALSE(wanted(scene.situation(), scene.spawn("b")));
}

TEST(Spawn, TheRunnersCopiesOfItsEndsGoWhenAProcessHasStartedAndNotBefore) {
  Scene scene = play({{.name = "a", .writes = {"p"}}, {.name = "b", .reads = {"p"}}});
  EXPECT_EQ(scene.begin().all(), "launch a; launch b");
  EXPECT_EQ(scene.try_later("a").all(), "");
  EXPECT_EQ(scene.started("b").all(), "release b");
}

}  // namespace
}  // namespace procgraph
