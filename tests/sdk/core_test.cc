// The parts beneath the queue, one by one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "queue/blocking.h"
#include "queue/blocks.h"
#include "queue/consumer.h"
#include "queue/poison.h"
#include "queue/producer.h"
#include "queue/recovery.h"
#include "test_queue.h"

namespace procgraph::testing {
namespace {

using detail::BlockIndex;
using detail::BlockWord;
using detail::Line;
using detail::RingWord;
using detail::Sleeper;
using detail::State;
using detail::View;
using detail::Want;

std::string refusal(const QueueShape& shape) {
  auto sizes = queue_sizes(shape);
  return sizes ? "accepted" : sizes.error().text();
}

TEST(Words, KeepWhatIsPutIntoThem) {
  BlockWord own = detail::block_word(State::kLeased, 4095, (std::uint64_t{1} << 48) - 1);
  EXPECT_EQ(own.state(), State::kLeased);
  EXPECT_EQ(own.owner(), 4095);
  EXPECT_EQ(own.ticket(), (std::uint64_t{1} << 48) - 1);
  RingWord there = detail::ring_word((std::uint64_t{1} << 40) - 1, (1u << 24) - 1);
  EXPECT_EQ(there.lap(), (std::uint64_t{1} << 40) - 1);
  EXPECT_EQ(there.block(), (1u << 24) - 1);
}

TEST(TheGeometry, HasClassesByFourUpToExactlyTheLargestMessage) {
  auto g = detail::make_geometry({.capacity = 1024, .memory = 16 << 20});
  ASSERT_TRUE(g);
  std::vector<std::uint64_t> sizes;
  for (unsigned c = 0; c < g->classes; ++c) sizes.push_back(g->of_class[c].size);
  EXPECT_THAT(sizes, ::testing::ElementsAre(80, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304));
  EXPECT_EQ(detail::make_geometry({.memory = 1 << 20, .max_message = 5000})->of_class[4].size, 5000u);
  EXPECT_EQ(g->class_for(0), 0u);
  EXPECT_EQ(g->class_for(81), 1u);
  EXPECT_EQ(g->class_for(4194304), 8u);
}

TEST(TheGeometry, PutsNoTwoBlocksAndNoTwoPartsInTheSamePlace) {
  auto g = detail::make_geometry({.capacity = 100, .memory = 1 << 20, .participants = 500});
  ASSERT_TRUE(g);
  std::uint64_t end = 0;
  for (unsigned c = 0; c < g->classes; ++c) {
    const detail::BlockClass& k = g->of_class[c];
    EXPECT_EQ(k.first % 64, 0u);
    EXPECT_GE(k.offset, end);
    end = k.offset + k.count * k.stride;
    EXPECT_EQ(g->class_of(k.first), c);
    EXPECT_EQ(g->class_of(k.first + k.count - 1), c);
  }
  EXPECT_GE(g->payload_size, end);
  EXPECT_EQ(g->class_of(g->of_class[0].count), g->of_class[0].count % 64 == 0 ? 1u : g->classes);
  EXPECT_EQ(g->class_of(g->blocks + 64), g->classes);
  EXPECT_LT(g->ring_at, g->busy_at);
  EXPECT_LT(g->returned_at, g->descriptors_at);
}

TEST(TheGeometry, RefusesShapesThatMakeNoSense) {
  EXPECT_EQ(refusal({.capacity = 0}), "queue: a capacity of 0 lets nothing through");
  EXPECT_EQ(refusal({.capacity = 1 << 24}), "queue: a capacity beyond 16,777,215 is not possible");
  EXPECT_EQ(refusal({.capacity = 9, .max_capacity = 8}), "queue: max_capacity is less than capacity");
  EXPECT_EQ(refusal({.memory = 10, .max_message = 11}), "queue: max_message is larger than memory");
  EXPECT_EQ(refusal({.participants = 4096}), "queue: more than 4,095 processes");
  EXPECT_EQ(refusal({.memory = ~std::uint64_t{0}}), "queue: more than 64 TiB of memory");
  EXPECT_EQ(refusal({.capacity = 10'000'000, .memory = 1u << 30}),
            "queue: more than 16,777,216 blocks: lower its capacity");
  EXPECT_EQ(refusal({.capacity = 1, .memory = 1}), "accepted");
}

TEST(AQueue, IsEmptyAsZerosAndItsHeaderTouchesOnePage) {
  QueueShape shape{.capacity = 1 << 20, .memory = 1 << 30};
  Region control(queue_sizes(shape)->control);
  ASSERT_TRUE(init_queue(control.bytes(), shape));
  std::span<std::byte> rest = control.bytes().subspan(detail::kPage, 64 * detail::kPage);
  EXPECT_THAT(rest, ::testing::Each(std::byte{0}));
  EXPECT_EQ(sample(control.bytes()), QueueSample{});
}

TEST(AQueue, GoesRoundItsRingManyTimesInOrder) {
  TestQueue q({.capacity = 3, .memory = 4096});
  View view = q.view(1);
  int next = 0, expected = 0;
  for (int round = 0; round < 2000; ++round) {
    while (put(view, std::to_string(next))) ++next;
    EXPECT_EQ(q.sample().waiting, 3u);
    for (int i = 0; i < 2; ++i) ASSERT_EQ(get(view), std::to_string(expected++));
  }
}

TEST(AQueue, RaisesItsCapacityWhileInUse) {
  TestQueue q({.capacity = 2, .memory = 4096, .max_capacity = 200});
  View view = q.view(1);
  while (put(view, "x")) {
  }
  view.control().limit.store(100);
  int more = 0;
  while (put(view, "x")) ++more;
  EXPECT_EQ(more, 98);
}

TEST(AQueue, FindsBlocksWhoseBitsAKilledProcessHadTaken) {
  TestQueue q({.capacity = 8, .memory = 200, .max_message = 200});
  View view = q.view(1);
  unsigned last = view.memory.geometry().classes - 1;
  const detail::BlockClass& k = view.memory.geometry().of_class[last];
  detail::raise(view.control().used[last], k.count);
  for (BlockIndex b = k.first; b < k.first + k.count; ++b) view.memory.busy(b).fetch_or(detail::bit(b));
  EXPECT_TRUE(put(view, std::string(150, 'x')));
}

TEST(AWaiter, ThatIsElectedAndLeavesHandsTheElectionOn) {
  TestQueue q({.capacity = 4});
  View first = q.view(1), second = q.view(2), waker = q.view(3);
  auto a = Sleeper::enter(first), b = Sleeper::enter(second);
  a->arm(Line::kReaders, 0);
  b->arm(Line::kReaders, 0);
  detail::wake_reader(waker);
  EXPECT_TRUE(detail::anybody(waker.control(), Line::kReaders));
  a->disarm();
  EXPECT_TRUE(b->sleep(detail::Clock::now() + std::chrono::hours(1))) << "b was not rung";
}

TEST(AWaiter, IsWokenOnlyForWhatItNeeds) {
  TestQueue q({.capacity = 8, .memory = 1000, .max_message = 1000});
  View view = q.view(1), small = q.view(2), large = q.view(3);
  ASSERT_TRUE(put(view, std::string(500, 'x')));
  ASSERT_TRUE(put(view, std::string(500, 'y')));
  auto wants_all = Sleeper::enter(large), wants_some = Sleeper::enter(small);
  wants_all->arm(Line::kBytes, 1000);
  wants_some->arm(Line::kBytes, 100);
  ASSERT_EQ(get(view).size(), 500u);
  EXPECT_TRUE(wants_some->sleep(detail::Clock::now() + std::chrono::hours(1)));
  EXPECT_FALSE(wants_all->sleep(detail::kAtOnce)) << "it was rung though its bytes are not there";
}

TEST(AWaiter, ThatIsWokenAndCannotGoOnWakesOneThatCan) {
  TestQueue q({.capacity = 8, .memory = 1000, .max_message = 1000});
  View large = q.view(1), small = q.view(2), waker = q.view(3);
  std::atomic<bool> satisfied = false;
  std::thread unlucky([&] {  // others are always faster
    detail::Spinner spinner(0, 1);
    detail::wait_for(
        large, spinner, detail::Clock::now() + std::chrono::hours(1), [](Want) { return 600; },
        [&](bool) { return satisfied ? Want::kNothing : Want::kBytes; });
  });
  while (!detail::anybody(waker.control(), Line::kBytes)) std::this_thread::yield();
  auto lucky = Sleeper::enter(small);
  lucky->arm(Line::kBytes, 100);
  detail::wake_freed(waker);
  EXPECT_TRUE(lucky->sleep(detail::Clock::now() + std::chrono::hours(1)));
  satisfied = true;
  detail::ring_all(waker);
  unlucky.join();
}

TEST(Waiters, TakeTurns) {
  TestQueue q({.capacity = 4});
  View view = q.view(1);
  auto a = Sleeper::enter(view), b = Sleeper::enter(view);
  a->arm(Line::kReaders, 0);
  b->arm(Line::kReaders, 0);
  detail::wake_reader(view);
  EXPECT_TRUE(a->sleep(detail::Clock::now() + std::chrono::hours(1)));
  a->arm(Line::kReaders, 0);
  detail::wake_reader(view);
  EXPECT_TRUE(b->sleep(detail::Clock::now() + std::chrono::hours(1)));
  EXPECT_FALSE(a->sleep(detail::kAtOnce));
}

TEST(Waiters, OfAStoppedProcessStepAsideForOthers) {
  TestQueue q({.capacity = 4});
  View stopped = q.view(1), other = q.view(2);
  auto a = Sleeper::enter(stopped), b = Sleeper::enter(other);
  a->arm(Line::kReaders, 0);
  b->arm(Line::kReaders, 0);
  sidestep(q.control(), q.roster(), 1);
  b->arm(Line::kReaders, 0);
  detail::wake_reader(other);
  EXPECT_TRUE(b->sleep(detail::Clock::now() + std::chrono::hours(1)));
}

TEST(Waiters, AreManyAtATimeAndNoneIsForgotten) {
  TestQueue q({.capacity = 4});
  View view = q.view(1);
  std::vector<Sleeper> sleepers;
  sleepers.reserve(detail::kWaitSlots);
  while (auto s = Sleeper::enter(view)) {
    sleepers.push_back(std::move(*s));
    sleepers.back().arm(Line::kReaders, 0);
  }
  EXPECT_EQ(sleepers.size(), detail::kWaitSlots);
  for (std::size_t i = 0; i < sleepers.size(); ++i) detail::wake_reader(view);
  for (Sleeper& s : sleepers) EXPECT_TRUE(s.sleep(detail::Clock::now() + std::chrono::hours(1)));
  detail::wake_reader(view);  // finds nobody, and says so to those who come after it
  EXPECT_FALSE(detail::anybody(view.control(), Line::kReaders));
}

TEST(AReaper, FreesTheSlotsAndDoorbellsOfTheDead) {
  TestQueue q({.capacity = 4});
  View view = q.view(7);
  auto* left = new Sleeper(std::move(*Sleeper::enter(view)));  // its process dies: no destructor runs
  left->arm(Line::kPlaces, 0);
  q.reap(7);
  EXPECT_EQ(view.control().slots[0].owner.load(), 0u);
  EXPECT_FALSE(detail::anybody(view.control(), Line::kPlaces) && view.control().lines[1].mask[0].load() != 0);
  EXPECT_EQ(view.roster.acquire(7), 7u * detail::kBellsEach);
  ::operator delete(left);
}

TEST(AWriter, ThatIsTheLastToGoBeginsTheDrain) {
  TestQueue q({.capacity = 4, .writers = 2});
  writer_gone(q.control(), q.roster(), 1);
  writer_gone(q.control(), q.roster(), 1);
  EXPECT_EQ(q.view(3).control().state.load(), 0u);
  writer_gone(q.control(), q.roster(), 2);
  EXPECT_EQ(q.view(3).control().state.load(), detail::kDraining);
}

struct Hostile {
  const char* name;
  detail::Poison reason;
  void (*act)(View&);
};

class APoisonedQueue : public ::testing::TestWithParam<Hostile> {};

TEST_P(APoisonedQueue, StopsForEverybodyAndTheRunnerSurvivesIt) {
  TestQueue q({.capacity = 4, .memory = 4096});
  View view = q.view(1), other = q.view(2);
  ASSERT_TRUE(put(view, "x"));
  auto waiter = Sleeper::enter(other);
  waiter->arm(Line::kReaders, 0);
  GetParam().act(view);
  (void)get(view);
  (void)put(view, "y");
  const auto poison = poisoned(q.control());
  ASSERT_TRUE(poison);
  EXPECT_EQ(poison->finder, 1);
  EXPECT_STREQ(poison->reason, detail::to_text(GetParam().reason));
  EXPECT_FALSE(put(view, "z"));
  EXPECT_EQ(get(view), "");
  q.reap(1);
  (void)q.sample();
}

TEST(APoisonedQueue, IsKnownAsOneThoughItsFinderWasKilledHalfway) {
  TestQueue q({.capacity = 4});
  EXPECT_FALSE(poisoned(q.control()));
  q.view(2).control().poison.store(2U << 16 | static_cast<std::uint32_t>(detail::Poison::kLap));
  ASSERT_TRUE(poisoned(q.control()));
  EXPECT_EQ(poisoned(q.control())->finder, 2);
}

INSTANTIATE_TEST_SUITE_P(
    By, APoisonedQueue,
    ::testing::Values(Hostile{"ABlockThatDoesNotExist", detail::Poison::kBlockIndex,
                              [](View& v) {
                                auto& word = v.memory.place(v.memory.geometry().first_ticket());
                                word.store(detail::ring_word(1, detail::kMaxBlocks - 1).raw);
                              }},
                      Hostile{"AHeadBeyondTheTail", detail::Poison::kLap,
                              [](View& v) { v.control().head.store(std::uint64_t{1} << 40); }},
                      Hostile{"ATailInTheFuture", detail::Poison::kLap,
                              [](View& v) { v.control().tail.store(std::uint64_t{1} << 62); }},
                      Hostile{"APlaceThatIsALapAhead", detail::Poison::kLap,
                              [](View& v) {
                                while (put(v, "x")) {
                                }
                                auto& word = v.memory.place(v.memory.geometry().first_ticket());
                                word.store(detail::ring_word(2, 0).raw);
                              }},
                      Hostile{"ADoorbellThatDoesNotExist", detail::Poison::kDoorbell,
                              [](View& v) {
                                v.control().slots[0].doorbell.store(~0u);
                                detail::wake_reader(v);
                              }}),
    [](const auto& hostile) { return hostile.param.name; });

TEST(OpenedPorts, AreForgottenWithTheirParticipant) {
  TestQueue q({.capacity = 4});
  auto roster = detail::Roster::attach(q.roster());
  roster->opened(3).fetch_or(0b101);
  EXPECT_EQ(opened_ports(q.roster(), 3), 0b101U);
  EXPECT_EQ(opened_ports(q.roster(), 4), 0U);
  forget_participant(q.roster(), 3);
  EXPECT_EQ(opened_ports(q.roster(), 3), 0U);
}

TEST(APoisonedQueue, IsLeftAloneWhenItsHeaderIsOverwritten) {
  TestQueue q({.capacity = 4});
  std::fill_n(q.control().begin(), 64, std::byte{0xff});
  q.reap(1);
  end_of_writers(q.control(), q.roster());
  EXPECT_EQ(q.sample(), QueueSample{});
  ASSERT_TRUE(poisoned(q.control()));
  EXPECT_STREQ(poisoned(q.control())->reason, "its header was overwritten");
}

}  // namespace
}  // namespace procgraph::testing
