#include "supervise/clock.h"

#include <gtest/gtest.h>

namespace procgraph {
namespace {

TEST(Clock, StandsStillWhileTheRunIsStopped) {
  Clock clock;  // whose 20 ms are left out
  const Instant stopped = clock.now();
  const Clock::Point before = clock.at(stopped);
  while (Clock::Point::clock::now() - before < std::chrono::milliseconds(20)) {
  }
  clock.resume_from(stopped);
  EXPECT_GE(clock.at(stopped) - before, std::chrono::milliseconds(20));
}

}  // namespace
}  // namespace procgraph
