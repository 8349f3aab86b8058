// Copies that can be spared: with fewer left than the file says, the process has failed.
#include <gtest/gtest.h>

#include "scene.h"
#include "supervise/wording.h"

namespace procgraph {
namespace {

const Role kTwoOfThree{.count = 3, .spare = 1};

TEST(MinReplicas, OneThatCanBeSparedIsReportedAndTheOthersGoOn) {
  Scene scene = play({{.name = "w", .role = kTwoOfThree}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("w.1", 7).news(), "failed w.1 7 spared");
  EXPECT_EQ(scene.exits("w.0", 0).exits("w.2", 0).news(), "done 0");
}

TEST(MinReplicas, OneTooManyIsTheProcesssFailureWithItsCode) {
  Scene scene = play({{.name = "w", .role = kTwoOfThree}});
  scene.begin().start_all().exits("w.1", 7).news();
  EXPECT_EQ(scene.exits("w.2", 8).news(), "failed w.2 8 stops; stopping: failure; ask w.0 15");
  EXPECT_EQ(scene.situation().first->left, 1U);
  EXPECT_EQ(scene.dies("w.0", SIGTERM).news(), "done 8");
}

TEST(MinReplicas, CountsThoseThatHaveSucceededAsLeft) {
  Scene scene = play({{.name = "w", .role = kTwoOfThree}});
  scene.begin().start_all().exits("w.0", 0).exits("w.1", 0).news();
  EXPECT_EQ(scene.exits("w.2", 7).news(), "failed w.2 7 spared; done 0");
}

TEST(MinReplicas, CountsOnlyWhatIsForGood) {
  Role role = kTwoOfThree;
  role.restart = {.when = Restart::kOnFailure, .first = 1s, .max = RestartPolicy::Intensity{1, 1h}};
  Scene scene = play({{.name = "w", .role = role}});
  scene.begin().start_all().exits("w.0", 7).exits("w.1", 7).exits("w.2", 7).wait(2s).start_all();
  EXPECT_EQ(scene.situation().roles[0].lost, 0U);
  EXPECT_TRUE(scene.exits("w.0", 7).news().ends_with("failed w.0 7 spared"));
  EXPECT_EQ(scene.exits("w.1", 7).news(), "failed w.1 7 stops; stopping: failure; ask w.2 15");
}

TEST(MinReplicas, OnFailureSaysWhatTheProcesssFailureDoes) {
  Role role = kTwoOfThree;
  role.on_failure = OnFailure::kFinish;
  Scene scene = play({{.name = "w", .role = role}});
  scene.begin().start_all().exits("w.0", 7).news();
  EXPECT_EQ(scene.exits("w.1", 8).news(), "failed w.1 8 goes on");
  EXPECT_EQ(scene.exits("w.2", 0).news(), "done 8");
}

TEST(MinReplicas, ASparedFailureIsNoneToThoseThatWait) {
  Scene scene = play({{.name = "w", .role = kTwoOfThree},
                      {.name = "good", .after = {{"w", Condition::kSucceeded}}},
                      {.name = "bad", .after = {{"w", Condition::kFailed}}}});
  scene.begin().start_all().exits("w.0", 0).exits("w.1", 7).news();
  EXPECT_EQ(scene.exits("w.2", 0).news(), "launch good; skipped bad because of w");
}

TEST(MinReplicas, ThoseThatAreLeftHaveToBeReady) {
  Role role = kTwoOfThree;
  role.ready = 10s;
  Scene scene = play({{.name = "w", .role = role}, {.name = "a", .after = {{"w", Condition::kReady}}}});
  scene.begin().start_all().exits("w.0", 7).ready("w.1").news();
  EXPECT_EQ(scene.ready("w.2").news(), "ready w.2; launch a");
}

TEST(MinReplicas, TooFewThatCanBeReadyAreNone) {
  Role role = kTwoOfThree;
  role.ready = 10s;
  role.on_failure = OnFailure::kIgnore;
  Scene scene = play({{.name = "w", .role = role}, {.name = "a", .after = {{"w", Condition::kReady}}}});
  scene.begin().start_all().exits("w.0", 7).exits("w.1", 7).news();
  EXPECT_EQ(scene.verdict("a"), Verdict::kSkipped);
}

TEST(MinReplicas, OneThatCannotBeStartedCanBeSparedToo) {
  Scene scene =
      play({{.name = "w", .role = kTwoOfThree}, {.name = "a", .after = {{"w", Condition::kStarted}}}});
  scene.begin().refused("w.0", 127).started("w.1").news();
  EXPECT_EQ(scene.started("w.2").news(), "launch a");
}

TEST(MinReplicas, OneThatHangsIsNeverSpared) {
  Scene scene = play({{.name = "w", .role = kTwoOfThree}, {.name = "a"}});
  scene.begin().start_all().unhealthy("w.0").wait(10s).news();
  EXPECT_EQ(scene.hangs("w.0").news(),
            "let go w.0; failed w.0 71 stops; stopping: failure; ask w.1 15; ask w.2 15; ask a 15");
}

TEST(MinReplicas, WhatIsLeftIsInTheSentence) {
  EXPECT_EQ(copies_left({.left = 1}, {.count = 4, .spare = 2}), "; 1 of 4 copies is left (min_replicas: 2)");
  EXPECT_EQ(copies_left({}, {.count = 4}), "");
}

}  // namespace
}  // namespace procgraph
