// Locks, events and semaphores of an area between processes, as a node sees them.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <csignal>
#include <string>

#include "area/lock_word.h"
#include "test_area.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;

TEST(AreaLock, LetsOneProcessInAtATime) {
  TestArea a({.size = 64, .lock = true});
  std::array<pid_t, 3> adders{};
  for (std::uint16_t i = 0; i < 3; ++i) {
    adders[i] = a.start(i + 1, "write", [](Node&, SharedMemory& area) {
      auto* count = reinterpret_cast<volatile std::uint64_t*>(area.writable().data());
      for (int n = 0; n < 4000; ++n) {
        const Held held = area.lock();
        if (held.holder_died()) return 1;
        *count = *count + 1;
      }
      return 0;
    });
  }
  for (pid_t pid : adders) EXPECT_EQ(wait_for_end(pid), 0);
  EXPECT_EQ(*reinterpret_cast<std::uint64_t*>(a.data().data()), 12000u);
  EXPECT_EQ(a.words().lock.load() & detail::kHolder, 0u);
}

TEST(AreaLock, OfADeadHolderGoesToTheNextWhoIsToldOnce) {
  TestArea a({.size = 64, .lock = true});
  EXPECT_EQ(a.run(1, "write",
                  [](Node&, SharedMemory& area) {
                    const Held held = area.lock();
                    return raise(SIGKILL);
                  }),
            128 + SIGKILL);
  const pid_t waiter = a.start(2, "read", [](Node&, SharedMemory& area) {
    Held held = area.lock();
    const bool told = held.holder_died();
    held.release();
    return told && !area.lock().holder_died() ? 0 : 1;
  });
  wait_until([&] { return (a.words().lock.load() & detail::kContended) != 0; });
  a.reap(1);
  EXPECT_EQ(wait_for_end(waiter), 0);
}

TEST(AreaLock, IsNotWaitedForLongerThanWanted) {
  TestArea a({.size = 64, .lock = true});
  a.words().lock.store(9);
  EXPECT_EQ(
      a.run(1, "read", [](Node&, SharedMemory& area) { return area.try_lock() || area.lock(1ms) ? 1 : 0; }),
      0);
  EXPECT_EQ(a.words().lock.load() & detail::kHolder, 9u);
}

TEST(AreaLock, WakesAnotherWhereTheOneThatItWokeIsKilledOrStopped) {
  for (const int signal : {SIGKILL, SIGSTOP}) {
    TestArea a({.size = 64, .lock = true});
    a.words().lock.store(9);
    const auto wait_and_take = [](Node&, SharedMemory& area) {
      const Held held = area.lock();
      return 0;
    };
    const pid_t first = a.start(1, "read", wait_and_take);
    wait_until([&] { return (a.words().lock.load() & detail::kContended) != 0; });
    kill(first, signal);
    if (signal == SIGKILL) {
      EXPECT_EQ(wait_for_end(first), 128 + SIGKILL);
    } else {
      wait_for_stop(first);
    }
    const pid_t second = a.start(2, "read", wait_and_take);
    detail::release(a.words().lock);  // may wake the first one
    signal == SIGKILL ? a.reap(1) : sidestep_area(a.control());
    EXPECT_EQ(wait_for_end(second), 0);
    if (signal == SIGSTOP) {
      kill(first, SIGCONT);
      EXPECT_EQ(wait_for_end(first), 0);
    }
  }
}

TEST(AreaLock, IsThereOnlyWhereTheFileSaysSo) {
  TestArea a({.size = 64});
  EXPECT_EQ(a.run(1, "write",
                  [](Node&, SharedMemory& area) {
                    return refused<Failure>([&] { (void)area.lock(); }) ==
                                   "area 'a' has no lock: give it 'lock: true'"
                               ? 0
                               : 1;
                  }),
            0);
}

TEST(Sync, AnObjectIsWhatItsFirstUserMakesIt) {
  TestArea a({.size = 64, .sync = {"x", "y"}});
  EXPECT_EQ(a.run(1, "read",
                  [](Node& node, SharedMemory&) {
                    (void)node.event("a", "x");
                    bool right = refused<Failure>([&] { (void)node.lock("a", "x"); }) ==
                                 "'x' of area 'a' is an event, not a lock";
                    right &= refused<Failure>([&] { (void)node.lock("a", "z"); }) ==
                             "there is no 'z' of area 'a': name it in its 'sync'";
                    right &= node.semaphore("a", "y", 3).value() == 3;
                    right &= node.semaphore("a", "y", 5).value() == 3;
                    right &=
                        refused<Failure>([&] { (void)node.semaphore("a", "y", 1U << 31U); }) != "accepted";
                    right &= refused<NoSuchPort>([&] { (void)node.event("b", "x"); }) ==
                             "process 'p' has no port 'b'; it has 'a' (read shared_memory)";
                    return right ? 0 : 1;
                  }),
            0);
}

