// What becomes of messages that find no room, that nobody takes in time, and that come back.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>

#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "procgraph/node.h"
#include "queue/blocks.h"
#include "queue/consumer.h"
#include "queue/settle.h"
#include "queue/waiting.h"
#include "test_queue.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;
using detail::View;

QueueShape with(QueuePolicy policy) {
  return {.capacity = 3, .memory = 4096, .max_message = 1024, .max_capacity = 3, .policy = policy};
}

// Runs `body` as a process that reads "in" and writes "out"; its number of the first wrong step, or 0.
int in_a_node(TestQueue& q, const std::function<int(Node&)>& body) {
  return wait_for_end(q.start(1, "both", body));
}

std::string all(Reader& reader) {
  std::string text;
  while (auto message = reader.try_get()) text += message->text().substr(0, 1);
  return text;
}

// ---- when_full ----

TEST(AFullQueue, DropsTheNewestAndCountsItAsRefused) {
  TestQueue q(with({.when_full = Overflow::kDropNewest}));
  EXPECT_EQ(in_a_node(q,
                      [](Node& node) {
                        auto writer = node.writer("out");
                        auto reader = node.reader("in");
                        for (const char* text : {"a", "b", "c", "d"}) writer.put(text);
                        if (!writer.try_put("e")) return 1;
                        return all(reader) == "abc" ? 0 : 2;
                      }),
            0);
  QueueSample s = q.sample();
  EXPECT_EQ(s.put, 3u);
  EXPECT_EQ(s.refused, 2u);
  EXPECT_EQ(s.dropped, 0u);
  EXPECT_EQ(s.acknowledged, 3u);
}

TEST(AFullQueue, DropsTheNewestWhereItsMemoryIsUsedUpAndLendsAnyway) {
  TestQueue q(with({.when_full = Overflow::kDropNewest}));
  EXPECT_EQ(in_a_node(q,
                      [](Node& node) {
                        auto writer = node.writer("out");
                        std::vector<Message> held;
                        auto reader = node.reader("in");
                        for (int i = 0; i < 4; ++i) {
                          writer.put(std::string(1024, 'x'));
                          held.push_back(std::move(*reader.get()));
                        }
                        Loan loan = writer.loan(1024);
                        std::memset(loan.bytes().data(), 'y', loan.bytes().size());
                        Loan moved = std::move(loan);
                        if (moved.bytes().size() != 1024) return 1;
                        moved.commit();
                        { Loan unused = writer.loan(1024); }
                        return reader.try_get() ? 2 : 0;
                      }),
            0);
  EXPECT_EQ(q.sample().refused, 2u);
  EXPECT_EQ(q.sample().bytes, 0u);
}

TEST(AFullQueue, DropsTheOldestThatNobodyHasTaken) {
  TestQueue q(with({.when_full = Overflow::kDropOldest}));
  EXPECT_EQ(in_a_node(q,
                      [](Node& node) {
                        auto writer = node.writer("out");
                        auto reader = node.reader("in");
                        writer.put("a");
                        auto held = reader.get();
                        for (const char* text : {"b", "c", "d", "e", "f"}) writer.put(text);
                        Loan loan = writer.loan(1);
                        loan.bytes()[0] = std::byte{'g'};
                        loan.commit();
                        return all(reader) == "efg" && held->text() == "a" ? 0 : 1;
                      }),
            0);
  QueueSample s = q.sample();
  EXPECT_EQ(s.put, 7u);
  EXPECT_EQ(s.dropped, 3u);
  EXPECT_EQ(s.acknowledged, 4u);
  EXPECT_EQ(s.got, 4u);
  EXPECT_EQ(s.refused, 0u);
}

TEST(AFullQueue, DropsAsManyOldOnesAsALargeMessageNeeds) {
  TestQueue q(
      {.capacity = 100, .memory = 4096, .max_message = 4096, .policy = {.when_full = Overflow::kDropOldest}});
  EXPECT_EQ(in_a_node(q,
                      [](Node& node) {
                        auto writer = node.writer("out");
                        auto reader = node.reader("in");
                        for (char c = 'a'; c < 'i'; ++c) writer.put(std::string(500, c));
                        reader.get()->nack();  // 'a' is the oldest of those that wait
                        writer.put(std::string(2000, 'z'));
                        return all(reader) == "efghz" ? 0 : 1;
                      }),
            0);
  EXPECT_EQ(q.sample().dropped, 4u);
  EXPECT_EQ(q.sample().bytes, 0u);
}

