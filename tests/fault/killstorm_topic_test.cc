// Writers and readers of one topic are killed, stopped and started again at random under load: every reader
// for which writers wait gets every message, the others get or are told of every message, what comes twice is
// only what a killed reader had seen and not acknowledged, and says so, and nobody waits for ever.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ostream>

#include "killstorm_effects.h"
#include "killstorm_gang.h"

namespace procgraph::testing {
namespace {

constexpr std::uint32_t kLives = 32768;  // of writers
constexpr std::uint32_t kEach = 512;     // messages of one life
constexpr std::uint16_t kWriters = 2;
constexpr std::uint32_t kMostReaders = 4;

// What happened, in memory that survives the victims.
struct Tally {
  std::atomic<std::uint32_t> lives, stop;
  std::array<std::atomic<std::uint32_t>, kLives> put;  // messages that this life knows to be put
  std::array<Effects<kLives, kEach>, kMostReaders> effects;
  std::array<Hand, kMostReaders> hands;
};

struct Body {
  std::uint32_t life, number, check;
};

struct Storm {
  const char* name;
  TopicShape shape;
  const char* wait;
  std::size_t size;  // of a message
};
void PrintTo(const Storm& storm, std::ostream* out) {
  *out << storm.name;
}  // gtest's way

int write_one_life(Node& node, Tally& tally, std::size_t size) {
  auto out = node.writer("q");
  std::uint32_t life = tally.lives++;
  if (life >= kLives) return 0;
  for (std::uint32_t i = 0; i < kEach && tally.stop == 0; ++i) {
    auto loan = out.loan(size);
    Body body{life, i, life ^ i ^ 0x5a5a5a5a};
    std::memcpy(loan.bytes().data(), &body, sizeof body);
    std::memcpy(loan.bytes().data() + size - sizeof body, &body, sizeof body);
    loan.commit();
    tally.put[life] = i + 1;
  }
  return 0;
}

int read_to_the_end(Node& node, Tally& tally, std::uint32_t reader, std::size_t size) {
  auto& effects = tally.effects[reader];
  Hand& hand = tally.hands[reader];
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
    hand.take(effects, first.life, first.number);
    effects.see(first.life, first.number, message.deliveries());
    message.ack();
    hand.empty();
  }
  return 0;
}

class TopicKillStorm : public ::testing::TestWithParam<Storm> {
 protected:
  TopicKillStorm()
      : topic_(GetParam().shape),
        memory_(sizeof(Tally)),
        gang_(topic_, [this](Node& node, const Gang::Worker& w) {
          std::size_t size = GetParam().size;
          return w.writes ? write_one_life(node, tally(), size)
                          : read_to_the_end(node, tally(), w.reader, size);
        }) {
    setenv("PROCGRAPH_TEST_WAIT", GetParam().wait, 1);
    gang_.tell_in_hand([this](const Gang::Worker& w) {
      return !w.writes && tally().hands[w.reader].leave(tally().effects[w.reader]);
    });
    std::uint16_t number = 0;
    for (std::uint16_t i = 0; i < kWriters; ++i) gang_.add({.number = ++number, .writes = true});
    for (std::uint32_t i = 0; i < GetParam().shape.readers.size(); ++i)
      gang_.add({.number = ++number, .reader = i});
  }

  Tally& tally() { return *reinterpret_cast<Tally*>(memory_.bytes().data()); }

  void calm_down() {
    tally().stop = 1;
    gang_.expect_good_ends(true);
    end_of_writers(topic_.control(), topic_.roster());
    gang_.expect_good_ends(false);
  }

  struct Count {
    std::uint64_t seen = 0, lost = 0, doubled = 0, invented = 0;
  };
  Count count(std::uint32_t reader) {
    Count c;
    for (std::uint32_t life = 0; life < std::min(tally().lives.load(), kLives); ++life) {
      std::uint32_t known = tally().put[life];
      for (std::uint32_t i = 0; i < kEach; ++i) {
        std::uint32_t times = tally().effects[reader].seen[life][i];
        c.seen += times > 0;
        c.lost += i < known && times == 0;
        c.invented += i > known && times > 0;  // the one at `known` may have been put just before the kill
        c.doubled += times > 1 ? times - 1 : 0;
      }
    }
    return c;
  }

  TestTopic topic_;
  Region memory_;
  Gang gang_;
};

TEST_P(TopicKillStorm, LosesNothingThatIsNotToldAndDoublesOnlyWhatAKilledReaderHadSeen) {
  gang_.rage([&] { return tally().lives < kLives - kWriters; });
  calm_down();
  TopicSample s = topic_.sample();
  EXPECT_GT(s.put, 0u);
  for (const Gang::Worker& w : gang_.workers()) {
    if (w.writes) continue;
    Count c = count(w.reader);
    const TopicReaderSample& reader = s.readers[w.reader];
    std::printf(
        "reader %u: %llu put, %llu seen, %llu missed, %llu doubled, killed %llu times, %llu in hand\n",
        w.reader, static_cast<unsigned long long>(s.put), static_cast<unsigned long long>(c.seen),
        static_cast<unsigned long long>(reader.missed), static_cast<unsigned long long>(c.doubled),
        static_cast<unsigned long long>(w.killed), static_cast<unsigned long long>(w.killed_in_hand));
    EXPECT_EQ(c.seen + reader.missed, s.put) << "reader " << w.reader;
    EXPECT_EQ(c.invented, 0u) << "reader " << w.reader;
    EXPECT_LE(c.doubled, w.killed_in_hand) << "reader " << w.reader;
    EXPECT_EQ(tally().effects[w.reader].unflagged, 0u) << "reader " << w.reader;
    EXPECT_TRUE(!GetParam().shape.readers[w.reader].gates || c.lost == 0) << "reader " << w.reader;
    EXPECT_EQ(reader.waiting + reader.leased, 0u) << "reader " << w.reader;
  }
  EXPECT_FALSE(poisoned(topic_.control()));
}

INSTANTIATE_TEST_SUITE_P(
    WithMessages, TopicKillStorm,
    ::testing::Values(
        Storm{"InTheirDescriptors", {.history = 64, .readers = {{}, {}, {.gates = false}}}, "balanced", 24},
        Storm{"InBlocks",
              {.history = 16,
               .memory = 64 << 10,
               .max_message = 4096,
               .readers = {{}, {.gates = false}, {.gates = false, .history = 1}}},
              "balanced",
              4096},
        Storm{"AndWaitingByAlwaysSleeping",
              {.history = 2, .memory = 8 << 10, .max_message = 2048, .readers = {{}, {.history = 1}}},
              "sleep",
              1500}),
    [](const auto& storm) { return storm.param.name; });

}  // namespace
}  // namespace procgraph::testing
