// A disk that takes seconds for each write of a log: nobody waits for it, neither who is started again nor
// who has messages for another one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "e2e/harness.h"

namespace procgraph::testing {
namespace {

using ::testing::HasSubstr;

constexpr int kLives = 30;
constexpr int kWrite = 3000;  // ms

constexpr int kAsks = 2000;

// When `again` lives, each time; it prints, so that there is something to be written. The others ask and
// answer as long as that goes on.
const std::string kGraph = std::string("containment: { tier: guard }\nprocesses:\n") +
                           "  again: { shell: 'date +%s%N >> lives; seq 100; [ $(wc -l < lives) -ge " +
                           std::to_string(kLives) +
                           " ]',\n    restart: { policy: on_failure, backoff: 1ms..1ms, max: none } }\n" +
                           "  ask: { command: " + TEST_NODES + "/there_and_back " + std::to_string(kAsks) +
                           " taken, writes: there, reads: back }\n  answer: { command: " + TEST_NODES +
                           "/there_and_back, reads: there, writes: back, service: true }\n" +
                           "queues: [there, back]\nlogs: { dir: logs }\n";

struct Times {  // ns
  std::int64_t p99 = 0, most = 0;
};

Times times_of(std::vector<std::int64_t> each) {
  std::ranges::sort(each);
  return {each[each.size() * 99 / 100], each.back()};
}

std::vector<std::int64_t> numbers_in(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::int64_t>(in), {}};
}

struct Measured {
  Times lives;  // from one to the next
  Times answers;
};

// `delay`: of each write to a log, in ms.
Measured run_with(int delay) {
  const e2e::Folder folder;
  folder.write("graph.yaml", kGraph);
  const e2e::Ran ran =
      e2e::shell(folder.path(), "SLOW_DISK=" + std::to_string(delay) + " LD_PRELOAD=" + SLOW_DISK + " exec " +
                                    e2e::procgraph_path() + " run graph.yaml >/dev/null");
  EXPECT_EQ(ran.code, 0) << ran.err;
  const auto lives = numbers_in(folder.read("lives")), answers = numbers_in(folder.read("taken"));
  EXPECT_EQ(lives.size(), static_cast<std::size_t>(kLives));
  EXPECT_EQ(answers.size(), static_cast<std::size_t>(kAsks));
  if (::testing::Test::HasFailure()) return {};
  std::vector<std::int64_t> pauses;
  for (std::size_t i = 1; i < lives.size(); ++i) pauses.push_back(lives[i] - lives[i - 1]);
  return {times_of(pauses), times_of(answers)};
}

TEST(SlowDisk, IsWaitedForByNobody) {
  const Measured usual = run_with(0), slow = run_with(kWrite);
  EXPECT_LT(slow.lives.most, kWrite * 1'000'000LL);
  EXPECT_LT(slow.answers.most, kWrite * 1'000'000LL);
  const auto ms = [](std::int64_t ns) { return static_cast<double>(ns) / 1e6; };
  std::printf("p99 from life to life: %.1f ms, with 3 s for each write of a log %.1f ms\n",
              ms(usual.lives.p99), ms(slow.lives.p99));
  std::printf("p99 of message and answer: %.3f ms, with 3 s for each write of a log %.3f ms\n",
              ms(usual.answers.p99), ms(slow.answers.p99));
}

}  // namespace
}  // namespace procgraph::testing
