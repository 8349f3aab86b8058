// What the runner sees of those who sleep on a queue or a topic.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <thread>

#include "queue/waiting.h"
#include "roster.h"
#include "test_queue.h"

namespace procgraph::testing {
namespace {

using For = SleepingThread::For;

std::vector<SleepingThread> until_one_sleeps(std::span<std::byte> control) {
  for (;;) {
    auto found = sleeping_threads(control);
    if (!found.empty()) return found;
    std::this_thread::yield();
  }
}

int exit_code(pid_t pid) {
  int status = -1;
  return ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Sleepers, AReaderWaitsForAMessageUntilThereIsOne) {
  const TestQueue queue({.capacity = 4, .memory = 64 << 10, .participants = 8});
  const pid_t reader = queue.start(1, "read", [](Node& node) { return node.reader("q").get() ? 0 : 1; });
  const auto found = until_one_sleeps(queue.control());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].participant, 1);
  EXPECT_EQ(found[0].what, For::kMessage);
  const pid_t writer = queue.start(2, "write", [](Node& node) {
    node.writer("q").put("x");
    return 0;
  });
  EXPECT_EQ(exit_code(reader), 0);
  EXPECT_EQ(exit_code(writer), 0);
  EXPECT_TRUE(sleeping_threads(queue.control()).empty());
}

TEST(Sleepers, AWriterWaitsForAPlaceUntilTheQueueIsEnlarged) {
  const TestQueue queue({.capacity = 2, .memory = 64 << 10, .participants = 8});
  const pid_t writer = queue.start(1, "write", [](Node& node) {
    Writer out = node.writer("q");
    for (int i = 0; i < 4; ++i) out.put("x");
    return 0;
  });
  EXPECT_EQ(until_one_sleeps(queue.control())[0].what, For::kPlace);
  EXPECT_EQ(bounds(queue.control()), (QueueBounds{.capacity = 2, .most = 128}));
  raise_capacity(queue.control(), queue.roster(), 4);
  EXPECT_EQ(exit_code(writer), 0);
  EXPECT_EQ(queue.sample().waiting, 4U);
  raise_capacity(queue.control(), queue.roster(), 1'000'000);
  EXPECT_EQ(bounds(queue.control()).capacity, 128U);
}

TEST(Sleepers, AWriterWaitsForBytesUntilTheMemoryIsEnlarged) {
  const TestQueue queue(
      {.capacity = 8, .memory = 1024, .max_message = 1024, .max_memory = 4096, .participants = 8});
  const pid_t writer = queue.start(1, "write", [](Node& node) {
    Writer out = node.writer("q");
    for (int i = 0; i < 3; ++i) out.put(std::string(1000, 'x'));
    return 0;
  });
  EXPECT_EQ(until_one_sleeps(queue.control())[0].what, For::kMemory);
  EXPECT_EQ(memory_bounds(queue.control()), (QueueBounds{.capacity = 1024, .most = 4096}));
  raise_memory(queue.control(), queue.roster(), 3000);
  EXPECT_EQ(exit_code(writer), 0);
  EXPECT_EQ(queue.sample().bytes, 3000U);
  raise_memory(queue.control(), queue.roster(), 1'000'000);
  EXPECT_EQ(memory_bounds(queue.control()).capacity, 4096U);
}

// One of the two readers may be less far behind than the other, before and after.
TEST(Sleepers, AWriterWaitsForAPlaceUntilTheHistoryOfATopicIsLonger) {
  const TestTopic topic(
      {.history = 4, .max_history = 8, .participants = 8, .readers = {{}, {.gates = true, .history = 2}}});
  const pid_t writer = topic.start(1, "write", [](Node& node) {
    Writer out = node.writer("q");
    for (int i = 0; i < 6; ++i) out.put("x");
    return 0;
  });
  EXPECT_EQ(until_one_sleeps(topic.control())[0].what, For::kPlace);
  EXPECT_EQ(topic.sample().put, 2U);
  EXPECT_EQ(bounds(topic.control()), (QueueBounds{.capacity = 4, .most = 8}));
  EXPECT_THAT(readers_behind(topic.control()), ::testing::ElementsAre(1));
  raise_capacity(topic.control(), topic.roster(), 100);
  EXPECT_EQ(exit_code(writer), 0);
  EXPECT_EQ(bounds(topic.control()).capacity, 8U);
  EXPECT_EQ(topic.sample().kept, 6U);
  EXPECT_THAT(readers_behind(topic.control()), ::testing::ElementsAre(1));
  for (const std::uint32_t reader : {0U, 1U}) {
    const pid_t all = topic.start(
        static_cast<std::uint16_t>(2 + reader), "read",
        [](Node& node) {
          Reader in = node.reader("q");
          for (std::uint64_t i = 0; i < 6; ++i) {
            const auto message = in.get(std::chrono::nanoseconds(0));
            if (!message || message->missed() != 0) return 1;
          }
          return in.get(std::chrono::nanoseconds(0)) ? 2 : 0;
        },
        reader);
    EXPECT_EQ(exit_code(all), 0);
  }
}

