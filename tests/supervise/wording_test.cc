#include "supervise/wording.h"

#include <gtest/gtest.h>

#include <csignal>

namespace procgraph {
namespace {

using namespace std::chrono_literals;

TEST(Wording, SaysHowAProcessEnded) {
  EXPECT_EQ(how({.code = 3}), "exit code 3");
  EXPECT_EQ(how({.signal = SIGSEGV}), "killed by SIGSEGV");
  EXPECT_EQ(how({.signal = SIGABRT, .core = true}), "killed by SIGABRT (core dumped)");
}

TEST(Wording, SaysWhyARunFailed) {
  EXPECT_EQ(why({.label = "worker.1", .exit = {.code = 1}}, Why::kExit), "worker.1 failed: exit code 1");
  EXPECT_EQ(
      why({.label = "a", .exit = {.signal = SIGKILL}, .explanation = "out of memory, its limit is 64MiB"},
          Why::kExit),
      "a failed: killed by SIGKILL: out of memory, its limit is 64MiB");
  EXPECT_EQ(why({.label = "a", .explanation = "cannot start '/x': it does not exist"}, Why::kRefused),
            "a failed: cannot start '/x': it does not exist");
  EXPECT_EQ(why({.label = "a", .timeout = 90s}, Why::kTimeout),
            "a failed: it still ran after 1m30s, its timeout");
  EXPECT_EQ(why({.timeout = 60s}, Why::kGraphTimeout), "the graph still ran after 1m, its timeout");
  EXPECT_EQ(why({.explanation = "No space left on device"}, Why::kOutput),
            "stdout cannot be written: No space left on device");
}

TEST(Wording, NamesTheStopThatAProcessDiedIn) {
  EXPECT_EQ(why({.label = "a", .exit = {.signal = SIGKILL}, .stopped_by = SIGSTOP}, Why::kExit),
            "a failed: killed by SIGKILL (it was stopped by SIGSTOP)");
  EXPECT_EQ(was_stopped("a", SIGTTIN), "a was stopped by SIGTTIN, for it read from the terminal");
}

TEST(Wording, SaysWhatAFailureDoesToTheGraph) {
  EXPECT_EQ(consequence(Effect::kStops), "; the graph stops");
  EXPECT_EQ(consequence(Effect::kGoesOn), "; the rest goes on");
  EXPECT_EQ(consequence(Effect::kIgnored), "; that is ignored");
  EXPECT_EQ(consequence(Effect::kStopping), "; the graph is stopping");
}

TEST(Wording, SaysWhichMessageDiedAndOfWhat) {
  EXPECT_EQ(died("queue 'jobs'", {"parse.1", 1204, 5, "death"}),
            "message 1,204 of queue 'jobs' failed 5 times, the last time when parse.1 died");
  EXPECT_EQ(died("queue 'jobs'", {"parse.1", 0, 1, "nack"}),
            "message 0 of queue 'jobs' failed 1 time, the last time when parse.1 gave it back");
  EXPECT_EQ(died("queue 'jobs'", {"parse", 7, 1, "reject"}),
            "message 7 of queue 'jobs' failed 1 time, the last time when parse rejected it");
  EXPECT_EQ(
      why({.explanation = "message 0 of queue 'q' failed 1 time, the last time when m died"},
          Why::kDeadMessage),
      "message 0 of queue 'q' failed 1 time, the last time when m died; it has no dead_letter to take it");
  EXPECT_EQ(why({.channel = "queue 'jobs'", .letters = 2}, Why::kDeadLetters),
            "2 messages of queue 'jobs' are dead");
  EXPECT_EQ(why({.channel = "queue 'jobs'", .letters = 1}, Why::kDeadLetters),
            "1 message of queue 'jobs' is dead");
  EXPECT_EQ(why({.label = "m", .channel = "queue 'jobs'", .timeout = 5s}, Why::kLease),
            "m failed: it held a message of queue 'jobs' for more than 5s, the lease_timeout");
  EXPECT_EQ(kept("queue 'jobs'", 2, "queue 'failed'"),
            "2 dead letters of queue 'jobs' found no room in queue 'failed'");
}

TEST(Wording, CountsWhatIsLeftInAQueue) {
  EXPECT_EQ(left_over("queue 'jobs'", 1204, 2),
            "1,204 messages were left in queue 'jobs'; messages had come back 2 times");
  EXPECT_EQ(left_over("queue 'jobs'", 2, 1), "2 messages were left in queue 'jobs'; one had come back");
  EXPECT_EQ(left_over("queue 'jobs'", 1, 0), "1 message was left in queue 'jobs'");
}

TEST(Wording, CountsWhatWasRecovered) {
  EXPECT_EQ(recovered("parse.2", "queue 'jobs'", {.returned = 3}),
            "recovered from parse.2: queue 'jobs': 3 messages came back");
  EXPECT_EQ(
      recovered("p", "queue 'q'", {.returned = 1, .dead = 2, .gone = 1, .undone = 2}),
      "recovered from p: queue 'q': 1 message came back, 2 messages have failed too often, 1 message is "
      "gone (at_most_once), 2 messages that were not put yet are undone");
  EXPECT_EQ(recovered("p", "area 'a'", {.freed = 2, .torn = 1}),
            "recovered from p: area 'a': 2 locks are free, 1 write is torn");
}

TEST(Wording, NamesPortsThatWereNotOpened) {
  const std::vector<std::string> one{"a"};
  EXPECT_EQ(never_opened("p", one), "'p' never opened its port 'a'");
  std::vector<std::string> many;
  for (int i = 0; i < 40; ++i) many.push_back(std::to_string(i));
  EXPECT_EQ(never_opened("p", many),
            "'p' never opened its ports '0', '1', '2', '3', '4', '5', '6', '7' and 32 more");
}

TEST(Wording, CountsWhatHasPassedThroughAChannel) {
  EXPECT_EQ(counters("queue 'jobs'", {.put = 1204,
                                      .acknowledged = 1200,
                                      .redelivered = 3,
                                      .dropped = 4,
                                      .deepest = 12,
                                      .blocked = 1500ms}),
            "queue 'jobs': 1,204 put, 1,200 acknowledged, 3 redelivered, 4 dropped; at most 12 waited; "
            "writers waited "
            "1.500 s");
  EXPECT_EQ(counters("topic 'news'", {.put = 2, .acknowledged = 1, .missed = 1}),
            "topic 'news': 2 put, 1 acknowledged, 1 missed");
  EXPECT_EQ(counters("queue 'jobs'", {.refused = 7}), "queue 'jobs': 7 refused");
  EXPECT_EQ(counters("queue 'jobs'", {}), "");
}

}  // namespace
}  // namespace procgraph
