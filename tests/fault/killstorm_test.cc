// Writers and readers of one queue are killed and stopped at random under load: what was put is delivered,
// duplicates are only what a killed reader had seen and not acknowledged, and say so, nothing is missing at
// the end, and nobody waits for ever.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ostream>
#include <span>
#include <vector>

#include "killstorm_effects.h"
#include "killstorm_gang.h"

namespace procgraph::testing {
namespace {

constexpr std::uint32_t kLives = 65536;  // of writers
constexpr std::uint32_t kEach = 1024;    // messages of one life
constexpr int kWriters = 3, kReaders = 3;

// What happened, in memory that survives the victims.
struct Tally {
  std::atomic<std::uint32_t> lives, stop;
  std::array<std::atomic<std::uint32_t>, kLives> put;  // messages that this life knows to be put
  Effects<kLives, kEach> effects;
  std::array<Hand, kWriters + kReaders + 1> hands;  // by participant
};

struct Body {
  std::uint32_t life, number, check;
};

struct Storm {
  const char* name;
  QueueShape shape;
  const char* wait;
  std::size_t size;            // of a message
  std::uint32_t together = 1;  // how many are put at once
};
void PrintTo(const Storm& storm, std::ostream* out) {
  *out << storm.name;
}  // gtest's way

void fill(std::span<std::byte> message, std::uint32_t life, std::uint32_t number) {
  Body body{life, number, life ^ number ^ 0x5a5a5a5a};
  std::memcpy(message.data(), &body, sizeof body);
  std::memcpy(message.data() + message.size() - sizeof body, &body, sizeof body);
}

int write_one_life(Node& node, Tally& tally, const Storm& storm) {
  auto out = node.writer("q");
  std::uint32_t life = tally.lives++;
  if (life >= kLives) return 0;
  std::vector<std::byte> bytes(storm.size * storm.together);
  std::vector<std::span<const std::byte>> frame;
  for (std::uint32_t k = 0; k < storm.together; ++k)
    frame.push_back(std::span(bytes).subspan(k * storm.size, storm.size));
  for (std::uint32_t i = 0; i < kEach && tally.stop == 0; i += storm.together) {
    if (storm.together > 1) {
      for (std::uint32_t k = 0; k < storm.together; ++k)
        fill(std::span(bytes).subspan(k * storm.size, storm.size), life, i + k);
      out.put_many(frame);
    } else {
      auto loan = out.loan(storm.size);
      fill(loan.bytes(), life, i);
      loan.commit();
    }
    tally.put[life] = i + storm.together;
  }
  return 0;
}

int read_to_the_end(Node& node, Tally& tally, std::uint16_t self, std::size_t size) {
  Hand& hand = tally.hands[self];
  auto in = node.reader("q");
  for (Message& message : in) {
    Body first{}, last{};
    if (message.bytes().size() != size) return 3;
    std::memcpy(&first, message.bytes().data(), sizeof first);
    std::memcpy(&last, message.bytes().data() + size - sizeof last, sizeof last);
    bool whole = first.life < kLives && first.number < kEach &&
                 first.check == (first.life ^ first.number ^ 0x5a5a5a5a) &&
                 std::memcmp(&first, &last, sizeof first) == 0;
    if (!whole) return 4;
    hand.take(tally.effects, first.life, first.number);
    tally.effects.see(first.life, first.number, message.deliveries());
    message.ack();
    hand.empty();
  }
  return 0;
}

class KillStorm : public ::testing::TestWithParam<Storm> {
 protected:
  KillStorm()
      : queue_(GetParam().shape),
        memory_(sizeof(Tally)),
        gang_(queue_, [this](Node& node, const Gang::Worker& w) {
          return w.writes ? write_one_life(node, tally(), GetParam())
                          : read_to_the_end(node, tally(), w.number, GetParam().size);
        }) {
    setenv("PROCGRAPH_TEST_WAIT", GetParam().wait, 1);
    gang_.tell_in_hand(
        [this](const Gang::Worker& w) { return tally().hands[w.number].leave(tally().effects); });
    for (std::uint16_t i = 0; i < kWriters + kReaders; ++i)
      gang_.add({.number = static_cast<std::uint16_t>(i + 1), .writes = i < kWriters});
  }

