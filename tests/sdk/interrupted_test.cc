// Threads that wait, and are disturbed: by storms of signals, by the end of their process, by a fork() beside
// them. Nobody returns early, nobody misses what comes, and no waiter is left behind that swallows it.
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "area/sync.h"
#include "procgraph/select.h"
#include "queue/waiting.h"
#include "test_area.h"
#include "test_queue.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;
using detail::Line;

constexpr QueueShape kShape{.capacity = 4, .memory = 4096, .max_message = 1024, .writers = 1};

std::atomic<int> interruptions = 0;

// Threads that are interrupted all the time, by a signal without SA_RESTART.
class Stormed {
 public:
  Stormed() {
    struct sigaction action {};
    action.sa_handler = [](int) { interruptions.fetch_add(1, std::memory_order_relaxed); };
    sigaction(SIGUSR1, &action, &before_);
  }
  Stormed(const Stormed&) = delete;
  Stormed& operator=(const Stormed&) = delete;
  ~Stormed() {
    finish();
    sigaction(SIGUSR1, &before_, nullptr);
  }

  void run(const std::function<void()>& body) {
    ++running_;
    threads_.emplace_back([this, body] {
      body();
      --running_;
      while (storm_) sched_yield();  // a thread that is gone takes no signals
    });
  }
  // Storms until all have come to their end.
  void finish() {
    while (running_ > 0) {
      for (std::thread& thread : threads_) pthread_kill(thread.native_handle(), SIGUSR1);
      sched_yield();
    }
    storm_ = false;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  std::atomic<int> running_ = 0;
  std::atomic<bool> storm_ = true;
  std::vector<std::thread> threads_;
  struct sigaction before_ {};
};

// An area and a queue in one node, ours.
struct Waits {
  Waits() : node(entered()), area(node.shared_memory("a")), in(node.reader("in")), out(node.writer("out")) {}

  Node entered() const {
    const std::string a = memory.port("a", "write");
    queue.enter_with(1, a + " " + queue.port("in", "read") + " " + queue.port("out", "write"));
    return Node();
  }

