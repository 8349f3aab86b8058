// What once went wrong with a queue, each by the steps that showed it.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "procgraph/node.h"
#include "queue/blocks.h"
#include "queue/consumer.h"
#include "queue/poison.h"
#include "queue/producer.h"
#include "queue/recovery.h"
#include "queue/waiting.h"
#include "test_queue.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;
using detail::BlockIndex;
using detail::Line;
using detail::Sleeper;
using detail::View;
using detail::Want;

// A put counts its own block only once, also where a death has put the counters in doubt.
TEST(Queue, TakesItsWholeMemoryAfterADeath) {
  TestQueue q({.capacity = 100, .memory = 1000, .max_message = 600});
  q.reap(77);
  pid_t pid = q.start(1, "both", [](Node& node) {
    auto out = node.writer("out");
    auto in = node.reader("in");
    if (!out.try_put(std::string(600, 'a'))) return 1;
    if (out.try_put(std::string(600, 'b'))) return 2;  // full
    in.get()->ack();
    if (!out.try_put(std::string(600, 'c'))) return 3;
    in.get()->ack();
    if (!out.loan(600, 0ns)) return 4;
    return out.put(std::string(600, 'd'), 0ns) ? 0 : 5;
  });
  EXPECT_EQ(wait_for_end(pid), 0);
  EXPECT_EQ(q.sample().bytes, 600u);
}

// The lease belongs to the thread, whatever handle it used.
TEST(Queue, EndsForAThreadThatHoldsAMessageOfAnotherHandle) {
  TestQueue q({.capacity = 4, .memory = 64 << 10});
  View view = q.view(9);
  ASSERT_TRUE(put(view, "a"));
  end_of_writers(q.control(), q.roster());
  pid_t pid = q.start(2, "read", [](Node& node) {
    auto held = node.reader("q").get();
    auto reader = node.reader("q");
    return !reader.get() && reader.ended() ? 0 : 1;
  });
  EXPECT_EQ(wait_for_end(pid), 0);
}

// Two readers that poll, one lease each: neither delays the other's end.
TEST(Queue, EndsForReadersThatPoll) {
  TestQueue q({.capacity = 4, .memory = 64 << 10});
  View view = q.view(9);
  ASSERT_TRUE(put(view, "a"));
  ASSERT_TRUE(put(view, "b"));
  auto poll = [](Node& node) {
    auto reader = node.reader("q");
    auto held = reader.get();
    raise(SIGSTOP);
    while (!reader.ended()) (void)reader.try_get();
    return 0;
  };
  pid_t a = q.start(2, "read", poll);
  wait_for_stop(a);
  pid_t b = q.start(3, "read", poll);
  wait_for_stop(b);
  end_of_writers(q.control(), q.roster());
  kill(a, SIGCONT);
  kill(b, SIGCONT);
  EXPECT_EQ(wait_for_end(a), 0);
  EXPECT_EQ(wait_for_end(b), 0);
}

TEST(Queue, ShowsItsEndHoweverShortTheTimeout) {
  TestQueue q({.capacity = 4, .memory = 64 << 10});
  end_of_writers(q.control(), q.roster());
  pid_t pid = q.start(2, "read", [](Node& node) {
    auto reader = node.reader("q");
    for (int i = 0; i < 1000; ++i) {
      (void)reader.get(std::chrono::nanoseconds(1 + i % 200));
      if (!reader.ended()) return 1;
    }
    return 0;
  });
  EXPECT_EQ(wait_for_end(pid), 0);
}

