// What the survivors of a victim find in a queue, and the rules that it must obey.
#include "killstep_scenarios.h"
#include "procgraph/admin.h"

namespace procgraph::testing {

std::string verdict(TestQueue& queue, const History& history) {
  std::vector<Found> found = drain(queue.control(), queue.payload(), queue.roster(), kReaper);
  bool at_most_once = queue.view(kReaper).memory.policy().at_most_once;
  if (auto wrong = judge(history, found, queue.sample(), at_most_once); !wrong.empty()) return wrong;
  // A drained queue takes no more; that it did not lose anything can be seen on an open one.
  queue.view(kReaper).control().state.store(0);
  return inspect(queue.control(), queue.payload(), queue.roster(), kReaper, kVictimNumber);
}

}  // namespace procgraph::testing
