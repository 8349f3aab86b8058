// What starts again whenever another process does. One sentence of docs/operations.md each.
#include <gtest/gtest.h>

#include "scene.h"

namespace procgraph {
namespace {

using Max = RestartPolicy::Intensity;

const RestartPolicy kOnFailure{.when = Restart::kOnFailure, .first = 1s, .most = 1s};
const Role kDb{.service = true, .restart = kOnFailure};

// db, and those that go with it or with one another: {name, with whom}.
Scene play_with(Role db, Condition condition, const std::vector<std::pair<std::string, std::string>>& others,
                const Role& role = {}) {
  std::vector<Actor> actors{{.name = "db", .role = std::move(db)}};
  for (const auto& [name, other] : others)
    actors.push_back({.name = name, .with = {{other, condition}}, .role = role});
  return play(actors);
}

Scene& restart(Scene& scene) {
  return scene.wait(1250ms).start_all();
}

TEST(Together, ItEndsWithTheOneAndStartsAgainAfterIt) {
  Scene scene = play_with(kDb, Condition::kStarted, {{"api", "db"}});
  scene.begin().start_all().start_all().news();
  EXPECT_EQ(scene.exits("db", 1).news(), "restart db 1; recalled api because of db; ask api 15");
  EXPECT_EQ(scene.dies("api", SIGTERM).news(), "") << "it waits";
  EXPECT_EQ(scene.wait(1250ms).news(), "launch db");
  EXPECT_EQ(scene.started("db").news(), "launch api");
}

TEST(Together, ItWaitsUntilTheNewOneIsReady) {
  Role db = kDb;
  db.ready = 10s;
  Scene scene = play_with(db, Condition::kReady, {{"api", "db"}});
  scene.begin().start_all().ready("db").start_all().exits("db", 1).dies("api", SIGTERM).news();
  EXPECT_EQ(restart(scene).news(), "launch db; await ready db");
  EXPECT_EQ(scene.ready("db").news(), "ready db; launch api");
}

TEST(Together, ItsOwnLadderEndsIt) {
  Scene scene = play_with(kDb, Condition::kStarted, {{"api", "db"}}, {.stop_signal = SIGINT, .grace = 5s});
  scene.begin().start_all().start_all().exits("db", 1).news();
  EXPECT_EQ(restart(scene).news(), "launch db") << "and nobody waits for it";
  EXPECT_EQ(scene.wait(5s).news(), "kill api");
  EXPECT_EQ(scene.dies("api", SIGKILL).news(), "launch api");
}

TEST(Together, ItsOwnRestartsAreNotSpent) {
  Role role;
  role.restart = kOnFailure;
  role.restart.max = Max{1, 1h};
  Role db = kDb;
  db.restart.max.reset();
  Scene scene = play_with(db, Condition::kStarted, {{"api", "db"}}, role);
  scene.begin().start_all().start_all();
  for (int i = 0; i < 5; ++i) restart(scene.exits("db", 1).dies("api", SIGTERM)).start_all();
  EXPECT_EQ(scene.situation().at(scene.spawn("api")).lives.restarts, 0U);
  scene.news();
  EXPECT_EQ(scene.exits("api", 1).news(), "restart api 1");
}

TEST(Together, ItNeedsNoPolicyOfItsOwn) {
  Scene scene = play_with(kDb, Condition::kStarted, {{"api", "db"}});
  scene.begin().start_all().start_all().exits("db", 1).exits("api", 0).news();
  EXPECT_EQ(restart(scene).news(), "launch db; launch api");
}

TEST(Together, AChainEndsAtOnceAndStartsInItsOrder) {
  Scene scene = play_with(kDb, Condition::kStarted, {{"api", "db"}, {"web", "api"}});
  scene.begin().start_all().start_all().start_all().news();
  EXPECT_EQ(scene.exits("db", 1).news(),
            "restart db 1; recalled api because of db; ask api 15; recalled web because of api; ask web 15");
  scene.dies("api", SIGTERM).dies("web", SIGTERM);
  EXPECT_EQ(scene.wait(1250ms).news(), "launch db");
  EXPECT_EQ(scene.started("db").news(), "launch api");
  EXPECT_EQ(scene.started("api").news(), "launch web");
}

TEST(Together, ItsOwnRestartIsNoneOfTheOthers) {
  Role role;
  role.restart = kOnFailure;
  Scene scene = play_with(kDb, Condition::kStarted, {{"api", "db"}}, role);
  scene.begin().start_all().start_all().news();
  EXPECT_EQ(scene.exits("api", 1).news(), "restart api 1");
  EXPECT_EQ(restart(scene).news(), "launch api");
}

TEST(Together, AFailureWhileTheOtherIsOnItsWayIsNoOtherThing) {
  Scene scene = play_with(kDb, Condition::kStarted, {{"api", "db"}});
  scene.begin().start_all().start_all().leaves("db", {.code = 1}).news();
  EXPECT_EQ(scene.exits("api", 1).news(), "") << "it noticed, and is held";
  EXPECT_EQ(scene.empty("db").news(), "restart db 1");
  EXPECT_EQ(restart(scene).news(), "launch db; launch api");
}

TEST(Together, AFailureBeforeThatIsItsOwn) {
  Scene scene = play_with(kDb, Condition::kStarted, {{"api", "db"}});
  scene.begin().start_all().start_all().news();
  EXPECT_EQ(scene.exits("api", 3).news(), "failed api 3 stops; stopping: failure; ask db 15");
}

TEST(Together, ASuccessThatNobodyAskedForIsOne) {
  Scene scene = play_with(kDb, Condition::kStarted, {{"api", "db"}});
  scene.begin().start_all().start_all().leaves("api", {}).exits("db", 1).news();
  EXPECT_EQ(scene.empty("api").news(), "stopping: complete; done 0");
  EXPECT_EQ(scene.verdict("api"), Verdict::kSucceeded);
}

TEST(Together, WhatHasNotStartedYetWaitsAnew) {
  Scene scene = play_with(kDb, Condition::kStarted, {{"api", "db"}});
  scene.begin().started("db").news();
  EXPECT_EQ(scene.exits("db", 1).start_all().news(), "restart db 1") << "its launch is withdrawn";
  EXPECT_EQ(scene.wait(1250ms).start_all().news(), "launch db; launch api");
}

TEST(Together, AStopEndsWhatIsHeldAndItIsNoFailure) {
  Scene scene = play_with(kDb, Condition::kStarted, {{"api", "db"}});
  scene.begin().start_all().start_all().exits("db", 1).dies("api", SIGTERM).news();
  EXPECT_EQ(scene.signal(SIGTERM).news(), "stopping: signal; dies of 15");
  EXPECT_EQ(scene.verdict("api"), Verdict::kStopped);
}

TEST(Together, AStopMeanwhileEndsWhatWasAskedAndItsFailureIsNone) {
  Scene scene = play_with(kDb, Condition::kStarted, {{"api", "db"}});
  scene.begin().start_all().start_all().exits("db", 1).leaves("api", {.code = 1}).signal(SIGTERM).news();
  EXPECT_EQ(scene.empty("api").news(), "dies of 15");
  EXPECT_EQ(scene.verdict("api"), Verdict::kStopped);
}

TEST(Together, ItGoesOnWhereTheOtherEndsForGood) {
  Role db;
  db.on_failure = OnFailure::kFinish;
  db.restart = kOnFailure;
  db.restart.max = Max{1, 1h};
  Scene scene = play_with(db, Condition::kStarted, {{"api", "db"}});
  scene.begin().start_all().start_all().exits("db", 0).news();
  EXPECT_EQ(scene.news(), "");
  EXPECT_EQ(scene.exits("api", 0).news(), "done 0");
}

TEST(Together, WhatIsHeldIsSkippedWhereTheOtherNeverComesAgain) {
  Role db;
  db.on_failure = OnFailure::kFinish;
  db.restart = kOnFailure;
  db.restart.max = Max{1, 1h};
  Scene scene = play_with(db, Condition::kReady, {{"api", "db"}, {"web", "api"}});
  scene.begin().start_all().start_all().start_all().exits("db", 1).dies("api", SIGTERM).dies("web", SIGTERM);
  scene.wait(1250ms).news();
  EXPECT_EQ(scene.refused("db", 127).news(),
            "failed db 127 goes on; skipped api because of db; skipped web because of api; done 127");
}

TEST(Together, WhatItNeededOnceIsNotAskedAgain) {
  Scene scene = play({{.name = "db", .role = kDb},
                      {.name = "pipe", .role = {.on_failure = OnFailure::kIgnore}, .group = "p"},
                      {.name = "api",
                       .after = {{"pipe", Condition::kStarted}},
                       .with = {{"db", Condition::kStarted}},
                       .group = "p"}});
  scene.begin().started("db").refused("pipe", 127).started("api").news();
  scene.exits("db", 1).dies("api", SIGTERM).news();
  EXPECT_EQ(restart(scene).news(), "launch db; launch api");
}

TEST(Together, ARoundOfRestartsEndsWhenTheOtherIsTired) {
  Role db = kDb;
  db.service = false;
  db.restart.max = Max{3, 1h};
  Scene scene = play_with(db, Condition::kStarted, {{"api", "db"}});
  scene.begin().start_all().start_all();
  for (int i = 0; i < 3; ++i) restart(scene.exits("db", 1).dies("api", SIGTERM)).start_all();
  scene.news();
  EXPECT_EQ(scene.exits("db", 1).news(), "failed db 1 stops; stopping: failure; ask api 15");
}

TEST(Together, OneCopyIsEnoughForAllCopies) {
  Role db = kDb;
  db.count = 2;
  Scene scene = play_with(db, Condition::kStarted, {{"api", "db"}}, {.count = 2});
  scene.begin().start_all().start_all().news();
  EXPECT_EQ(scene.exits("db.1", 1).news(),
            "restart db.1 1; recalled api because of db; ask api.0 15; ask api.1 15");
  scene.dies("api.0", SIGTERM).dies("api.1", SIGTERM);
  EXPECT_EQ(restart(scene).news(), "launch db.1; launch api.0; launch api.1");
}

TEST(Together, ItsEndsAreKeptForItsNextLife) {
  Scene scene = play({{.name = "db", .role = kDb},
                      {.name = "api", .writes = {"q"}, .with = {{"db", Condition::kStarted}}},
                      {.name = "reader", .reads = {"q"}}});
  scene.begin().start_all().start_all().exits("db", 1).dies("api", SIGTERM);
  EXPECT_EQ(scene.ends(), "");
}

TEST(Together, WhoHasWorkedAllItsDataOffIsDone) {
  Scene scene = play({{.name = "db", .role = kDb},
                      {.name = "source", .writes = {"q"}},
                      {.name = "api", .reads = {"q"}, .with = {{"db", Condition::kStarted}}}});
  scene.begin().start_all().start_all().exits("source", 0).exits("db", 1).news();
  scene.leaves("api", {}).tell(event::Empty{scene.spawn("api"), false, true});
  EXPECT_EQ(scene.verdict("api"), Verdict::kSucceeded);
}

}  // namespace
}  // namespace procgraph
