// What a reap says of what it found in the hands of the dead.
#include <gtest/gtest.h>
#include <signal.h>

#include <vector>

#include "test_area.h"
#include "topic_scene.h"

namespace procgraph::testing {
namespace {

// Puts 4 messages, acknowledges the first, holds two and a loan, and is killed.
void die_with_hands_full(const TestQueue& q) {
  const pid_t pid = q.start(2, "both", [](Node& node) {
    auto out = node.writer("out");
    auto in = node.reader("in");
    for (int i = 0; i < 4; ++i) out.put("x");
    auto held = in.get_batch(3, 0ns);
    held[0].ack();
    auto loan = out.loan(10);
    return raise(SIGKILL);
  });
  EXPECT_EQ(wait_for_end(pid), 128 + SIGKILL);
}

TEST(Recovery, OfAQueueCountsWhatComesBackAndWhatIsUndone) {
  const TestQueue q({.capacity = 8});
  die_with_hands_full(q);
  EXPECT_EQ(reap(q.control(), q.roster(), 2), (Recovery{.returned = 2, .undone = 1}));
  EXPECT_EQ(reap(q.control(), q.roster(), 2), Recovery{}) << "told twice";
  EXPECT_EQ(q.sample().redelivered, 2u);
}

TEST(Recovery, OfAQueueTellsWhatIsDeadFromWhatComesBack) {
  const TestQueue q({.capacity = 8, .policy = {.max_deliveries = 1}});
  die_with_hands_full(q);
  EXPECT_EQ(reap(q.control(), q.roster(), 2), (Recovery{.dead = 2, .undone = 1}));
}

TEST(Recovery, OfAQueueThatDeliversAtMostOnceCountsWhatIsGone) {
  const TestQueue q({.capacity = 8, .policy = {.at_most_once = true}});
  die_with_hands_full(q);
  EXPECT_EQ(reap(q.control(), q.roster(), 2), (Recovery{.gone = 2, .undone = 1}));
}

TEST(Recovery, OfOneThatHeldNothingIsNothing) {
  const TestQueue q({.capacity = 8});
  const pid_t pid = q.start(2, "both", [](Node& node) {
    auto out = node.writer("out");
    auto in = node.reader("in");
    out.put("x");
    return in.get() ? raise(SIGKILL) : 1;
  });
  EXPECT_EQ(wait_for_end(pid), 128 + SIGKILL);
  EXPECT_EQ(reap(q.control(), q.roster(), 2), (Recovery{.returned = 1}));
  EXPECT_EQ(reap(q.control(), q.roster(), 3), Recovery{});
}

TEST(Recovery, OfATopicIsOfThePlaceOfTheDeadReader) {
  for (const bool once : {false, true}) {
    for (const bool gates : {false, true}) {
      TestTopic topic(shape({{.gates = gates, .at_most_once = once}}));
      Side a(topic, 1, 0);
      put_numbers(a.out, 0, 4);
      const pid_t pid = topic.start(2, "read", [](Node& node) {
        auto in = node.reader("q");
        auto held = in.get_batch(3, 0ns);
        held[1].ack();
        return raise(SIGKILL);
      });
      EXPECT_EQ(wait_for_end(pid), 128 + SIGKILL);
      EXPECT_EQ(reap(topic.control(), topic.roster(), 2),
                once ? Recovery{.gone = 2} : Recovery{.returned = 2})
          << "gates: " << gates;
      EXPECT_EQ(reap(topic.control(), topic.roster(), 2), Recovery{}) << "told twice";
    }
  }
}

TEST(Recovery, OfAnAreaCountsLocksAndTornWrites) {
  const TestArea a({.size = 100, .lock = true, .sync = {"one", "two"}});
  const pid_t pid = a.start(7, "write", [&a](Node& node, SharedMemory& area) {
    const Held all = area.lock();
    auto one = node.lock("a", "one");
    const Held named = one.acquire();
    a.words().writer.store(7);  // killed in the middle of a write
    a.words().end.store(10);
    a.words().version.fetch_add(1);
    return raise(SIGKILL);
  });
  EXPECT_EQ(wait_for_end(pid), 128 + SIGKILL);
  EXPECT_EQ(reap_area(a.control(), 7), (Recovery{.freed = 2, .torn = 1}));
  EXPECT_EQ(reap_area(a.control(), 7), Recovery{}) << "told twice";
}

}  // namespace
}  // namespace procgraph::testing