TEST(AFullQueue, DropsTheNewestIfReadersHoldAllOfTheMemory) {
  TestQueue q(with({.when_full = Overflow::kDropOldest}));
  EXPECT_EQ(in_a_node(q,
                      [](Node& node) {
                        auto writer = node.writer("out");
                        auto reader = node.reader("in");
                        std::vector<Message> held;
                        for (int i = 0; i < 4; ++i) {
                          writer.put(std::string(1024, 'x'));
                          held.push_back(std::move(*reader.get()));
                        }
                        writer.put(std::string(1024, 'y'));
                        return reader.try_get() ? 1 : 0;
                      }),
            0);
  EXPECT_EQ(q.sample().refused, 1u);
}

TEST(AFullQueue, RejectsAndSaysSo) {
  TestQueue q(with({.when_full = Overflow::kReject}));
  EXPECT_EQ(in_a_node(q,
                      [](Node& node) {
                        auto writer = node.writer("out");
                        for (const char* text : {"a", "b", "c"}) writer.put(text);
                        if (writer.try_put("d") || writer.put("d", std::chrono::hours(1))) return 1;
                        Loan loan = writer.loan(1);
                        try {
                          loan.commit();
                          return 2;
                        } catch (const Full&) {
                        }
                        try {
                          writer.put("d");
                        } catch (const Full& e) {
                          std::string said = e.what();
                          return said == "queue 'q' (port 'out') is full, and rejects what does not fit" ? 0
                                                                                                         : 3;
                        }
                        return 4;
                      }),
            0);
  EXPECT_EQ(q.sample().refused, 4u);
  EXPECT_EQ(q.sample().waiting, 3u);
}

TEST(AFullQueue, GrowsToExactlyItsBoundsAndThenMakesItsWriterWait) {
  TestQueue q({.capacity = 2,
               .memory = 1000,
               .max_message = 600,
               .max_capacity = 5,
               .max_memory = 1500,
               .policy = {.when_full = Overflow::kGrow}});
  EXPECT_EQ(in_a_node(q,
                      [](Node& node) {
                        auto writer = node.writer("out");
                        for (int i = 0; i < 2; ++i) writer.put(std::string(600, 'x'));
                        if (!writer.try_put(std::string(300, 'y'))) return 1;
                        if (writer.try_put("z")) return 2;  // the memory is used up
                        auto reader = node.reader("in");
                        reader.get()->ack();
                        for (int i = 0; i < 3; ++i) {
                          if (!writer.try_put("z")) return 3;
                        }
                        return writer.put("z", 1ms) ? 4 : 0;  // five wait
                      }),
            0);
  EXPECT_EQ(q.sample().waiting, 5u);
  EXPECT_EQ(q.sample().refused, 0u);
}

// ---- delivery, expiry ----

TEST(AtMostOnce, AMessageOfAKilledReaderIsGone) {
  TestQueue q(with({.at_most_once = true}));
  View view = q.view(9);
  ASSERT_TRUE(put(view, "a"));
  pid_t reader = q.start(2, "read", [](Node& node) {
    auto end = node.reader("q");
    auto held = end.get();
    raise(SIGKILL);
    return held ? 0 : 1;
  });
  EXPECT_EQ(wait_for_end(reader), 128 + SIGKILL);
  q.reap(2);
  EXPECT_EQ(get(view), "");
  EXPECT_EQ(q.sample(), (QueueSample{.put = 1, .acknowledged = 1, .got = 1, .deepest = 1}));
}

TEST(AtMostOnce, AMessageThatIsGivenBackOrHeldDoesNotDelayTheEnd) {
  TestQueue q(with({.at_most_once = true}));
  View view = q.view(9);
  ASSERT_TRUE(put(view, "a") && put(view, "b"));
  end_of_writers(q.control(), q.roster());
  detail::Consumer other(view);
  ASSERT_NE(other.take(), detail::kNoBlock);
  pid_t reader = q.start(2, "read", [](Node& node) {
    auto end = node.reader("q");
    end.get()->nack();
    return !end.get() && end.ended() ? 0 : 1;
  });
  EXPECT_EQ(wait_for_end(reader), 0);
}

