// Processes that count in shared memory, under its lock and in a value, are killed and stopped at random: no
// count is lost that was known to be made, and nobody waits for ever.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>

#include "area/lock_word.h"
#include "killstorm_gang.h"
#include "test_area.h"

namespace procgraph::testing {
namespace {

constexpr std::uint16_t kWorkers = 4;

// What happened, in memory that survives the victims.
struct Tally {
  std::atomic<std::uint32_t> stop;
  std::atomic<std::uint64_t> counted, valued;  // known to be done
  std::atomic<std::uint64_t> deaths_told;
};

// Two numbers that are equal whenever nobody holds the lock.
struct Twins {
  std::uint64_t first, second;
};

// Exit code 1: the twins differ, and nobody was told of a death that would explain it.
int count_until_told(SharedMemory& area, Tally& tally) {
  auto* twins = reinterpret_cast<volatile Twins*>(area.writable().data());
  Value<std::uint64_t> value(area, 64);
  while (tally.stop == 0) {
    {
      const Held held = area.lock();
      if (held.holder_died()) {
        ++tally.deaths_told;
        twins->second = twins->first;  // the half that was done counts
      } else if (twins->first != twins->second) {
        return 1;
      }
      twins->first = twins->first + 1;
      twins->second = twins->second + 1;
    }
    ++tally.counted;
    value.update([](std::uint64_t& n) { ++n; });
    ++tally.valued;
  }
  return 0;
}

TEST(AreaKillStorm, LosesNoCountAndTellsOfEveryDeathUnderTheLock) {
  const AreaShape shape{.size = 128, .lock = true};
  TestArea a(shape);
  Region memory(sizeof(Tally));
  Tally& tally = *reinterpret_cast<Tally*>(memory.bytes().data());
  Gang gang(
      [&](const Gang::Worker& w) {
        return a.start(w.number, "write",
                       [&](Node&, SharedMemory& area) { return count_until_told(area, tally); });
      },
      [&](std::uint16_t number) {  // the runner finds nothing strange in it, before and after
        EXPECT_FALSE(poisoned_area(a.control(), shape));
        a.reap(number);
        EXPECT_FALSE(poisoned_area(a.control(), shape));
      });
  for (std::uint16_t i = 1; i <= kWorkers; ++i) gang.add({.number = i, .writes = true});
  gang.rage([] { return !::testing::Test::HasFailure(); });
  tally.stop = 1;
  gang.expect_good_ends(true);

  const std::uint64_t killed = gang.killed(true);
  const auto* twins = reinterpret_cast<const Twins*>(a.data().data());
  std::uint64_t value = 0;
  detail::read_value(a.memory(), 64, std::as_writable_bytes(std::span(&value, 1)));
  std::printf("%llu counts, %llu killed, %llu deaths under the lock told\n",
              static_cast<unsigned long long>(tally.counted), static_cast<unsigned long long>(killed),
              static_cast<unsigned long long>(tally.deaths_told));
  EXPECT_GT(killed, 0U);
  EXPECT_GE(twins->first, tally.counted.load());
  EXPECT_LE(twins->first, tally.counted + killed);
  const auto died = detail::acquire(a.words().lock, kWorkers + 1, detail::kAtOnce);
  ASSERT_TRUE(died);
  EXPECT_TRUE(*died || twins->first == twins->second);
  EXPECT_GE(value, tally.valued.load());
  EXPECT_LE(value, tally.valued + killed);
  EXPECT_LE(tally.deaths_told.load(), killed);
}

}  // namespace
}  // namespace procgraph::testing
