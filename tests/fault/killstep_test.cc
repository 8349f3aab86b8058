// A process dies, or stops, between any two instructions of any operation of a queue: nothing is lost,
// doubled or blocked, no block or place is missing.
#include <gtest/gtest.h>

#include "killstep_scene.h"

namespace procgraph::testing {

std::string verdict(TestQueue& queue, const History& history) {
  std::vector<Found> found = drain(queue.control(), queue.payload(), queue.roster(), kReaper);
  bool at_most_once = queue.view(kReaper).memory.policy().at_most_once;
  if (auto wrong = judge(history, found, queue.sample(), at_most_once); !wrong.empty()) return wrong;
  // A drained queue takes no more; that it did not lose anything can be seen on an open one.
  queue.view(kReaper).control().state.store(0);
  return inspect(queue.control(), queue.payload(), queue.roster(), kReaper, kVictimNumber);
}

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
