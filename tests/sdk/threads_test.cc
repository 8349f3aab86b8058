// Threads of one process that share one mapping: what ThreadSanitizer can see of the protocol.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ends.h"
#include "procgraph/node.h"
#include "queue/consumer.h"
#include "queue/producer.h"
#include "queue/settle.h"
#include "test_queue.h"

namespace procgraph::testing {
namespace {

constexpr int kThreads = 2, kEach = 20'000;

struct Item {
  int writer, number;
  std::array<int, 30> filling;  // beyond what lies in a descriptor
};

using detail::BlockIndex;
using detail::Want;

// One view for all: TSan knows memory by its address, and a second mapping is another address.
void write_all(detail::View& view, int writer) {
  detail::Producer producer(view);
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
        if (Want want = producer.claim(size, block); want != Want::kNothing) return want;
        std::memcpy(view.memory.bytes(block), &item, size);
        filled = true;
      }
      return producer.publish(block);
    });
  }
  producer.forget();
}

int read_all(detail::View& view, std::array<std::atomic<int>, kThreads>& count) {
  detail::Consumer consumer(view);
  detail::Spinner spinner(50, 1);
  std::array<int, kThreads> last{-1, -1};
  int wrong = 0;
  for (;;) {
    BlockIndex block = detail::kNoBlock;
    detail::wait_for(
        view, spinner, std::nullopt, [](Want) { return 0; },
        [&](bool about_to_sleep) {
          block = consumer.take();
          if (block != detail::kNoBlock) return Want::kNothing;
          return about_to_sleep && consumer.is_at_end() ? Want::kStopped : Want::kMessage;
        });
    consumer.resume();
    if (block == detail::kNoBlock) return wrong;
    Item item{};
    std::size_t size = view.memory.descriptor(block).size;
    std::memcpy(&item, view.memory.bytes(block), size);
    if (size == sizeof item) {
      for (int x : item.filling) wrong += x != item.number;
    }
    auto writer = static_cast<std::size_t>(item.writer);
    if (item.number % 7 == 0 && view.memory.descriptor(block).tries == 0) {
      give_back(view, block);
      continue;
    }
    if (item.number % 7 != 0) {
      wrong += item.number <= last[writer];
      last[writer] = item.number;
    }
    ++count[writer];
    release(view, block);
  }
}

TEST(Threads, ShareAQueueExactlyOnceAndInOrder) {
  TestQueue q({.capacity = 16, .memory = 8192, .max_message = 256});
  detail::View view = q.view(1);
  std::mutex counting;
  view.counting = &counting;
  std::array<std::atomic<int>, kThreads> count{};
  std::atomic<int> wrong = 0;
  std::vector<std::thread> writers, readers;
  for (int i = 0; i < kThreads; ++i) {
    readers.emplace_back([&] { wrong += read_all(view, count); });
    writers.emplace_back([&, i] { write_all(view, i); });
  }
  for (std::thread& t : writers) t.join();
  end_of_writers(q.control(), q.roster());
  for (std::thread& t : readers) t.join();
  EXPECT_EQ(wrong, 0);
  for (auto& n : count) EXPECT_EQ(n, kEach);
  QueueSample s = q.sample();
  EXPECT_EQ(s.put, 2u * kEach);
  EXPECT_EQ(s.acknowledged, 2u * kEach);
  EXPECT_EQ(s.redelivered, 2u * ((kEach + 6) / 7));
  EXPECT_EQ(s.bytes, 0u);
}

TEST(Threads, TakeAHandleEachFromOneNode) {
  TestQueue q({.capacity = 8, .memory = 64 << 10});
  pid_t pid = q.start(1, "both", [&](Node& node) {
    std::atomic<int> sum = 0;
    std::vector<std::thread> writers, readers;
    for (int i = 0; i < 3; ++i) {
      readers.emplace_back([&] {
        auto reader = node.reader("in");
        for (Message& message : reader) sum += std::stoi(std::string(message.text()));
      });
      writers.emplace_back([&] {
        auto writer = node.writer("out");
        for (int k = 1; k <= 1000; ++k) writer.put(std::to_string(k));
      });
    }
    for (std::thread& t : writers) t.join();
    end_of_writers(q.control(), q.roster());
    for (std::thread& t : readers) t.join();
    return sum == 3 * 500'500 ? 0 : 1;
  });
  EXPECT_EQ(wait_for_end(pid), 0);
}

}  // namespace
}  // namespace procgraph::testing
