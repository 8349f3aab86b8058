// Threads that share one mapping of a topic: what ThreadSanitizer can see of the protocol.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "queue/blocking.h"
#include "test_queue.h"
#include "topic/publisher.h"
#include "topic/settle.h"
#include "topic/subscriber.h"

namespace procgraph::testing {
namespace {

using detail::BlockIndex;
using detail::Publisher;
using detail::Subscriber;
using detail::Subscription;
using detail::TopicView;
using detail::Want;

constexpr int kWriters = 2, kEach = 20'000;

struct Item {
  int writer, number;
  std::array<int, 30> filling;  // beyond what lies in a descriptor
};

void write_all(TopicView& view, int writer) {
  Publisher publisher(view);
  detail::Spinner spinner(50, 1);
  for (int i = 0; i < kEach; ++i) {
    Item item{writer, i, {}};
    item.filling.fill(i);
    std::size_t size = i % 2 == 0 ? sizeof item : 2 * sizeof(int);
    BlockIndex block = 0;
    bool filled = false;
    auto need = [&](Want want) {
      return want == Want::kBlock ? view.memory.geometry().class_for(size) : size;
    };
    detail::wait_for(view, spinner, std::nullopt, need, [&](bool) {
      if (!filled) {
        if (Want want = publisher.claim(size, block); want != Want::kNothing) return want;
        std::memcpy(view.memory.bytes(block), &item, size);
        filled = true;
      }
      return publisher.publish(block);
    });
  }
  publisher.forget();
}

struct Seen {
  std::atomic<std::uint64_t> got = 0, missed = 0, wrong = 0;
};

void look(const TopicView& view, const Subscriber::Taken& taken, std::array<int, kWriters>& last,
          Seen& seen) {
  Item item{};
  detail::QueueMemory memory = view.memory;
  std::size_t size = memory.descriptor(taken.block).size;
  std::memcpy(&item, memory.bytes(taken.block), size);
  if (size == sizeof item)
    seen.wrong +=
        static_cast<unsigned>(std::ranges::count_if(item.filling, [&](int x) { return x != item.number; }));
  if (taken.deliveries > 1) return;
  int& before = last[static_cast<std::size_t>(item.writer)];
  seen.wrong += item.number <= before;
  before = item.number;
}

void read_all(Subscription& subscription, Seen& seen) {
  TopicView& view = *subscription.view;
  Subscriber subscriber(subscription);
  detail::Spinner spinner(50, 1);
  std::array<int, kWriters> last;
  last.fill(-1);
  for (;;) {
    Subscriber::Taken taken;
    Want got = detail::wait_for(
        view, spinner, std::nullopt, [](Want) { return 0; },
        [&](bool about_to_sleep) {
          if (subscriber.take(taken)) return Want::kNothing;
          return about_to_sleep && subscriber.is_at_end() ? Want::kStopped : Want::kMessage;
        });
    subscriber.resume();
    if (got != Want::kNothing) return;
    look(view, taken, last, seen);
    if (taken.deliveries == 1) seen.missed += taken.missed;
    if (taken.deliveries == 1 && taken.ticket % 7 == 0) {
      give_back(subscription, taken.ticket);
      continue;
    }
    ++seen.got;
    acknowledge(subscription, taken.ticket, taken.block);
  }
}

// One view for all: TSan knows memory by its address, and a second mapping is another address.
void share(const TopicShape& shape, int handles) {
  TestTopic topic(shape);
  TopicView view = topic.view(1);
  auto readers = shape.readers.size();
  std::vector<std::unique_ptr<Subscription>> subscriptions;
  std::vector<Seen> seen(readers);
  std::vector<std::thread> reading, writing;
  for (std::uint32_t i = 0; i < readers; ++i) {
    subscriptions.push_back(std::make_unique<Subscription>());
    Subscription& mine = *subscriptions.back();
    ASSERT_TRUE(subscribe(mine, view, i));
    // By its own address: the vector grows while the first of them read.
    for (int k = 0; k < handles; ++k)
      reading.emplace_back([&mine, &mark = seen[i]] { read_all(mine, mark); });
  }
  for (int i = 0; i < kWriters; ++i) writing.emplace_back([&, i] { write_all(view, i); });
  for (std::thread& t : writing) t.join();
  end_of_writers(topic.control(), topic.roster());
  for (std::thread& t : reading) t.join();
  TopicSample s = topic.sample();
  EXPECT_EQ(s.put, static_cast<std::uint64_t>(kWriters * kEach));
  for (std::size_t i = 0; i < readers; ++i) {
    EXPECT_EQ(seen[i].wrong, 0u) << "reader " << i;
    EXPECT_EQ(seen[i].got, s.readers[i].acknowledged) << "reader " << i;
    EXPECT_EQ(seen[i].missed, s.readers[i].missed) << "reader " << i;
    EXPECT_TRUE(!shape.readers[i].gates || seen[i].got == s.put) << "reader " << i;
  }
  EXPECT_FALSE(poisoned(topic.control()));
}

TEST(TopicThreads, GiveEachReaderEverythingInOrder) {
  share({.history = 16, .memory = 8192, .max_message = 256, .readers = {{}, {.history = 3}, {}}}, 1);
}

TEST(TopicThreads, ReadInPlaceWhatWritersDoNotWaitFor) {
  share({.history = 16,
         .memory = 8192,
         .max_message = 256,
         .readers = {{.gates = false}, {.gates = false, .history = 1}, {.gates = false, .history = 5}}},
        1);
}

TEST(TopicThreads, MixReadersOfEveryPolicy) {
  share({.history = 4,
         .memory = 2048,
         .max_message = 256,
         .readers = {{}, {.gates = false}, {.gates = false, .history = 1}, {}}},
        1);
}

TEST(TopicThreads, ShareAPlaceAsHandlesOfOneProcess) {
  share({.history = 32, .memory = 8192, .max_message = 256, .readers = {{}, {.gates = false}}}, 3);
}

}  // namespace
}  // namespace procgraph::testing