TEST(Sync, ALockSurvivesItsHolder) {
  TestArea a({.size = 64, .sync = {"l"}});
  EXPECT_EQ(a.run(1, "read",
                  [](Node& node, SharedMemory&) {
                    const Held held = node.lock("a", "l").acquire();
                    return raise(SIGKILL);
                  }),
            128 + SIGKILL);
  EXPECT_EQ(
      a.run(2, "read", [](Node& node, SharedMemory&) { return node.lock("a", "l").try_acquire() ? 1 : 0; }),
      0);
  a.reap(1);
  EXPECT_EQ(a.run(2, "read",
                  [](Node& node, SharedMemory&) {
                    Lock lock = node.lock("a", "l");
                    const bool told = lock.acquire().holder_died();
                    return told && !lock.acquire().holder_died() ? 0 : 1;
                  }),
            0);
}

TEST(Sync, AnEventLetsAllGoOnUntilItIsCleared) {
  TestArea a({.size = 64, .sync = {"go"}});
  detail::SyncObject& object = *a.memory().find("go");
  std::array<pid_t, 3> waiters{};
  for (std::uint16_t i = 0; i < 3; ++i) {
    waiters[i] = a.start(i + 1, "read",
                         [](Node& node, SharedMemory&) { return node.event("a", "go").wait() ? 0 : 1; });
  }
  wait_until([&] { return object.waiters.asked.load() != 0; });
  EXPECT_EQ(a.run(5, "read",
                  [](Node& node, SharedMemory&) {
                    Event go = node.event("a", "go");
                    if (go.is_set() || go.wait(1ms)) return 1;
                    go.set();
                    return go.is_set() && go.wait(0ns) ? 0 : 2;
                  }),
            0);
  for (pid_t pid : waiters) EXPECT_EQ(wait_for_end(pid), 0);
  EXPECT_EQ(a.run(5, "read",
                  [](Node& node, SharedMemory&) {
                    Event go = node.event("a", "go");
                    go.clear();
                    return go.is_set() || go.wait(1ms) ? 1 : 0;
                  }),
            0);
}

TEST(Sync, AnEventThatWasSetAndClearedStillLetsGoWhoWaitedBefore) {
  TestArea a({.size = 64, .sync = {"go"}});
  detail::SyncObject& object = *a.memory().find("go");
  const pid_t waiter =
      a.start(1, "read", [](Node& node, SharedMemory&) { return node.event("a", "go").wait() ? 0 : 1; });
  wait_until([&] { return object.waiters.asked.load() != 0; });
  EXPECT_EQ(a.run(2, "read",
                  [](Node& node, SharedMemory&) {
                    Event go = node.event("a", "go");
                    go.set();
                    go.clear();
                    return 0;
                  }),
            0);
  EXPECT_EQ(wait_for_end(waiter), 0);
}

TEST(Sync, ASemaphoreHasAsManyPermitsAsWereReleased) {
  TestArea a({.size = 64, .sync = {"s"}});
  detail::SyncObject& object = *a.memory().find("s");
  EXPECT_EQ(a.run(1, "read",
                  [](Node& node, SharedMemory&) {
                    Semaphore s = node.semaphore("a", "s", 2);
                    s.acquire();
                    if (!s.try_acquire() || s.try_acquire() || s.acquire(1ms)) return 1;
                    s.release();
                    if (s.value() != 1) return 2;
                    s.acquire();
                    return raise(SIGKILL);  // both stay taken
                  }),
            128 + SIGKILL);
  a.reap(1);
  std::array<pid_t, 3> waiters{};
  for (std::uint16_t i = 0; i < 3; ++i) {
    waiters[i] = a.start(i + 2, "read", [](Node& node, SharedMemory&) {
      node.semaphore("a", "s", 0).acquire();
      return 0;
    });
  }
  wait_until([&] { return object.waiters.asked.load() != 0; });
  EXPECT_EQ(a.run(5, "read",
                  [](Node& node, SharedMemory&) {
                    Semaphore s = node.semaphore("a", "s", 7);
                    if (s.value() != 0) return 1;
                    s.release(3);
                    return 0;
                  }),
            0);
  for (pid_t pid : waiters) EXPECT_EQ(wait_for_end(pid), 0);
  EXPECT_EQ(
      a.run(5, "read",
            [](Node& node, SharedMemory&) {
              Semaphore s = node.semaphore("a", "s", 7);
              s.release(0x7fffffff);
              return refused<Failure>([&] { s.release(); }) ==
                             "a semaphore of area 'a' holds at most 2147483647 permits: 1 more are too many"
                         ? 0
                         : 1;
            }),
      0);
}

}  // namespace
}  // namespace procgraph::testing