TEST(Sleepers, AWriterWaitsForBytesUntilTheMemoryOfATopicIsEnlarged) {
  const TestTopic topic({.history = 8,
                         .memory = 1024,
                         .max_message = 1024,
                         .max_memory = 4096,
                         .participants = 8,
                         .readers = {{}}});
  const pid_t writer = topic.start(1, "write", [](Node& node) {
    Writer out = node.writer("q");
    for (int i = 0; i < 3; ++i) out.put(std::string(1000, 'x'));
    return 0;
  });
  EXPECT_EQ(until_one_sleeps(topic.control())[0].what, For::kMemory);
  EXPECT_EQ(memory_bounds(topic.control()), (QueueBounds{.capacity = 1024, .most = 4096}));
  raise_memory(topic.control(), topic.roster(), 3000);
  EXPECT_EQ(exit_code(writer), 0);
  EXPECT_EQ(topic.sample().bytes, 3000U);
}

TEST(Sleepers, OfATopicTheReadersThatAreBehindAreKnown) {
  const TestTopic topic({.history = 2, .participants = 8, .readers = {{}, {.gates = false}, {}}});
  const pid_t writer = topic.start(1, "write", [](Node& node) {
    Writer out = node.writer("q");
    for (int i = 0; i < 3; ++i) out.put("x");
    return 0;
  });
  EXPECT_EQ(until_one_sleeps(topic.control())[0].what, For::kPlace);
  EXPECT_THAT(readers_behind(topic.control()), ::testing::ElementsAre(0, 2));
  reader_gone(topic.control(), topic.roster(), 0);
  EXPECT_THAT(readers_behind(topic.control()), ::testing::ElementsAre(2));
  reader_gone(topic.control(), topic.roster(), 2);
  EXPECT_EQ(exit_code(writer), 0);
}

// Between its election and its being rung, as a waker that is stopped there leaves it.
TEST(Sleepers, OneThatIsAboutToBeRungIsToldApart) {
  const TestQueue queue({.capacity = 4, .memory = 64 << 10, .participants = 8});
  const pid_t reader = queue.start(1, "read", [](Node& node) { return node.reader("q").get() ? 0 : 1; });
  const auto found = until_one_sleeps(queue.control());
  EXPECT_TRUE(stirring_doorbells(queue.control()).empty());
  auto view = queue.view(2);
  detail::take_out_of_lines(view, 1);
  EXPECT_TRUE(sleeping_threads(queue.control()).empty());
  EXPECT_THAT(stirring_doorbells(queue.control()), ::testing::ElementsAre(found[0].doorbell));
  end_of_writers(queue.control(), queue.roster());
  EXPECT_EQ(exit_code(reader), 1);
  EXPECT_TRUE(stirring_doorbells(queue.control()).empty());
}

TEST(Sleepers, ADoorbellIsKnownByItsPlaceInTheRoster) {
  constexpr std::uint64_t kFirst = offsetof(detail::RosterRegion, doorbells);
  EXPECT_EQ(doorbell_at(kFirst + 4), 0U);
  EXPECT_EQ(doorbell_at(kFirst + 5 * sizeof(detail::Doorbell) + 4), 5U);
  EXPECT_EQ(doorbell_at(kFirst), std::nullopt);
  EXPECT_EQ(doorbell_at(0), std::nullopt);
  EXPECT_EQ(doorbell_at(kFirst + detail::kDoorbells * sizeof(detail::Doorbell) + 4), std::nullopt);
}

}  // namespace
}  // namespace procgraph::testing