  TestArea memory{{.size = 64, .lock = true, .sync = {"lock", "event", "answer", "semaphore"}}};
  TestQueue queue{kShape};
  Node node;
  SharedMemory area;
  Reader in;
  Writer out;
};

TEST(Interrupted, NobodyWhoWaitsWithATimeReturnsBeforeItIsOver) {
  Waits w;
  Event event = w.node.event("a", "event");
  Semaphore semaphore = w.node.semaphore("a", "semaphore", 0);
  Lock lock = w.node.lock("a", "lock");
  const Held held = lock.acquire();
  const std::vector<std::pair<const char*, std::function<bool(std::chrono::nanoseconds)>>> waits = {
      {"lock", [&](auto time) { return lock.acquire(time).has_value(); }},
      {"event", [&](auto time) { return event.wait(time); }},
      {"semaphore", [&](auto time) { return semaphore.acquire(time); }},
      {"change", [&](auto time) { return w.area.wait_for_change(w.area.version(), time).has_value(); }},
      {"message", [&](auto time) { return w.in.get(time).has_value(); }},
      {"select",
       [&](auto time) {
         return !w.node.select({w.in, {w.area, w.area.version()}}, time).empty();
       }},
  };
  for (const auto& wait : waits) {
    bool found = true;
    std::chrono::steady_clock::duration took{};
    const int before = interruptions;
    Stormed storm;
    storm.run([&] {
      const auto begin = std::chrono::steady_clock::now();
      found = wait.second(30ms);
      took = std::chrono::steady_clock::now() - begin;
    });
    storm.finish();
    EXPECT_FALSE(found) << wait.first;
    EXPECT_GE(took, 30ms) << wait.first;
    EXPECT_GT(interruptions, before) << wait.first;
  }
}

constexpr int kRounds = 300;

TEST(Interrupted, ALockIsHeldByOneAtATimeAndByEverybodyInTheEnd) {
  Waits w;
  int count = 0;
  Stormed storm;
  for (int i = 0; i < 3; ++i) {
    storm.run([&] {
      Lock lock = w.node.lock("a", "lock");
      for (int n = 0; n < kRounds; ++n) {
        const Held held = lock.acquire();
        const int seen = count;
        sched_yield();
        count = seen + 1;
      }
    });
  }
  storm.finish();
  EXPECT_EQ(count, 3 * kRounds);
}

TEST(Interrupted, EveryEventIsAnswered) {
  Waits w;
  int answers = 0;
  Stormed storm;
  storm.run([&] {
    Event event = w.node.event("a", "event"), answer = w.node.event("a", "answer");
    for (int n = 0; n < kRounds; ++n) {
      event.wait();
      event.clear();
      answer.set();
    }
  });
  storm.run([&] {
    Event event = w.node.event("a", "event"), answer = w.node.event("a", "answer");
    for (; answers < kRounds; ++answers) {
      event.set();
      answer.wait();
      answer.clear();
    }
  });
  storm.finish();
  EXPECT_EQ(answers, kRounds);
}

TEST(Interrupted, EveryPermitIsTakenOnce) {
  Waits w;
  Semaphore semaphore = w.node.semaphore("a", "semaphore", 0);
  std::atomic<int> taken = 0;
  Stormed storm;
  for (int i = 0; i < 2; ++i) {
    storm.run([&] {
      for (int n = 0; n < kRounds; ++n) {
        semaphore.acquire();
        ++taken;
      }
    });
  }
  storm.run([&] {
    for (int n = 0; n < 2 * kRounds; ++n) {
      semaphore.release();
      while (n % 16 == 0 && taken < n) sched_yield();  // let them fall asleep
    }
  });
  storm.finish();
  EXPECT_EQ(taken, 2 * kRounds);
  EXPECT_EQ(semaphore.value(), 0u);
}

TEST(Interrupted, SelectMissesNoMessage) {
  Waits w;
  std::vector<std::string> texts, expected;
  for (int n = 0; n < kRounds; ++n) expected.push_back(std::to_string(n));
  Stormed storm;
  storm.run([&] {
    while (texts.size() < static_cast<std::size_t>(kRounds)) {
      const auto ready = w.node.select({w.in, {w.area, w.area.version()}});
      if (ready.empty()) break;
      while (auto message = w.in.try_get()) texts.emplace_back(message->text());
    }
  });
  storm.run([&] {
    for (const std::string& text : expected) w.out.put(text);
  });
  storm.finish();
  EXPECT_EQ(texts, expected);
}

// ---- the end of a process, and a fork() ----

int waiting_in(TestQueue& queue) {
  return std::popcount(queue.view(9).control().lines[static_cast<unsigned>(Line::kReaders)].mask[0].load());
}

pid_t start_reader(const TestQueue& queue, std::uint16_t participant) {
  return queue.start(participant, "read", [](Node& node) { return node.reader("q").get() ? 0 : 1; });
}

TEST(Interrupted, AProcessThatEndsWhileItsThreadsWaitLeavesNoWaiterBehind) {
  TestQueue queue(kShape);
  Region flag(4096);
  auto* go = reinterpret_cast<std::atomic<int>*>(flag.bytes().data());
  const pid_t ends = queue.start(1, "read", [&](Node& node) -> int {
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back([&] { (void)node.reader("q").get(); });
    while (go->load() == 0) sched_yield();
    _exit(0);
  });
  wait_until([&] { return waiting_in(queue) == 3; });
  const pid_t stays = start_reader(queue, 2);
  wait_until([&] { return waiting_in(queue) == 4; });
  *go = 1;
  ASSERT_EQ(wait_for_end(ends), 0);
  detail::View writer = queue.view(3);
  ASSERT_TRUE(put(writer, "x"));  // one of the dead may be told of it
  queue.reap(1);
  EXPECT_EQ(wait_for_end(stays), 0);
  queue.reap(2);
  EXPECT_EQ(waiting_in(queue), 0);
  for (const detail::WaitSlot& slot : writer.control().slots) EXPECT_EQ(slot.owner.load(), 0u);
}

TEST(Interrupted, AForkBesideAThreadThatWaitsTakesNothingFromIt) {
  TestQueue queue(kShape);
  const pid_t node_process = queue.start(1, "read", [&](Node& node) {
    auto reader = std::make_unique<Reader>(node.reader("q"));
    auto spare = std::make_unique<Reader>(node.reader("q"));
    bool got = false;
    std::thread waits([&] { got = reader->get().has_value(); });
    wait_until([&] { return waiting_in(queue) == 1; });
    const pid_t child = fork();
    if (child == 0) {
      spare.reset();  // what a child that unwinds does with a parent's handles
      reader.reset();
      _exit(0);
    }
    if (wait_for_end(child) != 0) return 2;
    if (waiting_in(queue) != 1) return 3;
    detail::View writer = queue.view(3);
    if (!put(writer, "x")) return 4;
    waits.join();
    return got ? 0 : 1;
  });
  EXPECT_EQ(wait_for_end(node_process), 0);
  EXPECT_EQ(waiting_in(queue), 0);
}

TEST(Interrupted, AnAreasWaitersThatEndLeaveTheOthersToBeWoken) {
  TestArea area({.size = 64, .lock = true, .sync = {"event", "semaphore"}});
  Region flag(4096);
  auto* words = reinterpret_cast<std::atomic<int>*>(flag.bytes().data());
  std::atomic<int>&go = words[0], &waiting = words[1];
  const pid_t ends = area.start(1, "write", [&](Node& node, SharedMemory&) -> int {
    std::vector<std::thread> threads;
    threads.emplace_back([&] { ++waiting, node.event("a", "event").wait(); });
    threads.emplace_back([&] { ++waiting, node.semaphore("a", "semaphore", 0).acquire(); });
    while (go == 0) sched_yield();
    _exit(0);
  });
  const auto asked = [&](const char* name) { return area.memory().find(name)->waiters.asked.load() != 0; };
  wait_until([&] { return waiting == 2 && asked("event") && asked("semaphore"); });
  const pid_t stays = area.start(2, "write", [&](Node& node, SharedMemory&) {
    node.semaphore("a", "semaphore", 0).acquire();
    return node.event("a", "event").wait() ? 0 : 1;
  });
  go = 1;
  ASSERT_EQ(wait_for_end(ends), 0);
  area.reap(1);
  detail::add_permits(*area.memory().find("semaphore"), 0, 1);
  detail::set(*area.memory().find("event"));
  EXPECT_EQ(wait_for_end(stays), 0);
  EXPECT_EQ(detail::permits(*area.memory().find("semaphore"), 0), 0u);
}

}  // namespace
}  // namespace procgraph::testing
