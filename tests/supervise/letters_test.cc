// What follows from messages that fail, and from readers that hold them for too long.
#include <gtest/gtest.h>

#include "scene.h"

namespace procgraph {
namespace {

const std::vector<Actor> kWork{{.name = "f", .writes = {"jobs"}},
                               {.name = "m", .reads = {"jobs"}},
                               {.name = "repair", .reads = {"failed"}}};

TEST(DeadLetters, EndWhenNothingMoreCanComeOfTheirQueue) {
  Scene scene = play(kWork);
  scene.dead_letters("jobs", "failed").begin().start_all();
  EXPECT_EQ(scene.ends(), "");
  EXPECT_EQ(scene.exits("f", 0).ends(), "end of writers jobs");
  EXPECT_EQ(scene.exits("m", 0).ends(), "end of readers jobs") << "it may have left some";
  EXPECT_EQ(scene.finished("jobs").ends(), "end of writers failed");
  EXPECT_EQ(scene.exits("repair", 0).news(), "done 0");
}

TEST(DeadLetters, EndWithTheLastOfSeveralQueuesAndTheLastWriter) {
  Scene scene = play({{.name = "f", .writes = {"a", "b"}},
                      {.name = "m", .reads = {"a", "b"}},
                      {.name = "g", .writes = {"failed"}},
                      {.name = "repair", .reads = {"failed"}}});
  scene.dead_letters("a", "failed").dead_letters("b", "failed").begin().start_all();
  scene.finished("a").finished("b").ends();
  EXPECT_EQ(scene.exits("g", 0).ends(), "end of writers failed");
}

TEST(DeadLetters, WithoutAnyProcessAreKept) {
  Scene scene = play({{.name = "f", .writes = {"jobs"}}, {.name = "m", .reads = {"jobs"}}});
  EXPECT_EQ(scene.dead_letters("jobs", "failed").begin().start_all().ends(), "");
}

TEST(ADeadMessage, EndsTheGraphWhereNothingTakesIt) {
  Scene scene = play(kWork);
  scene.begin().start_all().news();
  EXPECT_EQ(scene.died("jobs").news(),
            "failed channel jobs 65 stops; stopping: failure; ask f 15; ask m 15; ask repair 15");
  scene.dies("f", SIGTERM).dies("m", SIGTERM);
  EXPECT_EQ(scene.dies("repair", SIGTERM).news(), "done 65");
}

TEST(ADeadMessage, IsNoFailureWhereALetterQueueTakesIt) {
  Scene scene = play(kWork);
  scene.dead_letters("jobs", "failed").begin().start_all().news();
  EXPECT_EQ(scene.died("jobs").news(), "");
}

TEST(ADeadMessage, FailsTheRunOnceAndLetsItGoOnWhereThatIsAsked) {
  Scene scene = play(kWork);
  scene.dead_letters("jobs", "failed", true).begin().start_all().news();
  EXPECT_EQ(scene.died("jobs").news(), "failed channel jobs 65 goes on");
  EXPECT_EQ(scene.died("jobs").news(), "");
  scene.exits("f", 0).exits("m", 0).finished("jobs");
  EXPECT_EQ(scene.exits("repair", 0).news(), "done 65");
}

TEST(AnOverdueReader, IsAskedToEndAndHasFailedHoweverItEnds) {
  for (const int code : {0, 3}) {
    Scene scene = play({{.name = "f", .writes = {"jobs"}, .role = {.on_failure = OnFailure::kFinish}},
                        {.name = "m", .reads = {"jobs"}, .role = {.on_failure = OnFailure::kFinish}}});
    scene.begin().start_all().news();
    EXPECT_EQ(scene.overdue("m").news(), "ask m 15");
    EXPECT_EQ(scene.exits("m", code).news(), "failed m 1 goes on");
    EXPECT_EQ(scene.exits("f", 0).news(), "done 1");
  }
}

TEST(AnOverdueReader, IsKilledAfterItsGraceAndIsNotAskedTwice) {
  Scene scene =
      play({{.name = "f", .writes = {"jobs"}}, {.name = "m", .reads = {"jobs"}, .role = {.grace = 2s}}});
  scene.begin().start_all().news();
  scene.overdue("m").news();
  EXPECT_EQ(scene.overdue("m").news(), "");
  EXPECT_EQ(scene.wait(2s).news(), "kill m");
  EXPECT_EQ(scene.dies("m", SIGKILL).news(), "failed m 1 stops; stopping: failure; ask f 15");
}

TEST(AnOverdueReader, ThatHasEndedMeanwhileIsLeftAlone) {
  Scene scene = play({{.name = "f", .writes = {"jobs"}}, {.name = "m", .reads = {"jobs"}}});
  scene.begin().start_all().exits("m", 0).news();
  EXPECT_EQ(scene.overdue("m").news(), "");
}

}  // namespace
}  // namespace procgraph
