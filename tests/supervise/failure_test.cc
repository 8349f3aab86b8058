// What counts as a failure, what it does to the graph, and which code the run has.
#include <gtest/gtest.h>

#include "scene.h"

namespace procgraph {
namespace {

const Role kFinish{.on_failure = OnFailure::kFinish};
const Role kIgnore{.on_failure = OnFailure::kIgnore};

TEST(Failure, StopsTheGraphAllAtOnce) {
  Scene scene = play(
      {{.name = "a", .writes = {"q"}}, {.name = "b", .reads = {"q"}, .role = {.rank = 1}}, {.name = "c"}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("c", 3).news(), "failed c 3 stops; stopping: failure; ask a 15; ask b 15");
  EXPECT_EQ(scene.dies("a", SIGTERM).exits("b", 0).news(), "done 3");
}

TEST(Failure, KillsAfterTheGrace) {
  Scene scene = play({{.name = "a"}, {.name = "c"}}, {.grace = 5s});
  scene.begin().start_all().exits("c", 3).news();
  EXPECT_EQ(scene.wait(4999ms).news(), "");
  EXPECT_EQ(scene.wait(1ms).news(), "kill a");
}

TEST(Failure, OfAProcessWithFinishLetsTheRestRunAndIsTheRunsCode) {
  Scene scene = play({{.name = "a", .role = kFinish}, {.name = "b"}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("a", 4).news(), "failed a 4 goes on");
  EXPECT_EQ(scene.exits("b", 0).news(), "done 4");
}

TEST(Failure, OfAProcessWithIgnoreNeverCounts) {
  Scene scene = play({{.name = "a", .role = kIgnore}, {.name = "b"}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("a", 4).news(), "failed a 4 ignored");
  EXPECT_EQ(scene.exits("b", 0).news(), "done 0");
}

TEST(Failure, WithKeepGoingTheRestRunsAndTheFirstIsReported) {
  Scene scene = play({{.name = "a"}, {.name = "b"}, {.name = "c"}}, {.keep_going = true});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("b", 4).news(), "failed b 4 goes on");
  EXPECT_EQ(scene.exits("c", 5).news(), "failed c 5 goes on");
  EXPECT_EQ(scene.exits("a", 0).news(), "done 4");
}

TEST(Failure, OfOneReplicaDoesNotWaitForTheOthers) {
  Scene scene = play({{.name = "a", .role = {.count = 3}}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("a.1", 2).news(), "failed a.1 2 stops; stopping: failure; ask a.0 15; ask a.2 15");
}

TEST(Failure, OfAServiceCountsWhenWeDidNotStopIt) {
  Scene scene = play({{.name = "job"}, {.name = "db", .role = {.service = true}}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("db", 1).news(), "failed db 1 stops; stopping: failure; ask job 15");
}

TEST(Failure, OfAServiceThatEndsWithSuccessIsNone) {
  Scene scene = play({{.name = "job"}, {.name = "db", .role = {.service = true}}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("db", 0).exits("job", 0).news(), "done 0");
}

TEST(Poison, OfAChannelFailsTheGraphOnceAndComesBeforeTheDeathsThatItCauses) {
  Scene scene = play({{.name = "f", .writes = {"q"}}, {.name = "m", .reads = {"q"}}, {.name = "other"}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.dies_of_poison("m", "q").news(),
            "failed channel q 65 stops; stopping: failure; ask f 15; ask other 15; failed m 134 stopping");
  EXPECT_EQ(scene.poisoned("q").dies("f", SIGTERM).dies("other", SIGTERM).news(), "done 65");
}

TEST(Poison, WithKeepGoingTheRestRuns) {
  Scene scene = play({{.name = "m", .reads = {"q"}}, {.name = "other"}}, {.keep_going = true});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.poisoned("q").poisoned("q").news(), "failed channel q 65 goes on");
  EXPECT_EQ(scene.exits("m", 0).exits("other", 0).news(), "done 65");
}

TEST(Ports, AreLookedAtWhenTheProcessEndsAndOnlyOnce) {
  Scene scene = play({{.name = "a", .role = {.opens = true}}, {.name = "plain"}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("a", 0).news(), "look at ports a");
  EXPECT_EQ(scene.exits("plain", 0).news(), "done 0");
}

// Why it failed is what matters: it may not have come as far as its ports.
TEST(Ports, OfAProcessThatFailedAreNotLookedAt) {
  Scene scene = play({{.name = "a", .role = {.opens = true, .ok_codes = {0, 3}}}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("a", 3).news(), "look at ports a; done 0");
  for (const bool killed : {false, true}) {
    Scene failing = play({{.name = "a", .role = {.opens = true}}});
    failing.begin().start_all().news();
    const std::string told = (killed ? failing.dies("a", SIGSEGV) : failing.exits("a", 1)).news();
    EXPECT_EQ(told.find("look at ports"), std::string::npos) << told;
  }
}

TEST(Ports, AreLookedAtTenSecondsAfterTheStartOfWhoStillRuns) {
  Scene scene = play({{.name = "a", .role = {.opens = true}}});
  scene.begin().wait(5s).start_all().news();
  EXPECT_EQ(scene.wait(9999ms).news(), "");
  EXPECT_EQ(scene.wait(1ms).news(), "look at ports a");
  EXPECT_TRUE(scene.idle());
  EXPECT_EQ(scene.exits("a", 0).news(), "done 0");
}

TEST(Ports, OfAProcessThatWeEndAreNotLookedAt) {
  Scene scene = play({{.name = "a", .role = {.opens = true}}});
  scene.begin().start_all().signal(SIGTERM).news();
  EXPECT_EQ(scene.dies("a", SIGTERM).news(), "dies of 15");
}

TEST(Ports, ThatAreNeverOpenedFailAStrictRunOnly) {
  for (const bool strict : {false, true}) {
    Scene scene = play({{.name = "a", .role = {.opens = true}}, {.name = "b"}}, {.strict = strict});
    scene.begin().start_all().wait(10s).news();
    EXPECT_EQ(scene.tell(event::Unopened{scene.spawn("a")}).news(),
              strict ? "failed a 78 stops; stopping: failure; ask a 15; ask b 15" : "");
  }
}

TEST(Code, IsTheFirstFailuresInTheOrderOfTheEnds) {
  Scene scene =
      play({{.name = "a", .role = kFinish}, {.name = "b", .role = kFinish}, {.name = "c", .role = kFinish}});
  scene.begin().start_all();
  scene.leaves("b", {.code = 20}).leaves("a", {.code = 10}).empty("a").empty("b").news();
  EXPECT_EQ(scene.exits("c", 30).news(), "failed c 30 goes on; done 20");
}

TEST(Code, OfADeathByASignalIs128MoreThanItsNumber) {
  Scene scene = play({{.name = "a"}});
  EXPECT_EQ(scene.begin().start_all().dies("a", SIGSEGV).news(), "launch a; failed a 139 stops; done 139");
}

TEST(Code, OfAProgramThatCannotBeExecutedIsTheLoops) {
  for (const int code : {126, 127, 71}) {
    Scene scene = play({{.name = "a"}});
    scene.begin().news();
    EXPECT_EQ(scene.refused("a", code).news(),
              "failed a " + std::to_string(code) + " stops; done " + std::to_string(code));
  }
}

TEST(Code, OkCodesMeanSuccess) {
  Scene scene = play({{.name = "grep", .role = {.ok_codes = {0, 1}}}});
  EXPECT_EQ(scene.begin().start_all().exits("grep", 1).news(), "launch grep; done 0");
}

TEST(Code, ZeroIsAFailureWhereItIsNoOkCodeAndTheRunSaysOne) {
  Scene scene = play({{.name = "a", .role = {.ok_codes = {3}}}});
  EXPECT_EQ(scene.begin().start_all().exits("a", 0).news(), "launch a; failed a 1 stops; done 1");
}

TEST(Timeout, OfAProcessAsksItThenKillsItAndIs124HoweverItEnds) {
  Scene scene =
      play({{.name = "a", .role = {.grace = 2s, .timeout = 30s}}, {.name = "b", .role = {.count = 1}}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.wait(30s).news(), "ask a 15");
  EXPECT_EQ(scene.wait(2s).news(), "kill a");
  EXPECT_EQ(scene.dies("a", SIGKILL).news(), "failed a 124 stops; stopping: failure; ask b 15");

  Scene polite = play({{.name = "a", .role = {.timeout = 30s}}});
  polite.begin().start_all().wait(30s).news();
  EXPECT_EQ(polite.exits("a", 0).news(), "failed a 124 stops; done 124");
}

TEST(Timeout, OfAProcessIsCountedFromItsStart) {
  Scene scene = play({{.name = "a", .role = {.timeout = 30s}}});
  EXPECT_EQ(scene.begin().wait(20s).start_all().wait(29s).news(), "launch a");
  EXPECT_EQ(scene.wait(1s).news(), "ask a 15");
}

TEST(Timeout, OfAProcessFollowsItsOnFailure) {
  Scene scene =
      play({{.name = "a", .role = {.on_failure = OnFailure::kIgnore, .timeout = 30s}}, {.name = "b"}});
  scene.begin().start_all().wait(30s).news();
  EXPECT_EQ(scene.dies("a", SIGTERM).news(), "failed a 124 ignored");
}

TEST(Timeout, OfAProcessThatEndedInTimeIsForgotten) {
  Scene scene = play({{.name = "a", .role = {.timeout = 30s}}, {.name = "b"}});
  scene.begin().start_all().exits("a", 0);
  EXPECT_TRUE(scene.idle());
}

TEST(Timeout, OfTheGraphStopsAllAtOnceAndIs124) {
  Scene scene = play({{.name = "a", .writes = {"q"}}, {.name = "b", .reads = {"q"}, .role = {.rank = 1}}},
                     {.timeout = 60s});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.wait(60s).news(), "failed graph 124 stops; stopping: timeout; ask a 15; ask b 15");
  EXPECT_EQ(scene.dies("a", SIGTERM).dies("b", SIGTERM).news(), "done 124");
}

TEST(Timeout, OfTheGraphComesAfterAFailureThatWasFirst) {
  Scene scene = play({{.name = "a", .role = kFinish}, {.name = "b"}}, {.timeout = 60s});
  scene.begin().start_all().exits("a", 5).wait(60s).news();
  EXPECT_EQ(scene.dies("b", SIGTERM).news(), "done 5");
}

TEST(Timeout, OfTheGraphNoLongerMattersOnceItStops) {
  Scene scene = play({{.name = "a", .role = {.grace = 50s}}}, {.timeout = 60s, .grace = 100s});
  scene.begin().start_all().wait(59s).signal(SIGTERM).wait(2s).news();
  EXPECT_EQ(scene.dies("a", SIGTERM).news(), "dies of 15");
}

// With --keep-going too: who waits for ever does not go on.
TEST(Failure, ADeadlockEndsTheGraphWhateverItsProcessesMayDo) {
  for (const bool keep_going : {false, true}) {
    Scene scene({{.name = "f"}, {.name = "m"}}, {.keep_going = keep_going});
    scene.begin().start_all().news();
    EXPECT_EQ(scene.tell(event::Deadlocked{}).news(),
              "failed graph 75 stops; stopping: failure; ask f 15; ask m 15");
    EXPECT_EQ(scene.tell(event::Deadlocked{}).news(), "");
    scene.dies("f", SIGTERM).news();
    EXPECT_EQ(scene.dies("m", SIGTERM).news(), "done 75");
  }
}

}  // namespace
}  // namespace procgraph