TEST(AnOldMessage, IsDroppedAndCountedWhenItWouldBeTaken) {
  TestQueue q(with({.expire = std::chrono::hours(1)}));
  View view = q.view(9);
  for (const char* text : {"a", "b", "c"}) ASSERT_TRUE(put(view, text));
  for (detail::BlockIndex block : {0u, 1u})
    view.memory.descriptor(block).time.fetch_sub(std::chrono::nanoseconds(2h).count());
  EXPECT_EQ(get(view), "c");
  EXPECT_EQ(get(view), "");
  QueueSample s = q.sample();
  EXPECT_EQ(s.expired, 2u);
  EXPECT_EQ(s.acknowledged, 1u);
  EXPECT_EQ(s.bytes, 0u);
}

TEST(AnOldMessage, IsDroppedAfterItCameBack) {
  TestQueue q(with({.expire = std::chrono::hours(1)}));
  View view = q.view(9);
  ASSERT_TRUE(put(view, "a"));
  detail::Consumer consumer(view);
  const detail::BlockIndex block = consumer.take();
  ASSERT_NE(block, detail::kNoBlock);
  give_back(view, block);
  view.memory.descriptor(block).time.fetch_sub(std::chrono::nanoseconds(2h).count());
  EXPECT_EQ(consumer.take(), detail::kNoBlock);
  EXPECT_EQ(q.sample().expired, 1u);
  EXPECT_EQ(q.sample().redelivered, 1u);
}

// ---- failing deliveries ----

TEST(AMessageThatFailsTooOften, IsParkedWithItsCauseAndIsNoReadersAnyMore) {
  TestQueue q(with({.max_deliveries = 2}));
  View view = q.view(9);
  ASSERT_TRUE(put(view, "a"));
  detail::Consumer consumer(view);
  for (int i = 0; i < 2; ++i) {
    const detail::BlockIndex block = consumer.take();
    ASSERT_NE(block, detail::kNoBlock);
    give_back(view, block);
  }
  EXPECT_EQ(consumer.take(), detail::kNoBlock);
  QueueSample s = q.sample();
  EXPECT_EQ(s.dead, 1u);
  EXPECT_EQ(s.parked, 1u);
  EXPECT_EQ(s.redelivered, 1u);
  EXPECT_EQ(s.got, 2u);
  EXPECT_EQ(s.acknowledged, 0u);
  detail::BlockWord own{view.memory.descriptor(0).own.load()};
  EXPECT_EQ(own.state(), detail::State::kParked);
  EXPECT_EQ(own.owner(), 9);
  EXPECT_EQ(detail::Journal{view.memory.descriptor(0).note.load()}.cause(), detail::Cause::kGivenBack);
  EXPECT_EQ(view.roster.word(detail::kRunnerBell).load(), 1u) << "the runner was not rung";
  end_of_writers(q.control(), q.roster());
  EXPECT_TRUE(consumer.is_at_end());
}

TEST(AMessageThatFailsTooOften, IsParkedByTheReaperToo) {
  TestQueue q(with({.max_deliveries = 1}));
  View victim = q.view(2), view = q.view(9);
  ASSERT_TRUE(put(view, "a"));
  detail::Consumer consumer(victim);
  ASSERT_NE(consumer.take(), detail::kNoBlock);
  q.reap(2);
  EXPECT_EQ(q.sample().parked, 1u);
  detail::BlockWord own{view.memory.descriptor(0).own.load()};
  EXPECT_EQ(own.owner(), 2);
  EXPECT_EQ(detail::Journal{view.memory.descriptor(0).note.load()}.cause(), detail::Cause::kDeath);
}

// ---- retry ----

TEST(AMessageThatRests, IsPassedByOthers) {
  TestQueue q(with({.retry_first = 1h, .retry_most = 1h}));
  View view = q.view(9);
  ASSERT_TRUE(put(view, "a") && put(view, "b"));
  pid_t reader = q.start(2, "read", [](Node& node) {
    auto end = node.reader("q");
    end.get()->nack();
    return end.get()->text() == "b" && !end.try_get() && !end.ended() ? 0 : 1;
  });
  EXPECT_EQ(wait_for_end(reader), 0);
}

TEST(AMessageThatRests, ComesWhenItsTimeHasComeAndNotSooner) {
  TestQueue q(with({.retry_first = 20ms, .retry_most = 20ms}));
  View view = q.view(9);
  ASSERT_TRUE(put(view, "a"));
  pid_t reader = q.start(2, "read", [](Node& node) {
    auto end = node.reader("q");
    auto before = std::chrono::steady_clock::now();
    end.get()->nack();
    auto again = end.get();
    if (!again || again->text() != "a" || again->deliveries() != 2) return 2;
    return std::chrono::steady_clock::now() - before >= 20ms ? 0 : 3;
  });
  EXPECT_EQ(wait_for_end(reader), 0);
}

