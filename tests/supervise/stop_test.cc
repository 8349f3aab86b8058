// How a graph stops: INT, TERM, QUIT, a lost stdout, a lost guard, the graces.
#include <gtest/gtest.h>

#include <cerrno>

#include "scene.h"

namespace procgraph {
namespace {

// source ─a─▶ filter ─b─▶ sink, and a database that the source needs.
Scene pipeline() {
  return play({{.name = "source", .writes = {"a"}, .role = {.rank = 0}},
               {.name = "filter", .reads = {"a"}, .writes = {"b"}, .role = {.rank = 1}},
               {.name = "sink", .reads = {"b"}, .role = {.rank = 2}}},
              {.grace = 8s});
}

TEST(Stop, SourcesAreAskedFirstAndTheRestDrains) {
  Scene scene = pipeline();
  scene.begin().start_all().news();
  EXPECT_EQ(scene.signal(SIGINT).news(), "stopping: signal; ask source 15");
  EXPECT_EQ(scene.dies("source", SIGTERM).news(), "");
  EXPECT_EQ(scene.exits("filter", 0).news(), "");
  EXPECT_EQ(scene.exits("sink", 0).news(), "dies of 2");
}

TEST(Stop, WhatStillDrainsAtHalfOfTheGraceIsAskedInOrder) {
  Scene scene = pipeline();
  scene.begin().start_all().signal(SIGTERM).dies("source", SIGTERM).news();
  EXPECT_EQ(scene.wait(3999ms).news(), "");
  EXPECT_EQ(scene.wait(1ms).news(), "ask filter 15");
  EXPECT_EQ(scene.dies("filter", SIGTERM).news(), "ask sink 15");
}

TEST(Stop, EverybodyIsAskedAtThreeQuartersOfTheGrace) {
  Scene scene = pipeline();
  scene.begin().start_all().signal(SIGTERM).news();
  EXPECT_EQ(scene.wait(4s).news(), "");
  EXPECT_EQ(scene.wait(2s).news(), "ask filter 15; ask sink 15");
}

TEST(Stop, WhatIsLeftAtTheEndOfTheGraceIsKilled) {
  Scene scene = pipeline();
  scene.begin().start_all().signal(SIGTERM).leaves("source", {.signal = SIGTERM}).news();
  EXPECT_EQ(scene.wait(6s).news(), "ask filter 15; ask sink 15");
  EXPECT_EQ(scene.wait(2s).news(), "sweep source 9; kill filter; kill sink");
  scene.empty("source").dies("filter", SIGKILL);
  EXPECT_EQ(scene.dies("sink", SIGKILL).news(), "dies of 15");
}

TEST(Stop, AProcessWithAShorterGraceOfItsOwnIsKilledThen) {
  Scene scene = play({{.name = "a", .role = {.stop_signal = SIGINT, .grace = 1s}}, {.name = "b"}});
  scene.begin().start_all().signal(SIGTERM).news();
  EXPECT_EQ(scene.wait(1s).news(), "kill a");
}

TEST(Stop, EachIsAskedByItsOwnSignal) {
  Scene scene = play({{.name = "a", .role = {.stop_signal = SIGINT}}, {.name = "b"}});
  EXPECT_EQ(scene.begin().start_all().signal(SIGTERM).news(),
            "launch a; launch b; stopping: signal; ask a 2; ask b 15");
}

TEST(Stop, AProcessWithoutInputsIsAskedWhenAllThatPrecedeItHaveEnded) {
  Scene scene = play({{.name = "db", .role = {.rank = 1}},
                      {.name = "api", .after = {{"db", Condition::kReady}}, .role = {.rank = 0}}});
  scene.begin().started("db").started("api").news();
  EXPECT_EQ(scene.signal(SIGINT).news(), "stopping: signal; ask api 15");
  EXPECT_EQ(scene.exits("api", 0).news(), "ask db 15");
}

TEST(Stop, ACircleIsOneStepAndIsAskedAtHalfOfTheGrace) {
  Scene scene =
      play({{.name = "a", .reads = {"q"}, .writes = {"p"}}, {.name = "b", .reads = {"p"}, .writes = {"q"}}},
           {.grace = 8s});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.signal(SIGINT).news(), "stopping: signal");
  EXPECT_EQ(scene.wait(4s).news(), "ask a 15; ask b 15");
}

TEST(Stop, WhatHasNotStartedNeverDoesAndGivesUpItsEnds) {
  Scene scene = play({{.name = "job"},
                      {.name = "w", .writes = {"q"}, .after = {{"job", Condition::kFinished}}},
                      {.name = "r", .reads = {"q"}, .role = {.rank = 1}}});
  scene.begin().start_all().all();
  EXPECT_EQ(scene.signal(SIGINT).all(),
            "stopping: signal; release w; writer gone w; skipped w; end of writers q; ask job 15");
}

TEST(Stop, ASecondSignalWithinHalfASecondCountsAsTheSame) {
  Scene scene = play({{.name = "a"}});
  scene.begin().start_all().signal(SIGTERM).news();
  EXPECT_EQ(scene.wait(499ms).signal(SIGTERM).news(), "");
}

TEST(Stop, ASecondIntOrTermHalfASecondAfterTheFirstKills) {
  for (const int second : {SIGINT, SIGTERM}) {
    Scene scene = play({{.name = "a"}, {.name = "b", .reads = {"q"}}});
    scene.begin().start_all().signal(SIGTERM).news();
    EXPECT_EQ(scene.wait(500ms).signal(second).news(), "stopping: forced; kill a; kill b");
    scene.dies("a", SIGKILL).news();
    EXPECT_EQ(scene.dies("b", SIGKILL).news(), "dies of 15");
  }
}

TEST(Stop, AForcedStopWaitsForDeathsOnly) {
  Scene scene = play({{.name = "a"}});
  scene.begin().start_all().signal(SIGTERM).wait(1s).signal(SIGTERM).all();
  EXPECT_EQ(scene.wait(4999ms).all(), "");
  EXPECT_EQ(scene.wait(1ms).all(), "inspect a");
  scene.dies("a", SIGKILL);
  EXPECT_TRUE(scene.idle());
}

TEST(Hang, WhoHasNotDiedOfAKillIsLookedAtAgainAndAgain) {
  Scene scene = play({{.name = "a", .role = {.grace = 1s}}});
  scene.begin().start_all().signal(SIGTERM).wait(1s).all();
  EXPECT_EQ(scene.wait(5s).all(), "inspect a");
  EXPECT_EQ(scene.wait(5s).all(), "inspect a");
  EXPECT_EQ(scene.dies("a", SIGKILL).news(), "dies of 15");
}

TEST(Hang, WhomTheKernelDoesNotLetGoIsAFailureAndNotWaitedForNorReaped) {
  Scene scene =
      play({{.name = "a", .writes = {"q"}, .role = {.service = true}}, {.name = "job"}}, {.grace = 1s});
  scene.begin().start_all().exits("job", 0).wait(6s).all();
  EXPECT_EQ(scene.hangs("a").all(),
            "let go a; writer gone a; failed a 71 stopping; end of writers q; done 71");
  EXPECT_TRUE(scene.idle());
}

TEST(Hang, StopsTheGraphWhateverItsFailureWouldDoOtherwise) {
  const Role role{.on_failure = OnFailure::kIgnore, .grace = 1s, .timeout = 1s};
  Scene scene = play({{.name = "a", .role = role}, {.name = "b"}}, {.keep_going = true});
  scene.begin().start_all().wait(7s).news();
  EXPECT_EQ(scene.hangs("a").news(), "let go a; failed a 124 stops; stopping: failure; ask b 15");
  EXPECT_EQ(scene.dies("b", SIGTERM).news(), "done 124");
}

TEST(Hang, OfWhatIsLeftOfASessionDoesNotCount) {
  Scene scene = play({{.name = "a", .role = {.grace = 1s}}});
  scene.begin().start_all().leaves("a", {}).wait(6s).all();
  EXPECT_EQ(scene.hangs("a").news(), "let go a; done 0");
}

TEST(Hang, OfARunThatWasInterruptedDoesNotChangeItsEnd) {
  Scene scene = play({{.name = "a"}});
  scene.begin().start_all().signal(SIGQUIT).wait(5s).news();
  EXPECT_EQ(scene.hangs("a").news(), "let go a; failed a 71 stopping; dies of 3");
}

TEST(Stop, HupIsTermButDoesNotForce) {
  Scene scene = play({{.name = "a"}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.signal(SIGHUP).news(), "stopping: signal; ask a 15");
  EXPECT_EQ(scene.wait(1s).signal(SIGHUP).news(), "");
  EXPECT_EQ(scene.exits("a", 0).news(), "dies of 1");
}

TEST(Stop, QuitKillsAtOnceEvenWhatHasNotStarted) {
  Scene scene = play({{.name = "a"}, {.name = "b", .after = {{"a", Condition::kFinished}}}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.signal(SIGQUIT).news(), "stopping: forced; skipped b; kill a");
  EXPECT_EQ(scene.dies("a", SIGKILL).news(), "dies of 3");
}

TEST(Stop, AFirstSignalDuringAStopOfOurOwnDoesNotForce) {
  Scene scene = play({{.name = "a"}, {.name = "b"}});
  scene.begin().start_all().exits("a", 1).news();
  EXPECT_EQ(scene.wait(1s).signal(SIGINT).news(), "");
  EXPECT_EQ(scene.wait(1s).signal(SIGINT).news(), "stopping: forced; kill b");
}

TEST(Stop, ARunThatIsInterruptedDiesOfThatSignalWhateverFailed) {
  Scene scene = play({{.name = "a"}, {.name = "b"}});
  scene.begin().start_all().exits("a", 7).signal(SIGINT).news();
  EXPECT_EQ(scene.dies("b", SIGTERM).news(), "dies of 2");
}

TEST(Stop, ALostStdoutStopsInOrderAndTheRunDiesOfSigpipe) {
  Scene scene = pipeline();
  scene.begin().start_all().news();
  EXPECT_EQ(scene.tell(event::StdoutLost{EPIPE}).news(), "stopping: stdout lost; ask source 15");
  scene.dies("source", SIGTERM).exits("filter", 0).news();
  EXPECT_EQ(scene.exits("sink", 0).news(), "dies of 13");
}

TEST(Stop, AStdoutThatCannotBeWrittenStopsInOrderAndIs71) {
  Scene scene = pipeline();
  scene.begin().start_all().news();
  EXPECT_EQ(scene.tell(event::StdoutLost{ENOSPC}).news(),
            "failed graph 71 stops; stopping: stdout lost; ask source 15");
  scene.dies("source", SIGTERM).exits("filter", 0).news();
  EXPECT_EQ(scene.exits("sink", 0).news(), "done 71");
}

TEST(Stop, AFailureWhileTheRestDrainsDoesNotHurryIt) {
  Scene scene = pipeline();
  scene.begin().start_all().signal(SIGINT).news();
  EXPECT_EQ(scene.exits("source", 1).news(), "failed source 1 stopping");
  EXPECT_EQ(scene.exits("filter", 1).news(), "failed filter 1 stopping");
}

TEST(Stop, WhatEndsByOurOwnSignalDoesNotCountAsFailed) {
  for (const Exit exit : {Exit{.signal = SIGTERM}, Exit{.code = 143}, Exit{.code = 0}}) {
    Scene scene = play({{.name = "a", .role = {.on_failure = OnFailure::kFinish}}, {.name = "b"}});
    scene.begin().start_all().exits("a", 1).tell(event::StdoutLost{EPIPE}).news();
    EXPECT_EQ(scene.ends("b", exit).news(), "dies of 13");
    EXPECT_NE(scene.verdict("b"), Verdict::kFailed);
  }
}

TEST(Stop, WhatIsKilledByUsDoesNotCountAsFailed) {
  Scene scene = play(
      {{.name = "job"}, {.name = "a", .role = {.service = true}}, {.name = "b", .role = {.step = true}}});
  scene.begin().start_all().exits("job", 0).wait(10s).news();
  EXPECT_EQ(scene.dies("a", SIGKILL).dies("b", SIGKILL).news(), "done 0");
}

TEST(Stop, AnotherSignalThanOursIsAFailureEvenThen) {
  Scene scene = play({{.name = "job"}, {.name = "a", .role = {.step = true}}});
  scene.begin().start_all().exits("job", 0).news();
  EXPECT_EQ(scene.dies("a", SIGSEGV).news(), "failed a 139 stopping; done 139");
}

TEST(Stop, AServiceThatWeStopNeverCounts) {
  for (const Exit exit : {Exit{.code = 1}, Exit{.signal = SIGSEGV}, Exit{.signal = SIGPIPE}}) {
    Scene scene = play({{.name = "job"}, {.name = "db", .writes = {"q"}, .role = {.service = true}}});
    scene.begin().start_all().exits("job", 0).news();
    EXPECT_EQ(scene.ends("db", exit).news(), "done 0");
  }
}

}  // namespace
}  // namespace procgraph
