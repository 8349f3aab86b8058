// What victims do: together every public operation of a queue and of a topic, on such in every condition.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "killstep_history.h"
#include "procgraph/node.h"
#include "test_queue.h"

namespace procgraph::testing {

inline constexpr std::uint16_t kPreparer = 1, kVictimNumber = 2, kOther = 3, kSleeper = 4, kReaper = 5;

template <class Channel>
struct ScenarioOf {
  std::string name;
  typename Channel::Shape shape;
  std::function<void(Channel&, History&)> prepare;
  // The ends are open when it begins; `node` gives them under "in" and "out".
  std::function<void(Reader&, Writer&, History&)> act;
};

template <class Channel>
void PrintTo(const ScenarioOf<Channel>& scenario, std::ostream* out) {
  *out << scenario.name;
}  // gtest's way

using Scenario = ScenarioOf<TestQueue>;
using TopicScenario = ScenarioOf<TestTopic>;
[[nodiscard]] const std::vector<Scenario>& scenarios();
[[nodiscard]] const std::vector<TopicScenario>& topic_scenarios();
// On a topic with a place for readers from outside; the one who has it holds two messages and is dead.
[[nodiscard]] const std::vector<TopicScenario>& place_scenarios();
// The runner gives that place to the next one.
void change_hands(detail::TopicView& view);

// What the others do meanwhile, as far as the queue's condition lets them: put two, acknowledge one, give one
// back.
void work_beside(detail::View view, History& history);
void work_beside(detail::TopicView view, History& history);
void put_beside(detail::TopicView view, History& history);  // the same, but for the place outside

// What is said once the dead one is reaped, and the survivors have taken everything and used the channel
// anew.
[[nodiscard]] std::string verdict(TestQueue& queue, const History& history);
[[nodiscard]] std::string verdict(TestTopic& topic, const History& history);

}  // namespace procgraph::testing