  Tally& tally() { return *reinterpret_cast<Tally*>(memory_.bytes().data()); }

  void calm_down() {
    tally().stop = 1;
    gang_.expect_good_ends(true);
    end_of_writers(queue_.control(), queue_.roster());
    gang_.expect_good_ends(false);
  }

  TestQueue queue_;
  Region memory_;
  Gang gang_;
};

TEST_P(KillStorm, LosesNothingAndDoublesOnlyWhatAKilledReaderHadSeen) {
  gang_.rage([&] { return tally().lives < kLives - kWriters; });
  calm_down();
  std::uint64_t put = 0, seen = 0, lost = 0, doubled = 0, invented = 0;
  for (std::uint32_t life = 0; life < std::min(tally().lives.load(), kLives); ++life) {
    std::uint32_t known = tally().put[life];
    put += known;
    for (std::uint32_t i = 0; i < kEach; ++i) {
      std::uint32_t times = tally().effects.seen[life][i];
      if (times > 0) ++seen;
      if (i < known && times == 0) ++lost;
      // Those from `known` on may have been put just before the kill.
      if (i >= known + GetParam().together && times > 0) ++invented;
      if (times > 1) doubled += times - 1;
    }
  }
  std::printf("%llu put, %llu writers and %llu readers killed, %llu with a message in hand, %llu doubled\n",
              static_cast<unsigned long long>(put), static_cast<unsigned long long>(gang_.killed(true)),
              static_cast<unsigned long long>(gang_.killed(false)),
              static_cast<unsigned long long>(gang_.killed_in_hand()),
              static_cast<unsigned long long>(doubled));
  EXPECT_GT(put, 0u);
  QueueSample s = queue_.sample();
  EXPECT_LE(lost, s.dropped);
  EXPECT_EQ(invented, 0u);
  EXPECT_LE(doubled, gang_.killed_in_hand());
  EXPECT_EQ(tally().effects.unflagged, 0u);
  EXPECT_EQ(s.waiting, 0u);
  EXPECT_EQ(s.leased, 0u);
  EXPECT_EQ(s.bytes, 0u);
  // Each is seen or dropped; both only if it came back from a killed reader in between.
  EXPECT_GE(seen + s.dropped, s.put);
  if (GetParam().together == 1) {
    EXPECT_LE(seen + s.dropped, s.put + gang_.killed(false));
  }
  EXPECT_EQ(s.dropped > 0, GetParam().shape.policy.when_full == Overflow::kDropOldest);
  EXPECT_FALSE(poisoned(queue_.control()));
}

INSTANTIATE_TEST_SUITE_P(
    WithMessages, KillStorm,
    ::testing::Values(
        Storm{"InTheirDescriptors", {.capacity = 64, .memory = 16 << 20}, "balanced", 24},
        Storm{"InBlocks", {.capacity = 64, .memory = 64 << 10, .max_message = 4096}, "balanced", 4096},
        Storm{"InFrames", {.capacity = 8, .memory = 256 << 10, .max_message = 8192}, "balanced", 100, 32},
        Storm{"AndWaitingByAlwaysSleeping",
              {.capacity = 2, .memory = 8 << 10, .max_message = 2048},
              "sleep",
              1500},
        Storm{"ThatGiveWayToNewerOnes",
              {.capacity = 4,
               .memory = 16 << 10,
               .max_message = 1024,
               .policy = {.when_full = Overflow::kDropOldest}},
              "balanced",
              1000},
        Storm{"InAQueueThatGrows",
              {.capacity = 2,
               .memory = 4 << 10,
               .max_message = 1024,
               .max_capacity = 100,
               .max_memory = 64 << 10,
               .policy = {.when_full = Overflow::kGrow,
                          .retry_first = std::chrono::milliseconds(1),
                          .retry_most = std::chrono::milliseconds(4)}},
              "balanced",
              1000}),
    [](const auto& storm) { return storm.param.name; });

}  // namespace
}  // namespace procgraph::testing
