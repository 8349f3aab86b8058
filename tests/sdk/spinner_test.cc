// How long a handle looks before it sleeps.
#include <gtest/gtest.h>

#include "ends.h"
#include "test_queue.h"

namespace procgraph::testing {
namespace {

using detail::Spinner;

// How often one that never finds anything has looked.
unsigned looks(Spinner& spinner) {
  unsigned count = 0;
  EXPECT_FALSE(spinner.spin(std::nullopt, [&] { return ++count == 0; }));
  return count;
}

TEST(Spinner, LooksHalfAsLongWhenThatWasInVainAndTwiceWhenItWasNot) {
  Spinner spinner(1024, 1);
  EXPECT_EQ(looks(spinner), 1024U);
  EXPECT_EQ(looks(spinner), 512U);
  EXPECT_EQ(looks(spinner), 256U);
  unsigned count = 0;
  EXPECT_TRUE(spinner.spin(std::nullopt, [&] { return ++count == 10; }));
  EXPECT_EQ(looks(spinner), 256U) << "it would have been 128";
  for (int i = 0; i < 20; ++i) (void)looks(spinner);
  const unsigned least = looks(spinner);
  EXPECT_GE(least, 1U) << "it goes on to try, so that it learns when things change";
  EXPECT_LE(least, 64U);
}

TEST(Spinner, NeverLooksWhereItMayNot) {
  Spinner spinner(0, 1);
  EXPECT_EQ(looks(spinner), 0U);
}

TEST(Spinner, PausesLongerInAStreamThanInAnExchange) {
  Spinner stream(1024, 64), exchange(1024, 64);
  for (int i = 0; i < 12; ++i) {
    for (int each = 0; each < 8; ++each) stream.got();
    EXPECT_TRUE(stream.spin(std::nullopt, [] { return true; }));
    EXPECT_TRUE(exchange.spin(std::nullopt, [] { return true; }));
  }
  EXPECT_LE(looks(stream), 1024U / 32);
  EXPECT_GT(looks(exchange), 512U);
}

TEST(Spinner, StopsAtTheDeadline) {
  Spinner spinner(1U << 30U, 1);
  EXPECT_FALSE(spinner.spin(detail::Clock::now() + std::chrono::microseconds(100), [] { return false; }));
}

class LooksOfAPort : public ::testing::Test {
 protected:
  LooksOfAPort() : queue_({.capacity = 4, .memory = 65536, .participants = 2}) {
    port_.view.roster = *detail::Roster::attach(queue_.roster());
  }
  unsigned looks(detail::Wait wait) {
    port_.port.wait = wait;
    Spinner spinner = port_.spinner();
    return testing::looks(spinner);
  }

  TestQueue queue_;
  detail::QueuePort port_;
};

TEST_F(LooksOfAPort, AreAsManyAsItsWaitSays) {
  const unsigned usual = looks(detail::Wait::kBalanced);
  EXPECT_GT(usual, 0U);
  EXPECT_GT(looks(detail::Wait::kLatency), 8 * usual);
  EXPECT_EQ(looks(detail::Wait::kSleep), 0U);
  port_.spins = false;  // one CPU
  EXPECT_EQ(looks(detail::Wait::kLatency), 0U);
}

TEST_F(LooksOfAPort, FollowWhatBeingWokenCosts) {
  auto& region = *reinterpret_cast<detail::RosterRegion*>(queue_.roster().data());
  const unsigned few = looks(detail::Wait::kBalanced);
  region.wake_cost = 75'000;
  const unsigned many = looks(detail::Wait::kBalanced);
  EXPECT_GE(many, 3 * few - 3);
  EXPECT_LE(many, 3 * few + 3);
  region.wake_cost = 2'000'000'000;
  EXPECT_LT(looks(detail::Wait::kBalanced), 2 * many) << "bounded";
}

TEST(WakeCost, IsThatOfAWakeUp) {
  EXPECT_GT(measure_wake_cost(), std::chrono::nanoseconds(0));
}

}  // namespace
}  // namespace procgraph::testing
