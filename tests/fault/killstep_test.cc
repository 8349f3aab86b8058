// A process dies, or stops, between any two instructions of any operation of a queue: nothing is lost,
// doubled or blocked, no block or place is missing.
#include <gtest/gtest.h>

#include "killstep_scene.h"

namespace procgraph::testing {

namespace {

class KillStep : public ::testing::TestWithParam<Scenario> {};

TEST_P(KillStep, AProcessKilledAtAnyInstructionLosesNothingAndBlocksNobody) {
  kill_anywhere(GetParam());
}

TEST_P(KillStep, OthersWorkBesideAStoppedProcessAndAfterItsDeath) {
  work_beside_anywhere(GetParam());
}

TEST_P(KillStep, AProcessGoesOnRightlyWhenOthersHaveWorkedMeanwhile) {
  go_on_anywhere(GetParam());
}

TEST_P(KillStep, TheReaperItselfMayBeKilledAtAnyInstruction) {
  kill_the_reaper_anywhere(GetParam());
}

INSTANTIATE_TEST_SUITE_P(AProcessThat, KillStep, ::testing::ValuesIn(scenarios()),
                         [](const auto& scenario) { return test_name(scenario.param.name); });

}  // namespace
}  // namespace procgraph::testing