// A forked child owns nothing of its parent's: its calls do nothing, and it unmaps nothing of its own.
TEST(Queue, IsOutOfReachOfAForkedChild) {
  TestQueue q({.capacity = 4, .memory = 64 << 20});
  View view = q.view(9);
  ASSERT_TRUE(put(view, "a"));
  pid_t pid = q.start(2, "read", [](Node& node) {
    auto reader = node.reader("q");
    auto held = reader.get();
    pid_t child = fork();
    if (child != 0) return wait_for_end(child);
    held->ack();
    std::vector<char*> mine;  // as malloc or a thread's stack might, where the parent has the queue
    for (int i = 0; i < 64; ++i) {
      void* at = mmap(nullptr, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      mine.push_back(static_cast<char*>(at));
      *mine.back() = 1;
    }
    node.~Node();
    int sum = 0;
    for (const char* at : mine) sum += *at;
    _exit(sum == 64 ? 0 : 1);
  });
  EXPECT_EQ(wait_for_end(pid), 0);
}

// Two freed blocks are both remembered by a third process, which uses one: the waiter is woken for the other.
TEST(Queue, WakesAWriterForABlockThatAnotherOnlyRemembers) {
  TestQueue q({.capacity = 8, .memory = 1200, .max_message = 200});
  View w = q.view(1), r = q.view(2), h = q.view(3);
  constexpr unsigned kClass = 1;
  detail::Claimer mine;
  std::vector<BlockIndex> held;
  for (BlockIndex b = mine.claim(w, kClass); b != detail::kNoBlock; b = mine.claim(w, kClass))
    held.push_back(b);
  ASSERT_GE(held.size(), 2u);
  auto waiter = Sleeper::enter(w);
  waiter->arm(Line::kBlocks, kClass);
  for (int i = 0; i < 2; ++i) {  // two readers, each between the map and waking
    r.memory.descriptor(held[i]).own.store(0);
    r.memory.busy(held[i]).fetch_and(~detail::bit(held[i]));
  }
  detail::Claimer other;
  ASSERT_NE(other.claim(h, kClass), detail::kNoBlock);
  detail::wake_freed(r);
  EXPECT_TRUE(waiter->sleep(detail::kAtOnce)) << "it was not rung";
}

TEST(Queue, WhoseLimitIsOverwrittenByZeroIsPoisoned) {
  TestQueue q({.capacity = 8, .memory = 1000});
  q.view(9).control().limit.store(0);
  pid_t pid = q.start(1, "write", [](Node& node) {
    try {
      (void)node.writer("q").try_put("x");
    } catch (const Poisoned&) {
      return 0;
    }
    return 1;
  });
  EXPECT_EQ(wait_for_end(pid), 0);
  EXPECT_TRUE(poisoned(q.control()));
}

// Who found the poison was killed between saying what it is and stopping the queue.
TEST(Queue, IsStoppedByTheNextOneThatFindsThePoison) {
  TestQueue q({.capacity = 4});
  View view = q.view(1), other = q.view(2);
  view.control().poison.store(7u << 16 | 2u);
  auto waiter = Sleeper::enter(other);
  waiter->arm(Line::kReaders, 0);
  detail::poison(view, detail::Poison::kLap);
  EXPECT_TRUE(waiter->sleep(detail::kAtOnce)) << "it was not rung";
}

// Nothing is put once anybody may have seen the end.
TEST(Queue, TakesNothingAfterItsEndWasSeen) {
  for (int round = 0; round < 200; ++round) {
    TestQueue q({.capacity = 4, .memory = 4096});
    View view = q.view(1);
    std::atomic<int> put = 0, got = 0, ready = 0;
    std::thread writer([&] {
      detail::Producer p(view);
      ++ready;
      for (Want want = Want::kNothing; want != Want::kStopped;) {
        BlockIndex block = 0;
        want = p.claim(8, block);
        if (want != Want::kNothing) continue;
        want = p.publish(block);
        if (want == Want::kNothing) {
          ++put;
        } else {
          release(view, block);
        }
      }
      p.forget();
    });
    std::thread reader([&] {
      detail::Consumer c(view);
      ++ready;
      for (;;) {
        if (const BlockIndex block = c.take(); block != detail::kNoBlock) {
          ++got;
          release(view, block);
        } else if (c.is_at_end()) {
          return;
        }
      }
    });
    while (ready < 2) std::this_thread::yield();
    for (int i = 0; i < round % 300; ++i) detail::relax();
    detail::announce(view, detail::kDraining);
    writer.join();
    reader.join();
    ASSERT_EQ(put, got) << "in round " << round;
  }
}

// A loan that is kept does not delay the end; one that is about to be put does.
TEST(Queue, EndsBesideALoanThatIsKept) {
  TestQueue q({.capacity = 4, .memory = 64 << 10});
  View view = q.view(1), other = q.view(2);
  detail::Producer p(view);
  BlockIndex block = 0;
  ASSERT_EQ(p.claim(8, block), Want::kNothing);
  detail::announce(view, detail::kDraining);
  detail::Consumer c(other);
  EXPECT_FALSE(c.is_at_end());
  keep(view, block);
  EXPECT_TRUE(c.is_at_end());
  EXPECT_EQ(p.publish(block), Want::kStopped);
  release(view, block);
  EXPECT_TRUE(c.is_at_end());
}

// A commit that failed leaves the loan with what it was cut to.
TEST(Queue, KeepsALoanWhoseCommitFailed) {
  TestQueue q({.capacity = 1, .memory = 64 << 10});
  pid_t pid = q.start(1, "both", [&](Node& node) {
    auto out = node.writer("out");
    auto in = node.reader("in");
    auto loan = out.loan(100);
    out.put("first");
    View v = q.view(9);
    for (auto& slot : v.control().slots) slot.owner.store(9);  // no place left to wait in
    try {
      loan.commit(10);
      return 1;
    } catch (const Failure&) {
    }
    for (auto& slot : v.control().slots) slot.owner.store(0);
    in.get()->ack();
    if (loan.bytes().size() != 10) return 2;
    loan.commit();
    return in.get()->bytes().size() == 10 ? 0 : 3;
  });
  EXPECT_EQ(wait_for_end(pid), 0);
}

}  // namespace
}  // namespace procgraph::testing