TEST(AMessageThatRests, IsNotForgottenWhenAnotherOneIsTakenAfterItsRest) {
  TestQueue q(with({.retry_first = 5ms, .retry_most = 5ms}));  // and by chance "a" somewhat less than "b"
  EXPECT_EQ(in_a_node(q,
                      [](Node& node) {
                        auto out = node.writer("out");
                        auto in = node.reader("in");
                        out.put("a");
                        out.put("b");
                        auto a = in.get(), b = in.get();
                        a->nack();
                        b->nack();
                        auto one = in.get();  // waits while both rest
                        const std::string text(one->text());
                        one->ack();
                        auto other = in.get(10s);
                        return other && other->text() != text ? 0 : 1;
                      }),
            0);
}

TEST(AMessageThatRests, WakesAReaderThatSleptBeforeItCameBack) {
  TestQueue q(with({.retry_first = 5ms, .retry_most = 5ms}));
  View view = q.view(9);
  ASSERT_TRUE(put(view, "a"));
  detail::Consumer consumer(view);
  const detail::BlockIndex block = consumer.take();
  ASSERT_NE(block, detail::kNoBlock);
  pid_t reader = q.start(2, "read", [](Node& node) {
    auto end = node.reader("q");
    auto again = end.get();
    return again && again->deliveries() == 2 ? 0 : 1;
  });
  while (!detail::anybody(view.control(), detail::Line::kReaders)) sched_yield();
  give_back(view, block);
  EXPECT_EQ(wait_for_end(reader), 0);
}

TEST(AMessageThatRests, RestsTwiceAsLongEachTimeUpToTheMost) {
  TestQueue q(with({.retry_first = 1h, .retry_most = 3h}));
  View view = q.view(9);
  ASSERT_TRUE(put(view, "a"));
  std::vector<std::int64_t> hours;
  for (int i = 0; i < 4; ++i) {
    detail::Consumer consumer(view);
    auto now = detail::Clock::now();
    const detail::BlockIndex block = consumer.take();
    ASSERT_NE(block, detail::kNoBlock);
    give_back(view, block);
    EXPECT_EQ(consumer.take(), detail::kNoBlock);
    auto rest = consumer.alarm() - now;
    // Not sooner, and at most a quarter later.
    hours.push_back(rest / 1h);
    EXPECT_LT(rest, hours.back() * 80min);
    view.memory.descriptor(block).note.store(detail::kRest);  // its time has come
  }
  EXPECT_EQ(hours, (std::vector<std::int64_t>{1, 2, 3, 3}));
}

TEST(ARestingMessage, KeepsReadersFromTheEnd) {
  TestQueue q(with({.retry_first = 5ms, .retry_most = 5ms}));
  View view = q.view(9);
  ASSERT_TRUE(put(view, "a"));
  end_of_writers(q.control(), q.roster());
  pid_t reader = q.start(2, "read", [](Node& node) {
    auto end = node.reader("q");
    end.get()->nack();
    auto again = end.get();
    if (!again) return 1;
    again->ack();
    return !end.get() && end.ended() ? 0 : 2;
  });
  EXPECT_EQ(wait_for_end(reader), 0);
}

// ---- counters ----

TEST(TheCounters, KnowThatItWasFull) {
  for (const Overflow policy : {Overflow::kDropNewest, Overflow::kDropOldest}) {
    TestQueue q(with({.when_full = policy}));
    EXPECT_EQ(in_a_node(q,
                        [](Node& node) {
                          auto out = node.writer("out");
                          for (int i = 0; i < 4; ++i) out.put("x");
                          return 0;
                        }),
              0);
    EXPECT_EQ(q.sample().deepest, 3u);
  }
}

TEST(TheCounters, TellHowLongWritersWaitedAndTheGreatestDepth) {
  TestQueue q({.capacity = 2, .memory = 4096});
  pid_t writer = q.start(1, "write", [](Node& node) { return node.writer("q").put("x", 1ms) ? 0 : 1; });
  EXPECT_EQ(wait_for_end(writer), 0);
  writer = q.start(1, "write", [](Node& node) {
    auto end = node.writer("q");
    end.put("x");
    return end.put("x", 200ms) ? 1 : 0;
  });
  EXPECT_EQ(wait_for_end(writer), 0);
  EXPECT_GE(q.sample().blocked, 50ms);  // it looks for a while before it waits
  EXPECT_EQ(q.sample().deepest, 2u);
}

}  // namespace
}  // namespace procgraph::testing
