// What victims do: together every public operation of a queue and of a topic, on such in every condition.
//
// Of the SDK's headers:
// - Node: made, gone, reader, writer: "attaches…"; a place that the runner gives, to a process that a node
//   started or to one from outside: attach_kills_test.cc; select: "selects…", here and of several channels
//   (killstep_several_test.cc), and of areas and events (killstep_area_test.cc, which has the names of sync
//   objects too). Of shared_memory, connection, listener, address and what it says of itself the channels'
//   memory knows nothing: they map, or pass on, what the process was given.
// - Writer: put, put_many, loan, commit, close; forward: killstep_several_test.cc. max_message is constant.
// - Reader: get, get_batch, get_many, fd ("waits with poll"), for which try_get and the iterator are get.
// - Message, Frame: ack, nack, put_back, reject; gone is ack. The rest reads what is in hand.
// - SharedMemory, Value, Array, Lock, Event, Semaphore: killstep_area_test.cc.
// - Connection: the kernel's.
// And what the runner does to a channel: killstep_admin_test.cc.
#pragma once

#include <functional>
#include <memory>
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
  bool attaches = false;  // its node and ends are made, and go, one instruction at a time too
};

// What a victim has open.
struct Ends {
  std::unique_ptr<Node> node;
  std::unique_ptr<Reader> in;
  std::unique_ptr<Writer> out;

  void open() {
    node = std::make_unique<Node>();
    in = std::make_unique<Reader>(node->reader("in"));
    out = std::make_unique<Writer>(node->writer("out"));
  }
  void close() {
    in.reset();
    out.reset();
    node.reset();
  }
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
