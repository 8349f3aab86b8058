// Messages of 64 bytes, one at a time, from one process to one, and to three, each of which gets all: a
// topic, beside our queue from one to one, in turn, so that what disturbs the machine disturbs all. Prints
// one line per repeat and the medians, in messages put per second; messages that did not arrive make it fail.
//   topic_bench [REPEATS [MESSAGES]]
#include <cstdlib>
#include <functional>
#include <vector>

#include "test_queue.h"
#include "together.h"

namespace {

using bench::median;
using procgraph::Node;
using procgraph::TopicReader;
using procgraph::testing::TestQueue;
using procgraph::testing::TestTopic;

constexpr std::uint64_t kHistory = 1024;

double run(const TestQueue& channel, std::uint32_t readers, std::uint64_t messages) {
  std::vector<std::function<void()>> bodies{[&] {
    channel.enter(1, "write");
    Node node;
    bench::write_all(node, messages);
  }};
  for (std::uint32_t i = 0; i < readers; ++i) {
    bodies.push_back([&, i] {
      channel.enter(static_cast<std::uint16_t>(i + 2), "read", i);
      Node node;
      bench::read_all(node, messages);
    });
  }
  return static_cast<double>(messages) / bench::run(bodies) / 1e6;
}

double run_queue(std::uint64_t messages) {
  TestQueue queue({.capacity = kHistory, .writers = 1});
  return run(queue, 1, messages);
}

double run_topic(std::uint32_t readers, std::uint64_t messages) {
  TestTopic topic({.history = kHistory, .writers = 1, .readers = std::vector<TopicReader>(readers)});
  return run(topic, readers, messages);
}

}  // namespace

int main(int argc, char** argv) {
  int repeats = argc > 1 ? std::atoi(argv[1]) : 9;
  std::uint64_t messages = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 2'000'000;
  std::vector<double> queue, one, three, ratio;
  for (int i = 0; i < repeats; ++i) {
    queue.push_back(run_queue(messages));
    one.push_back(run_topic(1, messages));
    three.push_back(run_topic(3, messages));
    ratio.push_back(one.back() / queue.back());
    std::printf("queue %6.2f M/s   topic, one reader %6.2f M/s (%.2f of it)   three readers %6.2f M/s\n",
                queue.back(), one.back(), ratio.back(), three.back());
  }
  std::printf("median: queue %.2f M/s, topic with one reader %.2f M/s (%.2f of it), with three %.2f M/s\n",
              median(queue), median(one), median(ratio), median(three));
}
