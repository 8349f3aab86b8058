// A topic with both ends in one process, for tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "queue/producer.h"
#include "test_queue.h"
#include "topic/publisher.h"

namespace procgraph::testing {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

inline constexpr TopicReader kGates{}, kLossy{.gates = false}, kLatest{.gates = false, .history = 1};

// One process with a writing end and a reader's place: each Node takes the environment that is set.
struct Side {
  Side(const TestTopic& topic, std::uint16_t participant, std::uint32_t reader)
      : node(entered(topic, participant, reader)), in(node.reader("in")), out(node.writer("out")) {}

  static Node entered(const TestTopic& topic, std::uint16_t participant, std::uint32_t reader) {
    topic.enter(participant, "both", reader);
    return Node();
  }

  Node node;
  Reader in;
  Writer out;
};

inline TopicShape shape(std::vector<TopicReader> readers, std::uint64_t history = 8) {
  return {.history = history,
          .memory = 1 << 20,
          .max_message = 64 << 10,
          .writers = 1,
          .readers = std::move(readers)};
}

inline void put_numbers(Writer& out, int from, int to) {
  for (int i = from; i < to; ++i) ASSERT_TRUE(out.try_put(std::to_string(i))) << i;
}

inline std::vector<std::string> take_all(Reader& in) {
  std::vector<std::string> texts;
  while (auto message = in.try_get()) texts.emplace_back(message->text());
  return texts;
}

}  // namespace procgraph::testing
