// When a process is started again, when no more, and what a restart means to everybody else.
#include "supervise/restart.h"

#include <gtest/gtest.h>

#include "scene.h"

namespace procgraph {
namespace {

using Max = RestartPolicy::Intensity;

RestartPolicy on_failure() {
  return {.when = Restart::kOnFailure};
}
RestartPolicy always() {
  return {.when = Restart::kAlways};
}
Role again(RestartPolicy policy) {
  return {.restart = std::move(policy)};
}

// Waits as long as a restart may take, and starts what is due.
Scene& restart(Scene& scene, Duration wait) {
  return scene.wait(wait + wait / 4).start_all();
}

TEST(Backoff, DoublesFromTheFirstWaitToTheMost) {
  const RestartPolicy policy{.when = Restart::kAlways, .first = 1s, .most = 30s};
  Lives lives;
  for (const Duration wait : {1s, 2s, 4s, 8s, 16s, 30s, 30s})
    EXPECT_EQ(order_restart(policy, lives, 0s, 0s, 0), wait);
}

TEST(Backoff, IsLongerByUpToAQuarterAtRandom) {
  const RestartPolicy policy{.when = Restart::kAlways, .first = 1s, .most = 1s};
  Lives lives;
  Duration least = 2s, most = 0s;
  for (std::uint64_t dice = 0; dice < 1 << 16; ++dice) {
    const Duration wait = order_restart(policy, lives, 0s, 0s, dice);
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_EQ(least, 1s);
  EXPECT_LE(most, 1250ms);
  EXPECT_GT(most, 1249ms);
}

TEST(Backoff, BeginsAnewAfterALongRunOnly) {
  const RestartPolicy policy{.when = Restart::kAlways, .reset_after = 1min};
  Lives lives;
  EXPECT_EQ(order_restart(policy, lives, 0s, 0s, 0), 1s);
  EXPECT_EQ(order_restart(policy, lives, 59s, 0s, 0), 2s);
  EXPECT_EQ(order_restart(policy, lives, 60s, 0s, 0), 1s);
}

TEST(Backoff, NeverOverflows) {
  const Duration years = std::chrono::years(10);
  const RestartPolicy policy{.when = Restart::kAlways, .first = years / 3 * 2, .most = years};
  Lives lives;
  for (int i = 0; i < 100; ++i) {
    const Duration wait = order_restart(policy, lives, 0s, 0s, ~std::uint64_t{0});
    EXPECT_GE(wait, policy.first);
    EXPECT_LE(wait, years + years / 4);
  }
}

TEST(Intensity, IsSpentWhenSoManyRestartsLieWithinTheTime) {
  const RestartPolicy policy{.when = Restart::kAlways, .max = Max{2, 10s}};
  Lives lives;
  (void)order_restart(policy, lives, 0s, 1s, 0);
  EXPECT_FALSE(is_spent(policy, lives, 1s));
  (void)order_restart(policy, lives, 0s, 5s, 0);
  EXPECT_TRUE(is_spent(policy, lives, 10'999ms));
  EXPECT_FALSE(is_spent(policy, lives, 11s));  // the first is ten seconds ago
  (void)order_restart(policy, lives, 0s, 11s, 0);
  EXPECT_EQ(recent(policy, lives, 12s), 2U);
  EXPECT_EQ(lives.recent.size(), 2U) << "it grows with every restart";
}

TEST(Intensity, WithoutAMaximumIsNeverSpentAndRemembersNothing) {
  const RestartPolicy policy{.when = Restart::kAlways, .max = {}};
  Lives lives;
  for (int i = 0; i < 10'000; ++i) (void)order_restart(policy, lives, 0s, 1s, 0);
  EXPECT_FALSE(is_spent(policy, lives, 1s));
  EXPECT_TRUE(lives.recent.empty());
  EXPECT_EQ(lives.restarts, 10'000U);
}

TEST(Restarts, AFailureIsFollowedByANewStartAfterTheWait) {
  Scene scene = play({{.name = "a", .role = again(on_failure())}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("a", 3).news(), "restart a 3");
  EXPECT_EQ(scene.wait(999ms).news(), "");
  EXPECT_EQ(scene.wait(251ms).news(), "launch a");
  EXPECT_EQ(scene.start_all().exits("a", 0).news(), "done 0");
}

TEST(Restarts, ASuccessIsFollowedByOneOnlyWhereThatIsAlways) {
  Scene scene = play({{.name = "a", .role = again(always())}, {.name = "b", .role = again(on_failure())}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("b", 0).news(), "");
  EXPECT_EQ(scene.exits("a", 0).news(), "restart a 1");
}

TEST(Restarts, TooManyWithinTheTimeAreAFailureThatSaysSo) {
  RestartPolicy policy = on_failure();
  policy.max = Max{2, 1min};
  Scene scene = play({{.name = "a", .role = again(policy)}, {.name = "b"}});
  scene.begin().start_all().exits("a", 3);
  restart(scene, 1s).exits("a", 3);
  restart(scene, 2s).news();
  EXPECT_EQ(scene.exits("a", 3).news(), "failed a 3 stops; stopping: failure; ask b 15");
  EXPECT_EQ(scene.situation().first->restarts, 2U);
  EXPECT_EQ(scene.situation().first->in, 3750ms);
}

TEST(Restarts, AreCountedForEachCopyByItself) {
  RestartPolicy policy = on_failure();
  policy.max = Max{1, 1min};
  Scene scene = play({{.name = "a", .role = {.count = 2, .restart = policy}}});
  scene.begin().start_all().exits("a.0", 1);
  restart(scene, 1s).news();
  EXPECT_EQ(scene.exits("a.1", 1).news(), "restart a.1 1");
  EXPECT_EQ(scene.exits("a.0", 1).news(), "failed a.0 1 stops; stopping: failure; done 1");
}

TEST(Restarts, SomeExitCodesAreFinal) {
  RestartPolicy policy = always();
  policy.except = {78, 128 + SIGKILL};
  for (const Exit exit : {Exit{.code = 78}, Exit{.signal = SIGKILL}, Exit{.code = 137}}) {
    Scene scene = play({{.name = "a", .role = again(policy)}});
    scene.begin().start_all().ends("a", exit).news();
    EXPECT_EQ(scene.verdict("a"), Verdict::kFailed);
  }
}

TEST(Restarts, WhatCannotBeExecutedAtItsFirstStartIsAMistake) {
  Scene scene = play({{.name = "a", .role = again(always())}});
  scene.begin().news();
  EXPECT_EQ(scene.refused("a", 127).news(), "failed a 127 stops; done 127");
}

TEST(Restarts, WhatHasRunBeforeAndCannotBeExecutedNowIsTriedAgain) {
  Scene scene = play({{.name = "a", .role = again(on_failure())}});
  scene.begin().start_all().exits("a", 1).wait(2s).news();
  EXPECT_EQ(scene.refused("a", 126).news(), "restart a 126");
  EXPECT_EQ(scene.wait(1999ms).news(), "");
  EXPECT_EQ(restart(scene, 2s).news(), "launch a");
  EXPECT_EQ(scene.exits("a", 0).news(), "done 0");
}

TEST(Restarts, AMachineThatIsShortForAMomentCostsNoRestart) {
  Scene scene = play({{.name = "a", .role = again(on_failure())}});
  scene.begin().start_all().exits("a", 1).wait(2s).news();
  EXPECT_EQ(scene.try_later("a").wait(10ms).news(), "launch a");
  EXPECT_EQ(scene.start_all().situation().at(scene.spawn("a")).lives.restarts, 1U);
}

TEST(Restarts, BeginWhenTheWholeSessionIsGone) {
  Scene scene = play({{.name = "a", .role = again(on_failure())}});
  scene.begin().start_all().leaves("a", {.code = 1}).wait(9s).news();
  EXPECT_EQ(scene.wait(1s).news(), "sweep a 9");
  EXPECT_EQ(scene.empty("a").news(), "restart a 1");
}

TEST(Restarts, WhatHangsIsNotStartedAgain) {
  Scene scene = play({{.name = "a", .role = {.timeout = 1s, .restart = always()}}});
  scene.begin().start_all().wait(20s).news();
  EXPECT_EQ(scene.hangs("a").news(), "let go a; failed a 124 stops; done 124");
}

TEST(Restarts, ATimeoutIsOfEachLifeAndItsEndIsAFailure) {
  Scene scene = play({{.name = "a", .role = {.timeout = 30s, .restart = on_failure()}}});
  scene.begin().start_all().wait(30s).news();
  EXPECT_EQ(scene.dies("a", SIGTERM).news(), "restart a 124");
  restart(scene, 1s).news();
  EXPECT_EQ(scene.wait(29s).news(), "");
  EXPECT_EQ(scene.wait(1s).news(), "ask a 15");
}

TEST(Restarts, AHeldMessageIsAFailureToo) {
  Scene scene = play({{.name = "a", .reads = {"q"}, .role = again(on_failure())}});
  scene.begin().start_all().overdue("a").news();
  EXPECT_EQ(scene.exits("a", 0).news(), "restart a 1");
}

TEST(Channels, WaitForWhoIsRestartedAtBothEnds) {
  Scene scene = play({{.name = "w", .writes = {"q"}, .role = again(on_failure())},
                      {.name = "r", .reads = {"q"}, .role = again(on_failure())}});
  scene.begin().start_all().all();
  EXPECT_EQ(scene.exits("w", 1).exits("r", 1).all(), "reap w; restart w 1; reap r; restart r 1");
  restart(scene, 1s).all();
  EXPECT_EQ(scene.exits("w", 0).ends(), "end of writers q");
  EXPECT_EQ(scene.exits("r", 0).ends(), "end of readers q");
}

TEST(Channels, AreLetGoOfWhenNoStartIsToCome) {
  Scene scene = play({{.name = "a", .role = again(on_failure())}, {.name = "b"}});
  EXPECT_EQ(scene.begin().start_all().all(), "launch a; launch b; release b");
  EXPECT_EQ(scene.exits("a", 1).all(), "reap a; restart a 1");
  restart(scene, 1s).all();
  EXPECT_EQ(scene.exits("a", 0).all(), "reap a; release a");
}

TEST(Channels, AreLetGoOfWhenTheGraphStops) {
  Scene scene = play({{.name = "a", .role = again(always())}, {.name = "b", .role = again(always())}});
  scene.begin().start_all().exits("b", 1).all();
  EXPECT_EQ(scene.signal(SIGTERM).all(), "stopping: signal; release b; release a; ask a 15");
}

TEST(Data, WhoHasWorkedItAllOffIsNotStartedAgain) {
  Scene scene = play({{.name = "a", .reads = {"q"}, .role = again(always())}});
  scene.begin().start_all().leaves("a", {}).news();
  EXPECT_EQ(scene.tell(event::Empty{.spawn = scene.spawn("a"), .ended = true}).news(), "done 0");
}

TEST(Data, WhoHasLeftSomeIsStartedAgainAndSoIsWhoHasFailed) {
  for (const bool ended : {false, true}) {
    Scene scene = play({{.name = "a", .reads = {"q"}, .role = again(always())}});
    scene.begin().start_all().leaves("a", {.code = ended ? 1 : 0}).news();
    EXPECT_EQ(scene.tell(event::Empty{.spawn = scene.spawn("a"), .ended = ended}).news(), "restart a 1");
  }
}

TEST(Data, OneThatReadsNoneIsAlwaysStartedAgain) {
  Scene scene = play({{.name = "a", .writes = {"q"}, .role = again(always())}});
  scene.begin().start_all().leaves("a", {}).news();
  EXPECT_EQ(scene.tell(event::Empty{.spawn = scene.spawn("a"), .ended = true}).news(), "restart a 1");
}

Scene sort_and_head() {
  Scene scene =
      play({{.name = "sort", .writes = {"p"}, .role = again(always())}, {.name = "head", .reads = {"p"}}});
  scene.begin().start_all();
  return scene;
}

TEST(CutOff, AWriterWithoutReadersIsNeverStartedAgain) {
  Scene scene = sort_and_head();
  scene.exits("head", 0).news();
  EXPECT_EQ(scene.dies("sort", SIGPIPE).news(), "done 0");
  EXPECT_EQ(scene.verdict("sort"), Verdict::kCutOff);
}

TEST(CutOff, TheKernelMayKnowThatBeforeTheReadersEndIsHeardOf) {
  Scene scene = sort_and_head();
  scene.leaves("sort", {.signal = SIGPIPE}).news();
  EXPECT_EQ(scene.tell(event::Empty{.spawn = scene.spawn("sort"), .unread = true}).news(), "");
  EXPECT_EQ(scene.exits("head", 0).news(), "done 0");
  EXPECT_EQ(scene.verdict("sort"), Verdict::kCutOff);
}

TEST(CutOff, ASigpipeFromElsewhereIsAFailureLikeAnyOther) {
  Scene scene = play(
      {{.name = "api", .writes = {"log"}, .role = again(on_failure())}, {.name = "keep", .reads = {"log"}}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.dies("api", SIGPIPE).news(), "restart api 141");
}

TEST(CutOff, AReaderThatIsRestartedHasNotEnded) {
  Scene scene =
      play({{.name = "w", .writes = {"p"}}, {.name = "r", .reads = {"p"}, .role = again(on_failure())}});
  scene.begin().start_all().dies("w", SIGPIPE).exits("r", 1).news();
  EXPECT_EQ(scene.verdict("w"), Verdict::kLate);
  restart(scene, 1s).news();
  EXPECT_EQ(scene.exits("r", 0).news(), "done 0");
  EXPECT_EQ(scene.verdict("w"), Verdict::kCutOff);
}

TEST(Poison, LeavesNothingToStartAgainFor) {
  Scene scene =
      play({{.name = "m", .reads = {"q"}, .role = again(always())}, {.name = "other"}}, {.keep_going = true});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.dies_of_poison("m", "q").news(), "failed channel q 65 goes on; failed m 134 goes on");
}

TEST(After, LooksAtTheFirstStartAndAtTheFinalEnd) {
  Scene scene = play({{.name = "job", .role = again(on_failure())},
                      {.name = "started", .after = {{"job", Condition::kStarted}}},
                      {.name = "finished", .after = {{"job", Condition::kFinished}}},
                      {.name = "succeeded", .after = {{"job", Condition::kSucceeded}}},
                      {.name = "failed", .after = {{"job", Condition::kFailed}}}});
  EXPECT_EQ(scene.begin().start_all().news(), "launch job; launch started");
  EXPECT_EQ(scene.exits("job", 1).news(), "restart job 1");
  EXPECT_EQ(restart(scene, 1s).news(), "launch job");
  EXPECT_EQ(scene.exits("job", 0).news(), "launch finished; launch succeeded; skipped failed because of job");
}

TEST(After, AStartRemainsOneHoweverOftenItIsRepeated) {
  Scene scene =
      play({{.name = "db", .role = again(on_failure())},
            {.name = "migrate"},
            {.name = "api", .after = {{"db", Condition::kStarted}, {"migrate", Condition::kSucceeded}}}});
  scene.begin().start_all().exits("db", 1);
  restart(scene, 1s).news();
  EXPECT_EQ(scene.exits("migrate", 0).news(), "launch api");
}

TEST(OnFailure, SpeaksOfTheFinalFailureOnly) {
  RestartPolicy policy = on_failure();
  policy.max = Max{1, 1min};
  for (const OnFailure what : {OnFailure::kFinish, OnFailure::kIgnore}) {
    Scene scene = play({{.name = "a", .role = {.on_failure = what, .restart = policy}}, {.name = "b"}});
    scene.begin().start_all().exits("a", 4);
    restart(scene, 1s).news();
    EXPECT_EQ(scene.exits("a", 4).news(),
              what == OnFailure::kIgnore ? "failed a 4 ignored" : "failed a 4 goes on");
    EXPECT_EQ(scene.exits("b", 0).news(), what == OnFailure::kIgnore ? "done 0" : "done 4");
  }
}

TEST(OnFailure, KeepGoingChangesNothingBeforeThat) {
  Scene scene = play({{.name = "a", .role = again(on_failure())}, {.name = "b"}}, {.keep_going = true});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("a", 4).news(), "restart a 4");
  EXPECT_EQ(scene.exits("b", 0).news(), "");
  EXPECT_EQ(restart(scene, 1s).exits("a", 0).news(), "launch a; done 0");
}

TEST(Stopping, StartsNothingAgain) {
  for (const int signal : {SIGTERM, SIGQUIT}) {
    Scene scene = play({{.name = "resting", .role = again(always())},
                        {.name = "due", .role = again({.when = Restart::kAlways, .first = 1ms, .most = 1ms})},
                        {.name = "runs", .role = again(always())}});
    scene.begin().start_all().exits("resting", 1).exits("due", 1).wait(2ms).news();
    scene.signal(signal).start_all().news();
    EXPECT_EQ(scene.dies("runs", SIGTERM).wait(1h).news(), "dies of " + std::to_string(signal));
    EXPECT_EQ(scene.verdict("resting"), Verdict::kStopped);
    EXPECT_EQ(scene.verdict("due"), Verdict::kStopped);
    EXPECT_TRUE(scene.idle());
  }
}

TEST(Stopping, AFailureThatWasToBeFollowedByARestartIsNone) {
  Scene scene = play({{.name = "job"}, {.name = "db", .role = {.service = true, .restart = on_failure()}}});
  scene.begin().start_all().leaves("db", {.code = 1}).exits("job", 0).news();
  EXPECT_EQ(scene.empty("db").news(), "done 0");  // its end came before the stop, its last process after
  EXPECT_EQ(scene.verdict("db"), Verdict::kStopped);
}

TEST(Stopping, AServiceBetweenTwoLivesIsNotWaitedFor) {
  Scene scene = play({{.name = "job"}, {.name = "db", .role = {.service = true, .restart = on_failure()}}});
  scene.begin().start_all().exits("db", 1).news();
  EXPECT_EQ(scene.exits("job", 0).news(), "stopping: complete; done 0");
}

TEST(Stopping, AGraphIsNotDoneWhileARestartIsPending) {
  Scene scene =
      play({{.name = "job", .role = again(on_failure())}, {.name = "db", .role = {.service = true}}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("job", 1).news(), "restart job 1");
  EXPECT_EQ(restart(scene, 1s).news(), "launch job");
  EXPECT_EQ(scene.exits("job", 0).news(), "stopping: complete; ask db 15");
}

TEST(Ports, OfALifeThatIsFollowedByAnotherAreNotMissed) {
  Scene scene = play({{.name = "a", .role = {.opens = true, .restart = on_failure()}}}, {.strict = true});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("a", 1).news(), "restart a 1");
  restart(scene, 1s).news();
  EXPECT_EQ(scene.exits("a", 0).news(), "look at ports a; done 0");
}

TEST(Ports, AreLookedAtOnceInAllLives) {
  Scene scene = play({{.name = "a", .role = {.opens = true, .restart = on_failure()}}});
  scene.begin().start_all().wait(10s).news();
  scene.exits("a", 1);
  restart(scene, 1s).news();
  EXPECT_EQ(scene.wait(1h).exits("a", 0).news(), "done 0");
}

}  // namespace
}  // namespace procgraph
