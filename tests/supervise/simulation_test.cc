#include "simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

namespace procgraph {
namespace {

std::uint64_t number(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// SEED=n replays one; SEEDS=n tries more of them: some 30 events each.
TEST(Simulation, NoSeedBreaksARule) {
  const std::uint64_t first = number("SEED", 1);
  const std::uint64_t seeds = std::getenv("SEED") != nullptr ? 1 : number("SEEDS", 20'000);
  std::size_t events = 0, restarts = 0, recalls = 0, probes = 0;
  std::set<Verdict> verdicts;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    Simulation simulation(seed);
    ASSERT_EQ(simulation.run(), "") << "SEED=" << seed;
    events += simulation.events();
    restarts += simulation.restarts();
    recalls += simulation.recalls();
    probes += simulation.probes();
    for (const SpawnState& spawn : simulation.situation().spawns) verdicts.insert(spawn.verdict);
  }
  RecordProperty("events", std::to_string(events));
  RecordProperty("probes", std::to_string(probes));
  if (seeds < 1000) return;
  EXPECT_GT(events, 10 * seeds);
  EXPECT_GT(restarts, seeds);
  EXPECT_GT(recalls, seeds / 50);
  EXPECT_GT(probes, seeds);
  EXPECT_EQ(verdicts.size(), 5U) << "succeeded, cut off, stopped, failed, skipped: each must occur";
}

// The same, with somebody outside who orders ends and other lives at any moment.
TEST(Simulation, NoOrderBreaksARule) {
  const std::uint64_t first = number("SEED", 1);
  const std::uint64_t seeds = std::getenv("SEED") != nullptr ? 1 : number("SEEDS", 20'000);
  std::size_t dismissals = 0, recalls = 0;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    Simulation simulation(seed, step, true);
    ASSERT_EQ(simulation.run(), "") << "SEED=" << seed;
    dismissals += simulation.dismissals();
    recalls += simulation.recalls();
  }
  if (seeds < 1000) return;
  EXPECT_GT(dismissals, seeds / 10);
  EXPECT_GT(recalls, seeds / 20);
}

// The rule of the late verdict, told once more and naively: the least set that contains whoever has a channel
// whose readers are all fine, where nobody is a service or can be spared.
TEST(Simulation, WhoIsCutOffIsTheLeastSolutionOfTheRule) {
  for (std::uint64_t seed = 1; seed <= number("SEEDS", 20'000); ++seed) {
    Simulation simulation(seed);
    ASSERT_EQ(simulation.run(), "") << "SEED=" << seed;
    const Cast& cast = simulation.cast();
    const auto other = [](const Role& role) { return role.service || role.spare > 0; };
    if (std::ranges::any_of(cast.roles, other)) continue;
    const auto& spawns = simulation.situation().spawns;
    const auto late = [&](std::uint32_t i) {
      const Verdict verdict = spawns[i].verdict;
      const bool pipe = spawns[i].exit.signal == SIGPIPE || spawns[i].exit.code == 141;
      return pipe && !spawns[i].timed_out && !spawns[i].overdue && !spawns[i].unready &&
             !spawns[i].unhealthy && !cast.at(cast.owners[i]).writes.empty() &&
             (verdict == Verdict::kCutOff || verdict == Verdict::kFailed);
    };
    std::set<std::uint32_t> cut;
    const auto fine = [&](ProcessId id) {
      const Role& role = cast.at(id);
      for (std::uint32_t i = role.first; i < role.first + role.count; ++i) {
        if (spawns[i].verdict == Verdict::kFailed || (late(i) && !cut.contains(i))) return false;
      }
      return true;
    };
    for (std::size_t before = 1; before != cut.size();) {
      before = cut.size();
      for (std::uint32_t i = 0; i < spawns.size(); ++i) {
        const ProcessId owner = cast.owners[i];
        const auto let_go = [&](ChannelId channel) {
          return std::ranges::all_of(cast.at(channel).readers,
                                     [&](ProcessId reader) { return reader == owner || fine(reader); });
        };
        if (late(i) && std::ranges::any_of(cast.at(owner).writes, let_go)) cut.insert(i);
      }
    }
    for (std::uint32_t i = 0; i < spawns.size(); ++i)
      ASSERT_EQ(spawns[i].verdict == Verdict::kCutOff, cut.contains(i)) << "SEED=" << seed << " spawn " << i;
  }
}

}  // namespace
}  // namespace procgraph
