// The runner is killed between any two instructions of what it does to a channel (but for reaping, which
// killstep_test.cc has, and places that change hands, killstep_topic_test.cc), and does it again: the channel
// is as if it had been done once, and who sleeps there is woken.
#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "killstep_scene.h"
#include "killstep_steps.h"
#include "killstep_topic_steps.h"

namespace procgraph::testing {
namespace {

struct Deed {
  Scenario scenario;  // it has no act
  std::function<void(TestQueue&)> run;
};

void PrintTo(const Deed& deed, std::ostream* out) {
  *out << deed.scenario.name;
}

// Of the first bell of who sleeps.
std::uint32_t rings_of_sleeper(const TestQueue& channel) {
  return detail::Roster::attach(channel.roster())->word(kSleeper * detail::kBellsEach).load();
}

std::vector<Deed> deeds() {
  const auto asleep_for = [](detail::Line line, int messages) {
    return [line, messages](TestQueue& q, History& h) {
      put_some(q, h, messages);
      let_wait(q, line, 0);
    };
  };
  QueueShape growing = kSmall;
  growing.max_capacity = 8;
  const auto readers = detail::Line::kReaders, places = detail::Line::kPlaces;
  return {{{"the last writer is gone", kSmall, asleep_for(readers, 0), {}},
           [](TestQueue& q) { writer_gone(q.control(), q.roster(), kVictimNumber); }},
          {{"no writer will come", kSmall, asleep_for(readers, 2), {}},
           [](TestQueue& q) { end_of_writers(q.control(), q.roster()); }},
          {{"no reader will come", kSmall, asleep_for(places, 3), {}},
           [](TestQueue& q) { end_of_readers(q.control(), q.roster()); }},
          {{"one is stopped", kSmall, asleep_for(readers, 1), {}},
           [](TestQueue& q) { sidestep(q.control(), q.roster(), kVictimNumber); }},
          {{"there is more room", growing, asleep_for(places, 3), {}},
           [](TestQueue& q) { raise_capacity(q.control(), q.roster(), 5); }}};
}

class AdminKillStep : public ::testing::TestWithParam<Deed> {};

TEST_P(AdminKillStep, IsDoneAgainByTheNextOne) {
  const auto& [scenario, run] = GetParam();
  Scene<TestQueue> scene(scenario), last(scenario), copy(scenario);
  const std::uint32_t before = rings_of_sleeper(scene.queue());
  Tracee runner([] {}, [&] { run(scene.queue()); });
  for_each_state(runner, scene, last, [&](long at) {
    copy.copy_from(last);
    run(copy.queue());
    ASSERT_NE(rings_of_sleeper(copy.queue()), before) << "killed after instruction " << at;
    copy.queue().reap(kSleeper);
    ASSERT_EQ(verdict(copy.queue(), copy.history()), "") << "killed after instruction " << at;
  });
  EXPECT_FALSE(runner.has_failed());
}

INSTANTIATE_TEST_SUITE_P(When, AdminKillStep, ::testing::ValuesIn(deeds()),
                         [](const auto& deed) { return test_name(deed.param.scenario.name); });

// What a reader is gone for nobody keeps, and writers wait for it no more.
TEST(TopicAdminKillStep, AReaderIsGone) {
  const TopicScenario scenario{"a reader is gone",
                               topic_steps::small(true),
                               [](TestTopic& t, History& h) {
                                 topic_steps::put_some(t, h, 0, 3);
                                 topic_steps::let_wait(t, detail::Line::kPlaces, 0);
                               },
                               {}};
  Scene<TestTopic> scene(scenario), last(scenario), copy(scenario);
  Tracee runner([] {}, [&] { reader_gone(scene.queue().control(), scene.queue().roster(), 0); });
  for_each_state(runner, scene, last, [&](long at) {
    copy.copy_from(last);
    TestTopic& topic = copy.queue();
    reader_gone(topic.control(), topic.roster(), 0);
    auto view = topic.view(kOther);
    topic_steps::take(view, kTheOther, 3, copy.history(), History::kAckedBeside);
    for (std::size_t id = 0; id < 3; ++id)
      ASSERT_NE(copy.history().steps[id] & History::kAckedBeside, 0U) << "killed after instruction " << at;
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(put(view, "x")) << "killed after instruction " << at;
    EXPECT_FALSE(put(view, "x")) << "the other one has not read them";
    EXPECT_TRUE(topic.sample().readers[0].gone);
    EXPECT_FALSE(poisoned(topic.control()));
  });
  EXPECT_FALSE(runner.has_failed());
}

}  // namespace
}  // namespace procgraph::testing
