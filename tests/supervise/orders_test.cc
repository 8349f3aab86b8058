// What somebody outside orders: the end of the run or of a process, another life of it.
#include <gtest/gtest.h>

#include "scene.h"

namespace procgraph {
namespace {

const RestartPolicy kInASecond{.when = Restart::kOnFailure, .first = 1s, .most = 1s};
const Role kBack{.restart = kInASecond};

Scene& order_end(Scene& scene, std::vector<SpawnId> spawns) {
  return scene.tell(event::EndOrder{std::move(spawns)});
}
Scene& order_restart(Scene& scene, std::vector<SpawnId> spawns) {
  return scene.tell(event::RestartOrder{std::move(spawns)});
}

// source ─a─▶ sink
Scene pair(const Role& role = {}) {
  return play({{.name = "source", .writes = {"a"}, .role = role},
               {.name = "sink", .reads = {"a"}, .role = {.rank = 1}}});
}

TEST(Orders, AStopThatIsOrderedGoesInOrderAndNothingDiesOfIt) {
  Scene scene = pair();
  scene.begin().start_all().news();
  EXPECT_EQ(scene.tell(event::StopOrder{}).news(), "stopping: ordered; ask source 15");
  EXPECT_EQ(scene.dies("source", SIGTERM).news(), "");
  EXPECT_EQ(scene.exits("sink", 0).news(), "done 0");
}

TEST(Orders, WhatHadFailedBeforeAnOrderedStopIsItsExitCode) {
  Scene scene = play({{.name = "a", .role = {.on_failure = OnFailure::kFinish}}, {.name = "b"}});
  scene.begin().start_all().exits("a", 3).news();
  scene.tell(event::StopOrder{}).news();
  EXPECT_EQ(scene.dies("b", SIGTERM).news(), "done 3");
}

TEST(Orders, TheSecondOrderChangesNothingAndASignalAfterItKills) {
  Scene scene = pair();
  scene.begin().start_all().tell(event::StopOrder{}).news();
  EXPECT_EQ(scene.tell(event::StopOrder{}).news(), "");
  EXPECT_EQ(scene.signal(SIGINT).news(), "stopping: forced; kill source; kill sink");
  scene.dies("source", SIGKILL);
  EXPECT_EQ(scene.dies("sink", SIGKILL).news(), "dies of 2");
}

TEST(Orders, AForcedStopKillsAtOnce) {
  Scene scene = pair();
  scene.begin().start_all().news();
  EXPECT_EQ(scene.tell(event::StopOrder{.force = true}).news(), "stopping: forced; kill source; kill sink");
  scene.dies("source", SIGKILL);
  EXPECT_EQ(scene.dies("sink", SIGKILL).news(), "done 0");
}

TEST(Orders, WhatStartsFinallyIsToldOfAnOrderedStop) {
  Scene scene = play({{.name = "a"}, {.name = "last", .role = {.finally = true}}});
  scene.begin().start_all().tell(event::StopOrder{}).news();
  EXPECT_EQ(scene.dies("a", SIGTERM).news(), "finale: stopped 0; launch last");
}

TEST(Orders, AProcessThatIsStoppedIsNotStartedAgainAndHasNotFailed) {
  Scene scene = pair(kBack);
  scene.begin().start_all().news();
  EXPECT_EQ(order_end(scene, {scene.spawn("source")}).news(), "dismissed source; ask source 15");
  scene.exits("source", 1);
  EXPECT_EQ(scene.verdict("source"), Verdict::kStopped);
  EXPECT_EQ(scene.news(), "") << "no failure, no restart";
  EXPECT_EQ(scene.exits("sink", 0).news(), "done 0");
}

TEST(Orders, AWriterThatIsStoppedEndsItsData) {
  Scene scene = pair();
  scene.begin().start_all().ends();
  order_end(scene, {scene.spawn("source")}).ends();
  EXPECT_EQ(scene.dies("source", SIGTERM).ends(), "end of writers a");
}

TEST(Orders, OneThatWaitsForItsRestartIsStoppedThere) {
  Scene scene = pair(kBack);
  scene.begin().start_all().exits("source", 1).news();
  EXPECT_EQ(order_end(scene, {scene.spawn("source")}).news(), "dismissed source");
  EXPECT_EQ(scene.verdict("source"), Verdict::kStopped);
  EXPECT_EQ(scene.wait(1h).news(), "");
}

TEST(Orders, OneThatHasNotStartedIsSkipped) {
  Scene scene = play({{.name = "a"}, {.name = "b", .after = {{"a", Condition::kFinished}}}});
  scene.begin().start_all().news();
  EXPECT_EQ(order_end(scene, {scene.spawn("b")}).news(), "dismissed b; skipped b");
  EXPECT_EQ(scene.exits("a", 0).news(), "done 0");
}

TEST(Orders, TheOtherCopiesOfOneThatIsSkippedWaitOn) {
  Scene scene =
      play({{.name = "a"}, {.name = "b", .after = {{"a", Condition::kSucceeded}}, .role = {.count = 2}}});
  scene.begin().start_all().news();
  EXPECT_EQ(order_end(scene, {SpawnId{1}}).news(), "dismissed b");
  EXPECT_EQ(scene.exits("a", 0).news(), "launch b.1");
}

TEST(Orders, ACopyCanBeStoppedAlone) {
  Scene scene = play({{.name = "a", .role = {.count = 2}}});
  scene.begin().start_all().news();
  EXPECT_EQ(order_end(scene, {SpawnId{1}}).news(), "dismissed a; ask a.1 15");
}

TEST(Orders, ARestartTakesTheProcessThroughItsLadderAndStartsItAtOnce) {
  Scene scene = pair(kBack);
  scene.begin().start_all().news();
  EXPECT_EQ(order_restart(scene, {scene.spawn("source")}).news(), "recalled source; ask source 15");
  EXPECT_EQ(scene.dies("source", SIGTERM).news(), "launch source");
  scene.started("source");
  EXPECT_EQ(scene.situation().at(scene.spawn("source")).lives.restarts, 1U);
  EXPECT_EQ(scene.ends(), "") << "its channels wait";
}

TEST(Orders, ARestartCountsNotAgainstThePolicy) {
  Role role = kBack;
  role.restart.max = RestartPolicy::Intensity{1, 1h};
  Scene scene = play({{.name = "a", .role = role}});
  scene.begin().start_all();
  for (int i = 0; i < 3; ++i) order_restart(scene, {scene.spawn("a")}).dies("a", SIGTERM).start_all();
  scene.news();
  EXPECT_EQ(scene.exits("a", 1).news(), "restart a 1");
}

TEST(Orders, OneThatWaitsForItsNextLifeNeedNotWaitLonger) {
  Scene scene = pair(kBack);
  scene.begin().start_all().exits("source", 1).news();
  EXPECT_EQ(order_restart(scene, {scene.spawn("source")}).news(), "launch source");
  EXPECT_EQ(scene.wait(1h).news(), "") << "once";
}

TEST(Orders, WhoGoesWithItIsStartedAgainToo) {
  Scene scene = play({{.name = "db", .role = kBack}, {.name = "api", .with = {{"db", Condition::kStarted}}}});
  scene.begin().start_all().start_all().news();
  EXPECT_EQ(order_restart(scene, {scene.spawn("db")}).dies("db", SIGTERM).news(),
            "recalled db; ask db 15; recalled api because of db; ask api 15; launch db");
  scene.started("db");
  EXPECT_EQ(scene.dies("api", SIGTERM).news(), "launch api");
}

TEST(Orders, AnEndOverridesARestart) {
  Scene scene = play({{.name = "a", .role = kBack}, {.name = "b"}});
  scene.begin().start_all();
  order_restart(scene, {scene.spawn("a")});
  order_end(scene, {scene.spawn("a")}).news();
  EXPECT_EQ(scene.dies("a", SIGTERM).news(), "");
  EXPECT_EQ(scene.verdict("a"), Verdict::kStopped);
}

TEST(Orders, WhatCannotBeDoneSaysWhy) {
  Cast cast;
  Situation situation;
  Role once, back = kBack;
  once.first = 0;
  back.first = 1;
  cast.roles = {once, back};
  complete(cast, 0);
  situation = make_situation(cast);
  const SpawnId first{0}, second{1};
  EXPECT_EQ(order_refused(cast, situation, second, Order::kRestart), "has not started yet");
  EXPECT_EQ(order_refused(cast, situation, second, Order::kSignal), "does not run now");
  for (const SpawnId id : {first, second}) {
    situation.spawns[id.value].life = life::State::kRunning;
    situation.spawns[id.value].lives.starts = 1;
  }
  EXPECT_EQ(order_refused(cast, situation, first, Order::kRestart),
            "cannot be started again: the file gives it no 'restart', so its channels do not wait for it");
  EXPECT_EQ(order_refused(cast, situation, second, Order::kRestart), "");
  situation.spawns[1].life = life::State::kResting;
  EXPECT_EQ(order_refused(cast, situation, second, Order::kSignal),
            "does not run now: it waits to be started again");
  situation.stop.mode = Mode::kInOrder;
  EXPECT_EQ(order_refused(cast, situation, second, Order::kRestart),
            "cannot be started again: the graph stops");
  situation.spawns[0].life = life::State::kEnded;
  for (const Order order : {Order::kEnd, Order::kRestart, Order::kSignal})
    EXPECT_EQ(order_refused(cast, situation, first, order), "has ended already");
}

}  // namespace
}  // namespace procgraph
