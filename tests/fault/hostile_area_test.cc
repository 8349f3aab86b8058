// Every field that the processes of an area share is overwritten with random bytes while they use it: nobody
// comes to harm by more than waiting or wrong data, and the runner can look and reap.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "test_area.h"

namespace procgraph::testing {
namespace {

using namespace std::chrono_literals;
using detail::AreaControl;
using detail::SyncObject;

const AreaShape kEverything{.size = 4096, .lock = true, .sync = {"lock", "event", "semaphore"}};
constexpr std::uint64_t kRoundsBefore = 20, kRoundsAfter = 60;

// What waits for others does so for so long at most: what is written there may say that others are at it.
void use(Node& node, SharedMemory& area, std::uint64_t round) {
  std::array<std::byte, 100> into{};
  try {
    (void)area.read(round % 3000, into, 50us);
  } catch (const Torn&) {
  }
  (void)area.wait_for_change(area.version(), 50us);
  (void)Value<std::uint64_t>(area, 8).load();
  if (const auto held = area.lock(50us)) area.changed();
  (void)node.lock("a", "lock").acquire(50us);
  Event event = node.event("a", "event");
  round % 2 == 0 ? event.set() : event.clear();
  (void)event.wait(50us);
  Semaphore semaphore = node.semaphore("a", "semaphore", 1);
  if (semaphore.acquire(50us)) semaphore.release();
}

struct Progress {
  std::atomic<std::uint64_t> rounds;
  std::atomic<bool> enough;
};

struct AreaField {
  std::string name;
  std::uint64_t at;
  std::size_t size;  // 4 or 8
};
void PrintTo(const AreaField& field, std::ostream* out) {
  *out << field.name;
}  // gtest's way

void add_object(std::vector<AreaField>& all, const std::string& whose, std::size_t index) {
  const std::uint64_t at = detail::kSyncAt + index * sizeof(SyncObject);
  all.insert(all.end(), {{"NameOf" + whose, at, 8},
                         {"MadeOf" + whose, at + offsetof(SyncObject, made), 8},
                         {"WordOf" + whose, at + offsetof(SyncObject, word), 4},
                         {"CountOf" + whose, at + offsetof(SyncObject, waiters), 4},
                         {"AskedOf" + whose, at + offsetof(SyncObject, waiters) + 4, 4}});
}

std::vector<AreaField> fields_of_an_area() {
  std::vector<AreaField> all;
  for (std::uint64_t at = 0; at < sizeof(detail::AreaHeader); at += 4)
    all.push_back({"HeaderAt" + std::to_string(at), at, 4});
  all.insert(all.end(), {{"Lock", offsetof(AreaControl, lock), 4},
                         {"Writer", offsetof(AreaControl, writer), 4},
                         {"Begin", offsetof(AreaControl, begin), 8},
                         {"End", offsetof(AreaControl, end), 8},
                         {"TornBegin", offsetof(AreaControl, torn_begin), 8},
                         {"TornEnd", offsetof(AreaControl, torn_end), 8},
                         {"Version", offsetof(AreaControl, version), 8},
                         {"CountOfChanges", offsetof(AreaControl, changes), 4},
                         {"AskedOfChanges", offsetof(AreaControl, changes) + 4, 4}});
  add_object(all, "Lock", 0);
  add_object(all, "Event", 1);
  add_object(all, "Semaphore", 2);
  return all;
}

class HostileAreaField : public ::testing::TestWithParam<AreaField> {};

TEST_P(HostileAreaField, HarmsNobodyAndTheRunnerSaysWhatItMakesOfIt) {
  const AreaField& field = GetParam();
  TestArea area(kEverything);
  Region memory(sizeof(Progress));
  auto& progress = *reinterpret_cast<Progress*>(memory.bytes().data());
  const pid_t writer = area.start(1, "write", [](Node&, SharedMemory& mine) {
    std::array<std::byte, 100> bytes{};
    for (std::size_t i = 0;; ++i) {
      mine.write(i % 3000, bytes);
      Value<std::uint64_t>(mine, 8).store(i);
    }
    return 0;
  });
  const pid_t reader = area.start(2, "read", [&](Node& node, SharedMemory& mine) {
    while (!progress.enough) {
      try {
        use(node, mine, progress.rounds);
      } catch (const Failure&) {  // a name or a kind that is not what it was
      }
      ++progress.rounds;
    }
    return 0;
  });
  const auto wait_for = [&](std::uint64_t rounds) { wait_until([&] { return progress.rounds >= rounds; }); };
  wait_for(kRoundsBefore);
  EXPECT_FALSE(poisoned_area(area.control(), kEverything));
  const std::uint64_t random = std::mt19937_64(field.at + 7919)();
  std::memcpy(area.control().data() + field.at, &random, field.size);
  wait_for(progress.rounds + kRoundsAfter);
  progress.enough = true;
  EXPECT_EQ(wait_for_end(reader), 0);
  kill(writer, SIGKILL);  // it may be waiting for a writer that there is not
  EXPECT_EQ(wait_for_end(writer), 128 + SIGKILL);
  const bool found_at_once = poisoned_area(area.control(), kEverything).has_value();
  area.reap(1);
  area.reap(2);
  const bool found = poisoned_area(area.control(), kEverything).has_value();
  if (field.at < sizeof(detail::AreaHeader)) {
    EXPECT_TRUE(found_at_once);
    EXPECT_TRUE(found);
  }
  const bool is_harmless = field.name.starts_with("CountOf");
  if (is_harmless) {
    EXPECT_FALSE(found);
  }
  // Found or not, who comes now gets either an area or a reason.
  const int code = area.run(3, "read", [](Node& node, SharedMemory& mine) {
    use(node, mine, 0);
    return 0;
  });
  EXPECT_TRUE(code == 0 || code == 100) << code;
}

INSTANTIATE_TEST_SUITE_P(Overwritten, HostileAreaField, ::testing::ValuesIn(fields_of_an_area()),
                         [](const auto& field) { return field.param.name; });

}  // namespace
}  // namespace procgraph::testing
