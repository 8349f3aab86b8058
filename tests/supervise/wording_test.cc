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

TEST(Wording, CountsWhatIsLeftInAQueue) {
  EXPECT_EQ(left_over("queue 'jobs'", 1204, 2),
            "1,204 messages were left in queue 'jobs'; 2 had been redelivered");
  EXPECT_EQ(left_over("queue 'jobs'", 1, 0), "1 message was left in queue 'jobs'");
}

}  // namespace
}  // namespace procgraph
