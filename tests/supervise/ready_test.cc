// When others may rely on a process, when it is too late, and what an unhealthy one means. One sentence of
// docs/guide.md each.
#include <gtest/gtest.h>

#include "scene.h"

namespace procgraph {
namespace {

const Role kTenSeconds{.service = true, .ready = 10s};
const Actor kApi{.name = "api", .after = {{"db", Condition::kReady}}};

TEST(Ready, IsAwaitedFromTheStartOn) {
  Scene scene = play({{.name = "db", .role = kTenSeconds}, kApi});
  EXPECT_EQ(scene.begin().news(), "launch db");
  EXPECT_EQ(scene.start_all().news(), "await ready db");
  EXPECT_EQ(scene.ready("db").news(), "ready db; launch api");
}

TEST(Ready, OfAllReplicasIsWaitedFor) {
  Role two = kTenSeconds;
  two.count = 2;
  Scene scene = play({{.name = "db", .role = two}, kApi});
  scene.begin().start_all().ready("db.1").news();
  EXPECT_EQ(scene.ready("db.1").news(), "") << "once counts once";
  EXPECT_EQ(scene.ready("db.0").news(), "ready db.0; launch api");
}

TEST(Ready, OnceIsReadyForGood) {
  const Role job{.ready = 10s};
  Scene scene = play({{.name = "db", .role = job},
                      {.name = "slow"},
                      {.name = "api", .after = {{"db", Condition::kReady}, {"slow", Condition::kFinished}}}});
  scene.begin().start_all().ready("db").exits("db", 0).news();
  EXPECT_EQ(scene.exits("slow", 0).news(), "launch api");
}

TEST(Ready, OfOneThatEndedBeforeNeverComes) {
  const Role job{.ready = 10s};
  Scene scene = play({{.name = "db", .role = job}, {.name = "slow"}, kApi});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.exits("db", 0).news(), "ask no more db; skipped api because of db");
  EXPECT_EQ(scene.ready("db").news(), "");
}

TEST(Ready, ThatDoesNotComeInTimeIsAFailure) {
  Scene scene = play({{.name = "db", .role = kTenSeconds}, kApi});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.wait(9s).news(), "");
  EXPECT_EQ(scene.wait(1s).news(), "ask no more db; ask db 15");
  EXPECT_EQ(scene.exits("db", 0).news(), "failed db 1 stops; stopping: failure; skipped api; done 1");
  EXPECT_EQ(scene.situation().first->why, Why::kReady);
}

TEST(Ready, InTimeEndsTheWaiting) {
  Scene scene = play({{.name = "db", .role = kTenSeconds}, {.name = "job"}});
  scene.begin().start_all().ready("db").news();
  EXPECT_TRUE(scene.idle());
  EXPECT_EQ(scene.wait(1h).news(), "");
}

TEST(Ready, IsWaitedForLongerWhereTheProcessAsksForIt) {
  Scene scene = play({{.name = "db", .role = kTenSeconds}, {.name = "job"}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.wait(9s).patience("db", 5s).wait(4s).news(), "");
  EXPECT_EQ(scene.patience("db", 1ms).wait(900ms).news(), "") << "it never shortens the time";
  EXPECT_EQ(scene.wait(100ms).news(), "ask no more db; ask db 15");
}

TEST(Ready, SaidByOneThatIsAskedToEndDoesNotCount) {
  Scene scene = play({{.name = "db", .role = kTenSeconds}, {.name = "job"}});
  scene.begin().start_all().signal(SIGTERM).news();
  EXPECT_EQ(scene.ready("db").news(), "");
  EXPECT_FALSE(scene.situation().at(scene.spawn("db")).ready);
}

TEST(Health, IsLookedAfterFromReadyOn) {
  Role role = kTenSeconds;
  role.health = true;
  Scene scene = play({{.name = "db", .role = role}, {.name = "job"}});
  EXPECT_EQ(scene.begin().start_all().news(), "launch db; launch job; await ready db");
  EXPECT_EQ(scene.ready("db").news(), "ready db");
}

TEST(Health, IsLookedAfterFromTheStartOnWhereThatIsReady) {
  Scene scene = play({{.name = "db", .role = {.health = true}}});
  EXPECT_EQ(scene.begin().start_all().news(), "launch db; ready db");
}

TEST(Health, ThatIsLostStopsTheProcessWhichHasFailed) {
  Scene scene = play({{.name = "db", .role = {.health = true}}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.unhealthy("db").news(), "ask no more db; ask db 15");
  EXPECT_EQ(scene.unhealthy("db").news(), "");
  EXPECT_EQ(scene.dies("db", SIGTERM).news(), "failed db 1 stops; done 1");
  EXPECT_EQ(scene.situation().first->why, Why::kHealth);
}

TEST(Health, OfOneThatIsAskedToEndIsNobodysConcern) {
  Scene scene = play({{.name = "db", .role = {.health = true}}});
  scene.begin().start_all().signal(SIGINT).news();
  EXPECT_EQ(scene.unhealthy("db").news(), "");
  EXPECT_EQ(scene.dies("db", SIGTERM).news(), "dies of 2");
}

}  // namespace
}  // namespace procgraph
