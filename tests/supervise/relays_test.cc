// A relay is a part of a process: its failure is that of the process, its end otherwise is nobody's affair.
#include <gtest/gtest.h>

#include "scene.h"
#include "supervise/wording.h"

namespace procgraph {
namespace {

constexpr ProcessId kGrep{0};

// source → q → relay → pipe → grep, copy by copy.
Scene grep_and_relay(Role grep = {}) {
  Role relay = grep;
  relay.part_of = kGrep;
  relay.restart = {};
  Scene scene =
      play({{.name = "grep", .reads = {"pipe"}, .role = grep, .group = "together"},
            {.name = "relay", .reads = {"q"}, .writes = {"pipe"}, .role = relay, .group = "together"},
            {.name = "source", .writes = {"q"}}});
  scene.begin().start_all().news();
  return scene;
}

TEST(Relays, OneThatFailsTakesItsProcessWithIt) {
  Scene scene = grep_and_relay();
  EXPECT_EQ(scene.dies("relay", SIGKILL).news(), "ask grep 15");
  EXPECT_EQ(scene.dies("grep", SIGTERM).news(), "failed relay 137 stops; stopping: failure; ask source 15");
  EXPECT_EQ(scene.situation().failed, std::vector{kGrep});
  EXPECT_EQ(scene.verdict("grep"), Verdict::kFailed);
  EXPECT_EQ(scene.dies("source", SIGTERM).news(), "done 137");
}

TEST(Relays, TheProcessHasFailedThoughItEndsWell) {
  Scene scene = grep_and_relay();
  scene.exits("relay", 65).news();
  EXPECT_EQ(scene.exits("grep", 0).news(), "failed relay 65 stops; stopping: failure; ask source 15");
}

TEST(Relays, TheProcessHasFailedThoughItHadEndedBefore) {
  Role finish{.on_failure = OnFailure::kFinish};
  Scene scene = grep_and_relay(finish);
  EXPECT_EQ(scene.exits("grep", 0).news(), "");
  EXPECT_EQ(scene.exits("relay", 65).news(), "failed relay 65 goes on");
  EXPECT_EQ(scene.situation().failed, std::vector{kGrep});
  EXPECT_EQ(scene.exits("source", 0).news(), "done 65");
}

// What it would read is lost with the relay, and what it does then is worth nothing.
TEST(Relays, AProcessIsNotRestartedWithoutItsRelay) {
  Scene scene = grep_and_relay({.restart = {.when = Restart::kOnFailure, .first = 1s}});
  scene.exits("grep", 1).news();
  EXPECT_EQ(scene.dies("relay", SIGKILL).news(), "failed relay 137 stops; stopping: failure; ask source 15");
}

TEST(Relays, OneWhoseProcessHasFailedSaysNothing) {
  Scene scene = grep_and_relay();
  EXPECT_EQ(scene.exits("grep", 2).news(),
            "failed grep 2 stops; stopping: failure; ask relay 15; ask source 15");
  EXPECT_EQ(scene.dies("relay", SIGPIPE).news(), "");
  EXPECT_EQ(scene.dies("source", SIGTERM).news(), "done 2");
}

TEST(Relays, OneWhoseProcessHadEnoughIsCutOffAndSoIsTheSource) {
  Scene scene = grep_and_relay();
  scene.exits("grep", 0).dies("relay", SIGPIPE).news();
  EXPECT_EQ(scene.verdict("relay"), Verdict::kCutOff);
  EXPECT_EQ(scene.dies("source", SIGPIPE).news(), "done 0");
}

TEST(Relays, TheCopyOfTheSameNumberIsMeant) {
  Scene scene = grep_and_relay({.count = 3, .spare = 1});
  EXPECT_EQ(scene.dies("relay.1", SIGKILL).news(), "ask grep.1 15");
  EXPECT_EQ(scene.dies("grep.1", SIGTERM).news(), "failed relay.1 137 spared");
  EXPECT_EQ(scene.dies("relay.2", SIGKILL).news(), "ask grep.2 15");
  EXPECT_EQ(scene.dies("grep.2", SIGTERM).news(),
            "failed relay.2 137 stops; stopping: failure; ask grep.0 15; ask relay.0 15; ask source 15");
}

// grep writes to its relay, which is killed: grep dies of SIGPIPE, and may be seen to end first.
TEST(Relays, AWriterThatDiesOfItsRelaysDeathHasFailedOnce) {
  for (const bool relay_first : {true, false}) {
    Scene scene = play({{.name = "grep", .writes = {"pipe"}, .group = "together"},
                        {.name = "relay",
                         .reads = {"pipe"},
                         .writes = {"q"},
                         .role = {.part_of = kGrep},
                         .group = "together"},
                        {.name = "sink", .reads = {"q"}}});
    scene.begin().start_all().news();
    if (relay_first) {
      EXPECT_EQ(scene.dies("relay", SIGKILL).news(), "ask grep 15");
      EXPECT_EQ(scene.dies("grep", SIGPIPE).news(), "failed relay 137 stops; stopping: failure; ask sink 15");
    } else {
      EXPECT_EQ(scene.dies("grep", SIGPIPE).news(), "");
      EXPECT_EQ(scene.dies("relay", SIGKILL).news(),
                "failed relay 137 stops; stopping: failure; ask sink 15");
    }
    EXPECT_EQ(scene.dies("sink", SIGTERM).news(), "done 137");
  }
}

TEST(Relays, AreNamedWithTheirProcess) {
  EXPECT_EQ(failed_with_relay("grep.1"), "grep.1 failed with its relay: ");
}

}  // namespace
}  // namespace procgraph
