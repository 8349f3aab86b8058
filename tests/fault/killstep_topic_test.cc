// A process dies, or stops, between any two instructions of any operation of a topic: no reader loses or gets
// twice what it must get, nothing is blocked, no block or place is missing.
#include <gtest/gtest.h>

#include "killstep_scene.h"

namespace procgraph::testing {
namespace {

class TopicKillStep : public ::testing::TestWithParam<TopicScenario> {};

TEST_P(TopicKillStep, AProcessKilledAtAnyInstructionLosesNothingAndBlocksNobody) {
  kill_anywhere(GetParam());
}

TEST_P(TopicKillStep, OthersWorkBesideAStoppedProcessAndAfterItsDeath) {
  work_beside_anywhere(GetParam());
}

TEST_P(TopicKillStep, AProcessGoesOnRightlyWhenOthersHaveWorkedMeanwhile) {
  go_on_anywhere(GetParam());
}

TEST_P(TopicKillStep, TheReaperItselfMayBeKilledAtAnyInstruction) {
  kill_the_reaper_anywhere(GetParam());
}

INSTANTIATE_TEST_SUITE_P(AProcessThat, TopicKillStep, ::testing::ValuesIn(topic_scenarios()),
                         [](const auto& scenario) { return test_name(scenario.param.name); });

}  // namespace
}  // namespace procgraph::testing
