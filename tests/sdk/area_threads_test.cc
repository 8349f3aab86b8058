// Threads of one process that share one mapping of an area: what ThreadSanitizer can see of the protocol.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "area/lock_word.h"
#include "area/sync.h"
#include "test_area.h"

namespace procgraph::testing {
namespace {

constexpr int kThreads = 3, kEach = 3000;

template <class Body>
void in_threads(Body body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back([=] { body(i); });
  for (std::thread& thread : threads) thread.join();
}

TEST(AreaThreads, SeePlainMemoryInOrderUnderTheLock) {
  TestArea a({.size = 64, .lock = true});
  const detail::AreaMemory area = a.memory();
  auto* count = reinterpret_cast<std::uint64_t*>(area.data().data());
  in_threads([&](int i) {
    for (int n = 0; n < kEach; ++n) {
      (void)detail::acquire(area.control().lock, static_cast<std::uint16_t>(i + 1), std::nullopt);
      ++*count;
      detail::release(area.control().lock);
    }
  });
  EXPECT_EQ(*count, static_cast<std::uint64_t>(kThreads * kEach));
}

TEST(AreaThreads, HoldALockThatTheyWaitedForAsOneThatOthersMayWaitFor) {
  TestArea a({.size = 64, .lock = true});
  auto& word = a.words().lock;
  word.store(9);
  std::thread waiter([&] { (void)detail::acquire(word, 1, std::nullopt); });
  wait_until([&] { return word.load() == (9 | detail::kContended); });
  detail::release(word);
  waiter.join();
  EXPECT_EQ(word.load(), 1 | detail::kContended);
}

TEST(AreaThreads, ReadOnlyWholeWritesAndValues) {
  TestArea a({.size = 256});
  const detail::AreaMemory area = a.memory();
  std::atomic<int> wrong = 0;
  std::atomic<int> writing = 1;
  in_threads([&](int i) {
    std::array<std::uint64_t, 8> text{};
    std::array<std::uint64_t, 2> value{};
    if (i == 0) {
      for (std::uint64_t n = 1; n <= kEach; ++n) {
        text.fill(n);
        value = {n, ~n};
        detail::write(area, 1, 128, std::as_bytes(std::span(text)));
        (void)detail::acquire(area.control().writer, 1, std::nullopt);
        detail::write_value(area, 8, std::as_bytes(std::span(value)));
        detail::release(area.control().writer);
        detail::note_change(area.control());
      }
      writing = 0;
      return;
    }
    while (writing != 0) {
      (void)detail::read(area, 128, std::as_writable_bytes(std::span(text)), std::nullopt);
      for (std::uint64_t word : text) wrong += word != text[0];
      detail::read_value(area, 8, std::as_writable_bytes(std::span(value)));
      wrong += value[0] != 0 && value[1] != ~value[0];
    }
  });
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(detail::version_of(area.control()), 2u * kEach);
}

TEST(AreaThreads, HandPermitsAndEventsOn) {
  TestArea a({.size = 64, .sync = {"s", "e"}});
  const detail::AreaMemory area = a.memory();
  detail::SyncObject &semaphore = *area.find("s"), &event = *area.find("e");
  std::uint64_t plain = 0;  // the one permit protects it
  in_threads([&](int) {
    for (int n = 0; n < kEach; ++n) {
      detail::take_permit(semaphore, 1, std::nullopt);
      ++plain;
      detail::add_permits(semaphore, 1, 1);
    }
  });
  EXPECT_EQ(plain, static_cast<std::uint64_t>(kThreads * kEach));
  std::uint64_t told = 0;
  in_threads([&](int i) {
    if (i == 0) {
      told = 42;
      detail::set(event);
    } else {
      detail::wait(event, std::nullopt);
      EXPECT_EQ(told, 42u);
    }
  });
}

}  // namespace
}  // namespace procgraph::testing
