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
INSTANTIATE_TEST_SUITE_P(WithAPlaceOutside, TopicKillStep, ::testing::ValuesIn(place_scenarios()),
                         [](const auto& scenario) { return test_name(scenario.param.name); });

class PlaceStep : public ::testing::TestWithParam<TopicScenario> {};

// The runner is between any two instructions of giving a place to the next one, and others put.
TEST_P(PlaceStep, OthersPutWhileAPlaceChangesHands) {
  Scene<TestTopic> scene(GetParam()), last(GetParam()), copy(GetParam());
  auto view = scene.queue().view(kReaper);
  Tracee runner([] {}, [&] { change_hands(view); });
  std::vector<long> points;
  for_each_state(runner, scene, last, [&](long at) {
    points.push_back(at);
    copy.copy_from(last);
    work_beside(copy.queue().view(kOther), copy.history());  // it begins anew, as a killed one would
    ASSERT_EQ(verdict(copy.queue(), copy.history()), "") << "stopped after instruction " << at;
  });
  EXPECT_FALSE(runner.has_failed());
  const std::size_t stride = exhaustive() ? 1 : std::max<std::size_t>(1, points.size() / 40);
  for (std::size_t i = 0; i < points.size(); i += stride) {
    const long point = points[i];
    Scene<TestTopic> other(GetParam());
    auto its = other.queue().view(kReaper);
    Tracee slow([] {}, [&] { change_hands(its); });
    for (long n = 0; n < point && slow.step(); ++n) {
    }
    put_beside(other.queue().view(kOther), other.history());
    slow.finish();
    ASSERT_FALSE(slow.has_failed()) << "stopped after instruction " << point;
    ASSERT_EQ(verdict(other.queue(), other.history()), "") << "went on after instruction " << point;
  }
}

INSTANTIATE_TEST_SUITE_P(OfOneThat, PlaceStep, ::testing::ValuesIn(place_scenarios()),
                         [](const auto& scenario) { return test_name(scenario.param.name); });

}  // namespace
}  // namespace procgraph::testing
