// When channels end that programs outside the graph write or read.
#include <gtest/gtest.h>

#include "scene.h"

namespace procgraph {
namespace {

// (outside) ─jobs─▶ work ─results─▶ (outside)
Scene worker() {
  Scene scene = play({{.name = "work", .reads = {"jobs"}, .writes = {"results"}}}, {.grace = 8s});
  scene.outside("jobs", true, false).outside("results", false, true);
  return scene;
}

TEST(Outside, WhatIsWrittenFromThereDoesNotEndBeforeTheRunStops) {
  Scene scene = worker();
  EXPECT_EQ(scene.begin().start_all().ends(), "");
  EXPECT_TRUE(scene.idle());
  EXPECT_EQ(scene.signal(SIGINT).ends(), "end of writers jobs");
  EXPECT_EQ(scene.exits("work", 0).ends(),
            "end of writers results; end of readers results; end of readers jobs");
}

TEST(Outside, AtAStopTheReaderOfTheGraphDrainsAndIsNotAsked) {
  Scene scene = worker();
  scene.begin().start_all().news();
  EXPECT_EQ(scene.signal(SIGINT).news(), "stopping: signal");
  EXPECT_EQ(scene.exits("work", 0).news(), "dies of 2");
}

TEST(Outside, WhoReadsThereIsWaitedForAsLongAsAReaderOfTheGraph) {
  Scene scene = worker();
  scene.begin().start_all().signal(SIGINT).ends();
  EXPECT_EQ(scene.wait(3999ms).ends(), "");
  EXPECT_EQ(scene.wait(1ms).ends(), "end of readers results");
}

TEST(Outside, AFailureWaitsForNobodyThere) {
  Scene scene = play({{.name = "work", .writes = {"results"}}, {.name = "other"}});
  scene.outside("results", false, true).begin().start_all().ends();
  EXPECT_EQ(scene.exits("other", 3).ends(), "end of readers results");
}

TEST(Outside, ItsWriterHoldsAChannelOpenWhoseWritersOfTheGraphAreGone) {
  Scene scene = play({{.name = "seed", .writes = {"jobs"}}, {.name = "work", .reads = {"jobs"}}});
  scene.outside("jobs", true, false).begin().start_all();
  EXPECT_EQ(scene.exits("seed", 0).ends(), "");
  EXPECT_EQ(scene.signal(SIGTERM).ends(), "end of writers jobs");
}

TEST(Outside, AWriterThatNobodyOfTheGraphReadsGoesOn) {
  Scene scene = play({{.name = "make", .writes = {"out"}}, {.name = "look", .reads = {"out"}}});
  scene.outside("out", false, true).begin().start_all();
  EXPECT_EQ(scene.exits("look", 0).ends(), "");
}

TEST(Outside, TheDataEndsThereWhenItsWritersHaveEnded) {
  Scene scene = play({{.name = "make", .writes = {"out"}}});
  scene.outside("out", false, true).begin().start_all().all();
  EXPECT_EQ(scene.exits("make", 0).all(),
            "reap make; writer gone make; end of writers out; end of readers out; done 0");
}

TEST(Outside, AGraphOfServicesThatEndByThemselvesEndsItsChannelsToo) {
  Scene scene = play({{.name = "s", .reads = {"in"}, .role = {.service = true}}});
  scene.outside("in", true, false).begin().start_all();
  EXPECT_EQ(scene.exits("s", 0).ends(), "end of writers in; end of readers in");
}

}  // namespace
}  // namespace procgraph
