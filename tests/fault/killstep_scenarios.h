// What victims do: together every public operation of a queue, on queues in every condition.
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

struct Scenario {
  std::string name;
  QueueShape shape;
  std::function<void(TestQueue&, History&)> prepare;
  // The ends are open when it begins; `node` gives them under "in" and "out".
  std::function<void(Reader&, Writer&, History&)> act;
};

inline void PrintTo(const Scenario& scenario, std::ostream* out) {
  *out << scenario.name;
}  // gtest's way

[[nodiscard]] const std::vector<Scenario>& scenarios();

// What the others do meanwhile, as far as the queue's condition lets them: put two, acknowledge one, give one
// back.
void work_beside(detail::View view, History& history);

}  // namespace procgraph::testing
