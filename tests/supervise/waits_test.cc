#include "supervise/waits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "supervise/waits_text.h"
#include "waits_network.h"

namespace procgraph {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Wait data(BufferIndex buffer, std::vector<PartyIndex> writers) {
  return {.what = Wait::For::kData, .buffer = buffer, .needs = {std::move(writers)}};
}
Wait room(BufferIndex buffer, std::vector<PartyIndex> readers) {
  return {.what = Wait::For::kRoom, .buffer = buffer, .needs = {std::move(readers)}};
}
Wait end(std::vector<std::vector<PartyIndex>> of) {
  return {.what = Wait::For::kEnd, .needs = std::move(of)};
}
Buffer pipe(std::string name, std::uint64_t kib = 64, std::uint64_t most = 1U << 20U) {
  const std::uint64_t bytes = kib << 10U;
  return {.name = name,
          .title = "pipe '" + name + "'",
          .declared = "pipes",
          .fill = bytes,
          .capacity = bytes,
          .most = most};
}
Party party(std::string name, std::vector<Wait> waits) {
  return {.name = std::move(name), .waits = std::move(waits), .doing = "runs"};
}

enum : PartyIndex { kSplit, kFilter, kJoin, kOther };
enum : BufferIndex { kLeft, kMid, kRight };

// One branch is full, the other one empty behind a filter that lets nothing through.
Waits starved() {
  return {.parties = {party("split", {room(kLeft, {kJoin})}), party("filter", {data(kMid, {kSplit})}),
                      party("join", {data(kRight, {kFilter})}), party("other", {})},
          .buffers = {pipe("left"), pipe("mid"), pipe("right")}};
}

TEST(Waits, OneWhoRunsCanMoveAndHelpsTheOthers) {
  Waits waits = starved();
  EXPECT_THAT(can_move(waits), ElementsAre(false, false, false, true));
  waits.parties[kFilter].waits.clear();
  EXPECT_THAT(can_move(waits), ElementsAre(true, true, true, true));
  EXPECT_THAT(find_circles(waits), IsEmpty());
}

TEST(Waits, SomebodyWhomNobodySeesMayHelp) {
  Waits waits = starved();
  waits.parties[kFilter].waits = {data(kMid, {})};
  EXPECT_THAT(can_move(waits), ElementsAre(true, true, true, true));
}

TEST(Waits, OneOfSeveralThingsIsEnough) {
  Waits waits = starved();
  waits.parties[kFilter].waits.push_back(data(kRight, {kOther}));
  EXPECT_THAT(can_move(waits), ElementsAre(true, true, true, true));
}

TEST(Waits, OneOfSeveralOthersIsEnough) {
  Waits waits = starved();
  waits.parties[kFilter].waits = {data(kMid, {kSplit, kOther})};
  EXPECT_THAT(can_move(waits), ElementsAre(true, true, true, true));
}

TEST(Waits, WhereAllAreNeededOneIsNotEnough) {
  Waits waits = starved();
  waits.parties[kSplit].waits[0].needs = {{kOther}, {kJoin}};
  EXPECT_THAT(can_move(waits), ElementsAre(false, false, false, true));
}

TEST(Waits, ASplitThatJoinsAgainIsNamedFromItsFullBufferOn) {
  const Waits waits = starved();
  const auto circles = find_circles(waits);
  ASSERT_EQ(circles.size(), 1U);
  EXPECT_EQ(circles[0].kind, Circle::Kind::kStarved);
  EXPECT_TRUE(circles[0].local);
  EXPECT_THAT(circles[0].way, ElementsAre(Step{kSplit, 0}, Step{kJoin, 0}, Step{kFilter, 0}));
  EXPECT_THAT(circles[0].full, ElementsAre(BufferIndex{kLeft}));
  EXPECT_EQ(draw(waits, circles[0]),
            "split ─▶[left full 64/64 KiB] join ◀─[right empty]─ filter ◀─[mid empty]─ split");
}

TEST(Waits, WhoWaitsForACircleIsNotInIt) {
  Waits waits = starved();
  waits.parties[kOther].waits = {data(kRight, {kJoin})};
  const auto circles = find_circles(waits);
  ASSERT_EQ(circles.size(), 1U);
  EXPECT_THAT(circles[0].knot, ElementsAre(PartyIndex{kSplit}, PartyIndex{kFilter}, PartyIndex{kJoin}));
  EXPECT_FALSE(circles[0].local);
}

TEST(Waits, TwoCirclesAreTwo) {
  const Waits waits{.parties = {party("a", {room(0, {1})}), party("b", {room(1, {0})}),
                                party("c", {data(2, {3})}), party("d", {data(3, {2})})},
                    .buffers = {pipe("0"), pipe("1"), pipe("2"), pipe("3")}};
  const auto circles = find_circles(waits);
  ASSERT_EQ(circles.size(), 2U);
  EXPECT_EQ(circles[0].kind, Circle::Kind::kFull);
  EXPECT_EQ(circles[1].kind, Circle::Kind::kTrue);
  EXPECT_EQ(smallest_full(waits, circles[1]), std::nullopt);
}

TEST(Waits, WhoHoldsHisOwnWritingEndWaitsForHimself) {
  const Waits waits{.parties = {party("a", {data(0, {0})})}, .buffers = {pipe("0")}};
  const auto circles = find_circles(waits);
  ASSERT_EQ(circles.size(), 1U);
  EXPECT_EQ(circles[0].kind, Circle::Kind::kHeldOpen);
}

TEST(Waits, WhoWaitsForTheEndOfOneThatWaitsForTheEndOfItsDataHoldsItOpen) {
  Waits waits{.parties = {party("shell", {end({{1}})}), party("child", {data(0, {0})})},
              .buffers = {pipe("0")}};
  EXPECT_EQ(find_circles(waits)[0].kind, Circle::Kind::kTrue) << "nobody has it open yet";
  waits.buffers[0].written_by = {{.party = 0, .fd = 63}, {.party = 1, .fd = 4}, {.party = 0, .fd = -1}};
  const auto circles = find_circles(waits);
  ASSERT_EQ(circles.size(), 1U);
  EXPECT_EQ(circles[0].kind, Circle::Kind::kHeldOpen);
  const HeldOpen held = held_open(waits, circles[0].way);
  EXPECT_EQ(held.reader, 1U);
  EXPECT_EQ(held.holder, 0U);
  EXPECT_THAT(held.fds, ElementsAre(63));
  EXPECT_THAT(cure({.waits = waits, .circle = circles[0]}),
              testing::HasSubstr("shell has to close that end first (descriptor 63)"));
}

TEST(Waits, AnEndThatIsWaitedForIsPartOfTheCircle) {
  const Waits waits{.parties = {party("writer", {room(0, {1})}), party("reader", {end({{0}})})},
                    .buffers = {pipe("0")}};
  const auto circles = find_circles(waits);
  ASSERT_EQ(circles.size(), 1U);
  EXPECT_EQ(circles[0].kind, Circle::Kind::kFull);
  EXPECT_EQ(draw(waits, circles[0]), "writer ─▶[0 full 64/64 KiB] reader ⋯[its end]⋯ writer");
}

TEST(Waits, TheSmallestFullBufferThatCanGrowIsEnlarged) {
  Waits waits{.parties = {party("a", {room(0, {1})}), party("b", {room(1, {2})}), party("c", {room(2, {0})})},
              .buffers = {pipe("0", 128), pipe("1", 64), pipe("2", 64, 64 << 10)}};
  const auto circles = find_circles(waits);
  ASSERT_EQ(circles.size(), 1U);
  EXPECT_EQ(smallest_full(waits, circles[0]), BufferIndex{1});
  waits.buffers[2].most = 1U << 20U;
  waits.buffers[1].capacity = 256 << 10;
  EXPECT_EQ(smallest_full(waits, circles[0]), BufferIndex{2});
  waits.buffers[0].bytes = false;  // 100 messages are less than 64 KiB
  waits.buffers[0].capacity = 100;
  EXPECT_EQ(smallest_full(waits, circles[0]), BufferIndex{0});
}

// 'a' waits for either of two; on the way round by one of them nothing can grow.
TEST(Waits, WhereNothingOnTheWayCanGrowABufferBesideItIsEnlarged) {
  const Waits waits{.parties = {party("a", {room(0, {1}), room(1, {2})}), party("b", {data(2, {0})}),
                                party("c", {data(3, {1})})},
                    .buffers = {pipe("0", 64, 64 << 10), pipe("1", 128), pipe("2"), pipe("3")}};
  const auto circles = find_circles(waits);
  ASSERT_EQ(circles.size(), 1U);
  EXPECT_THAT(circles[0].full, ElementsAre(BufferIndex{0}));
  EXPECT_THAT(circles[0].full_beside, ElementsAre(BufferIndex{1}));
  EXPECT_EQ(smallest_full(waits, circles[0]), BufferIndex{1});
}

TEST(Waits, AreDrawnAsTreesWithEachPartyOnce) {
  Waits waits = starved();
  waits.parties.push_back(party("last", {data(kRight, {kJoin, kOther})}));
  EXPECT_EQ(draw(waits),
            "last waits for data of pipe 'right'\n"
            "├─ join waits for data of pipe 'right'\n"
            "│  └─ filter waits for data of pipe 'mid'\n"
            "│     └─ split waits for room in pipe 'left' (64/64 KiB)\n"
            "│        └─ join (see above)\n"
            "└─ other runs");
}

TEST(Waits, WhoDoesNotEmptyAFullBufferAndWaitsForNothingIsSlow) {
  const Waits waits{.parties = {party("source", {room(0, {1, 2})}), party("worker", {room(1, {3})}),
                                party("idle", {data(2, {0})}), party("sink", {})},
                    .buffers = {pipe("0"), pipe("1"), pipe("2")}};
  EXPECT_THAT(draw(waits), testing::EndsWith("\nslow: sink, and pipe '1' is full"));
  EXPECT_THAT(draw(starved()), testing::Not(testing::HasSubstr("slow")));
}

TEST(Waits, SayWhatToWriteIntoTheFile) {
  const Waits waits = starved();
  Deadlock deadlock{.waits = waits, .circle = find_circles(waits)[0], .growth = {}};
  EXPECT_EQ(cure(deadlock),
            "more room in pipe 'left' would let it go on ('capacity', or deadlock: { policy: grow })");
  deadlock.growth = Deadlock::Growth{
      .buffer = kLeft, .from = 64 << 10, .to = 128 << 10, .used = {64 << 10}, .budget = {64U << 20U}};
  EXPECT_EQ(cure(deadlock),
            "pipe 'left' was enlarged to 128KiB and the graph goes on (budget 64MiB, used 0.1 MiB)\n"
            "to make it permanent: pipes: { left: { capacity: 128KiB } }");
}

// A queue and a topic are full by their messages, or by their bytes.
TEST(Waits, SayWhichKeyOfAChannelToWriteIntoTheFile) {
  Waits waits{.parties = {party("a", {room(0, {1})}), party("b", {room(1, {0})})},
              .buffers = {{.name = "q",
                           .title = "the memory of queue 'q'",
                           .declared = "queues",
                           .key = "memory",
                           .fill = 60'000,
                           .capacity = 64U << 10U,
                           .most = 1U << 20U},
                          {.name = "t",
                           .title = "topic 't'",
                           .bytes = false,
                           .declared = "topics",
                           .key = "history",
                           .fill = 600,
                           .capacity = 600,
                           .most = 8192}}};
  Deadlock deadlock{.waits = waits, .circle = find_circles(waits)[0], .growth = {}};
  EXPECT_EQ(
      cure(deadlock),
      "more room in the memory of queue 'q' or topic 't' would let it go on ('memory' and 'history', or "
      "deadlock: { policy: grow })");
  ASSERT_EQ(smallest_full(waits, deadlock.circle), BufferIndex{0});
  deadlock.growth = Deadlock::Growth{
      .buffer = 0, .from = 64 << 10, .to = 128 << 10, .used = {64 << 10}, .budget = {64U << 20U}};
  EXPECT_THAT(cure(deadlock),
              testing::HasSubstr("\nto make it permanent: queues: { q: { memory: 128KiB } }"));
  waits.buffers[0].capacity = 128U << 10U;
  ASSERT_EQ(smallest_full(waits, deadlock.circle), BufferIndex{1});
  deadlock.growth =
      Deadlock::Growth{.buffer = 1, .from = 600, .to = 1200, .used = {140'000}, .budget = {64U << 20U}};
  EXPECT_THAT(cure(deadlock), testing::HasSubstr("\nto make it permanent: topics: { t: { history: 1200 } }"));
}

// --- against all that can become of small networks ---

unsigned number_from_environment(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : static_cast<unsigned>(std::atoi(text));
}

// All states that can be reached, and in each the set of those who can ever move from there.
class Future {
 public:
  // False: there are too many.
  bool explore(const Network& network, std::size_t most) {
    add(network.start());
    for (std::size_t i = 0; i < states_.size(); ++i) {
      if (states_.size() > most) return false;
      for (auto& [who, state] : network.next(states_[i])) {
        const std::size_t to = add(std::move(state));
        moves_[i] |= 1U << who;
        back_[to].push_back(i);
      }
    }
    std::vector<std::size_t> changed(states_.size());
    for (std::size_t i = 0; i < changed.size(); ++i) changed[i] = i;
    while (!changed.empty()) {
      const std::size_t at = changed.back();
      changed.pop_back();
      for (const std::size_t before : back_[at]) {
        const unsigned more = moves_[before] | moves_[at];
        if (more == moves_[before]) continue;
        moves_[before] = more;
        changed.push_back(before);
      }
    }
    return true;
  }

  [[nodiscard]] const std::vector<NetworkState>& states() const { return states_; }
  [[nodiscard]] bool can_ever_move(std::size_t state, unsigned process) const {
    return (moves_[state] >> process & 1U) != 0;
  }

 private:
  std::size_t add(NetworkState state) {
    const auto [found, is_new] = index_.try_emplace(state, states_.size());
    if (is_new) {
      states_.push_back(std::move(state));
      moves_.push_back(0);
      back_.emplace_back();
    }
    return found->second;
  }

  std::map<NetworkState, std::size_t> index_;
  std::vector<NetworkState> states_;
  std::vector<unsigned> moves_;
  std::vector<std::vector<std::size_t>> back_;
};

// Exactly those are called dead who never move again, whatever anybody does. Where there are topics one may
// be missing: who can move is taken to be able to write, though a topic of his may be full for good.
TEST(Waits, AgreeWithAnExhaustiveSearchOfSmallNetworks) {
  const unsigned networks = number_from_environment("PROCGRAPH_TEST_NETWORKS", 60);
  std::uint64_t looked = 0, dead = 0, circles = 0, missing = 0;
  for (unsigned seed = 0; seed < networks; ++seed) {
    Dice dice(seed);
    const unsigned processes = 2 + dice.below(2);
    const bool topics = seed % 2 == 1;
    const Network network = Network::random(dice, processes, 1 + dice.below(3), topics);
    Future future;
    if (!future.explore(network, 60'000)) continue;
    for (std::size_t i = 0; i < future.states().size(); ++i) {
      const NetworkState& state = future.states()[i];
      const Waits waits = network.waits(state);
      const std::vector<bool> moves = can_move(waits);
      bool any = false;
      for (unsigned process = 0; process < network.processes(); ++process) {
        if (state.tries[process] == NetworkState::kEnded) continue;
        const bool can = future.can_ever_move(i, process);
        ASSERT_TRUE(moves[process] == can || (topics && moves[process]))
            << "seed " << seed << ", state " << i;
        missing += moves[process] && !can;
        any = any || !moves[process];
        ++looked;
        dead += !moves[process];
      }
      const auto found = find_circles(waits);
      ASSERT_EQ(found.empty(), !any) << "seed " << seed << ", state " << i;
      circles += found.size();
    }
  }
  EXPECT_GT(looked, 100'000U);
  EXPECT_GT(dead, 1'000U);
  EXPECT_GT(circles, 500U);
  EXPECT_LT(missing, dead / 100);
}

// Programs that are what they are: who knows only what they wait for never calls one dead that moves later,
// and where nobody moves any more, calls all dead that have not ended.
TEST(Waits, OfAThousandRandomProgramsNobodyIsCalledDeadTooEarlyAndEveryHangIsFound) {
  const unsigned programs = number_from_environment("PROCGRAPH_TEST_PROGRAMS", 1000);
  unsigned finished = 0, hung = 0;
  for (unsigned seed = 0; seed < programs; ++seed) {
    Dice dice(seed);
    const unsigned processes = 2 + dice.below(5);
    const Network network = Network::random(dice, processes, 1 + dice.below(6), true);
    NetworkState state = network.start();
    std::vector<unsigned> left(processes);  // operations that it will do
    for (unsigned& each : left) each = dice.below(12);
    std::vector<bool> dead(processes);
    for (;;) {
      std::vector<unsigned> able;
      for (unsigned process = 0; process < processes; ++process)
        if (network.moves(state, process)) able.push_back(process);
      const std::vector<bool> moves = can_move(network.waits(state));
      for (unsigned process = 0; process < processes; ++process) {
        if (state.tries[process] == NetworkState::kEnded) continue;
        EXPECT_TRUE(!able.empty() || !moves[process]) << "seed " << seed;
        dead[process] = dead[process] || !moves[process];
      }
      if (able.empty()) break;
      const unsigned who = able[dice.below(static_cast<unsigned>(able.size()))];
      ASSERT_FALSE(dead[who]) << "seed " << seed << ": it was called dead, and moves";
      if (state.tries[who] == NetworkState::kFree) {
        const auto count = static_cast<unsigned>(network.operations(who).size());
        const bool ends = count == 0 || left[who]-- == 0;
        state.tries[who] = ends ? NetworkState::kEnded : 1U << dice.below(count);
        if (!ends && dice.below(5) == 0) state.tries[who] |= 1U << dice.below(count);  // poll
      } else {
        for (unsigned i = 0; i < network.operations(who).size(); ++i) {
          const Operation operation = network.operations(who)[i];
          if ((state.tries[who] >> i & 1U) == 0 || !network.is_possible(state, who, operation)) continue;
          network.perform(state, who, operation);
          break;
        }
        state.tries[who] = NetworkState::kFree;
      }
    }
    const bool all_ended =
        std::ranges::all_of(state.tries, [](unsigned t) { return t == NetworkState::kEnded; });
    ++(all_ended ? finished : hung);
    EXPECT_EQ(find_circles(network.waits(state)).empty(), all_ended) << "seed " << seed;
  }
  EXPECT_GT(finished, programs / 20);
  EXPECT_GT(hung, programs / 20);
}

}  // namespace
}  // namespace procgraph
