// What queues do with messages that find no room, fail, and are held for too long, in whole graphs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Policies, DeadLettersSayWhyTheyAreSome) {
  Ran ran = run_config("dead_letter.yaml", {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  for (const char* number : {"1", "2", "4", "5", "7", "8", "10"})
    EXPECT_THAT(ran.out, HasSubstr(std::string(number) + "\n"));
  for (const char* number : {"3", "6", "9"})
    EXPECT_THAT(ran.out, HasSubstr(std::string(number) + ": 3 times, nack of fussy\n"));
  EXPECT_THAT(
      ran.err,
      HasSubstr("message 2 of queue 'work' failed 3 times, the last time when fussy gave it back; it is in "
                "queue 'failed' now\n"));
}

TEST(Policies, ReplicasShareAllOfTheWork) {
  Ran ran = run_config("replicas.yaml");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "1250025000\n");
  for (const char* copy : {"0", "1", "2"})
    EXPECT_THAT(ran.err, HasSubstr(std::string("copy ") + copy + " has added "));
}

TEST(Policies, FullQueuesDropGrowAndNeverMakeTheirWritersWait) {
  Ran ran = run_config("overflow.yaml", {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  for (const char* number : {"996", "997", "998", "999", "1000", "1", "2", "3", "4", "5"})
    EXPECT_THAT(ran.out, HasSubstr("get in P2: " + std::string(number) + "\n"));
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 10) << ran.out;
}

TEST(Policies, WhatWasDroppedAndRefusedIsCounted) {
  Ran ran = run_text(
      "processes:\n  f: { command: numbers 9, writes: [q] }\n  m: { command: m, reads: q, after: { f: "
      "finished } }\n"
      "queues: { q: { capacity: 2, when_full: drop_oldest } }\n",
      {"-v"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("queue 'q': 9 put, 2 acknowledged, 7 dropped; at most 2 waited\n"));
}

TEST(Policies, AMessageThatFailsTooOftenEndsTheGraphAndIsNamed) {
  Ran ran = run_text(
      "processes:\n  numbers: { command: numbers 4, writes: q }\n  fussy: { command: fussy 3, reads: q }\n"
      "queues: [q]\n");
  EXPECT_EQ(ran.code, 65);
  EXPECT_THAT(ran.err,
              HasSubstr("message 2 of queue 'q' failed 5 times, the last time when fussy gave it back; "
                        "it has no dead_letter to take it; the graph stops\n"));
  EXPECT_THAT(ran.err, ::testing::Not(HasSubstr("the graph is stopping"))) << "told twice";
}

TEST(Policies, AMessageThatKillsItsReaderIsNamedToo) {
  Ran ran = run_text(
      "processes:\n  f: { command: f, writes: q }\n"
      "  m: { command: \"" TAKE
      "\", reads: q, on_failure: ignore }\n"
      "queues: { q: { max_deliveries: 1 } }\n");
  EXPECT_EQ(ran.code, 65);
  EXPECT_THAT(ran.err, HasSubstr("message 0 of queue 'q' failed 1 time, the last time when m died"));
}

TEST(Policies, DeadLettersFailTheRunWhereThatIsAskedAndItSaysHowMany) {
  Ran ran = run_text(
      "processes:\n  numbers: { command: numbers 7, writes: q }\n  fussy: { command: fussy 3, reads: q }\n"
      "queues: { q: { max_deliveries: 2, dead_letter: { queue: d, fail: true } }, d: {} }\n");
  EXPECT_EQ(ran.code, 65);
  EXPECT_THAT(ran.out, HasSubstr("7\n"));
  EXPECT_THAT(ran.err, HasSubstr("2 messages of queue 'q' are dead"));
  EXPECT_THAT(ran.err, HasSubstr("2 messages were left in queue 'd'\n"));
}

TEST(Policies, DeadLettersThatFindNoRoomAreCounted) {
  Ran ran = run_text(
      "processes:\n  numbers: { command: numbers 7, writes: q }\n  fussy: { command: fussy 3, reads: q }\n"
      "queues: { q: { max_deliveries: 2, dead_letter: d }, d: { capacity: 1 } }\n");
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.err, HasSubstr("1 message was left in queue 'd'\n"));
  EXPECT_THAT(ran.err, HasSubstr("1 dead letter of queue 'q' found no room in queue 'd'\n"));
}

TEST(Policies, AReaderThatHoldsAMessageForTooLongIsStoppedAndNamed) {
  Ran ran = run_text("processes:\n  f: { command: f, writes: q }\n  m: { command: \"" TAKE
                     " hold\", reads: q }\n"
                     "queues: { q: { lease_timeout: 50ms } }\n");
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(
      ran.err,
      HasSubstr("m failed: it held a message of queue 'q' for more than 50ms, the lease_timeout; the graph "
                "stops\n"));
}

TEST(Policies, AMessageOfATopicIsDeadForTheReaderThatFailedOnly) {
  Ran ran = run_text(
      "processes:\n  numbers: { command: numbers 7, writes: t }\n  fussy: { command: fussy 3, reads: t }\n"
      "  m: { command: m, reads: t }\n  late: { command: letters, reads: d }\n"
      "topics: { t: { max_deliveries: 2, dead_letter: d } }\nqueues: [d]\n");
  EXPECT_EQ(ran.code, 0) << ran.err;
  for (const char* number : {"1", "2", "3", "4", "5", "6", "7"})
    EXPECT_THAT(ran.out, HasSubstr("get in P2: " + std::string(number) + "\n"));
  for (const char* number : {"3", "6"}) {
    EXPECT_THAT(ran.out, HasSubstr(" │ " + std::string(number) + ": 2 times, nack of fussy\n"));
    EXPECT_THAT(ran.out, Not(HasSubstr(" │ " + std::string(number) + "\n")));
  }
  EXPECT_THAT(ran.err, HasSubstr("message 2 of the queue from 'copy:t:fussy' to 'fussy' failed 2 times, the "
                                 "last time when fussy gave it back; it is in queue 'd' now\n"));
}

TEST(Policies, AReaderThatHoldsAMessageOfATopicForTooLongIsStoppedAndNamed) {
  Ran ran = run_text("processes:\n  f: { command: f, writes: t }\n  m: { command: \"" TAKE
                     " hold\", reads: t }\n  other: { command: m, reads: t }\n"
                     "topics: { t: { lease_timeout: 50ms } }\n");
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("m failed: it held a message of the queue from 'copy:t:m' to 'm' for more "
                                 "than 50ms, the lease_timeout"));
}

TEST(Policies, MemoryCanBeTakenBeforeTheStart) {
  Ran ran = run_text(
      "processes:\n  f: { command: f, writes: q }\n  m: { command: m, reads: q }\n"
      "queues: { q: { capacity: 4, memory: 64KiB, prefault: true } }\n");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("HelloWorld"));
}

}  // namespace
}  // namespace procgraph::e2e
