// Bugs that the simulation must find. A brain with one sees the cast otherwise than it is, mishears an event,
// or forgets an action; the rules know nothing of it.
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <vector>

#include "simulation.h"

namespace procgraph {
namespace {

using namespace std::chrono_literals;

struct Bug {
  std::string name;
  Simulation::Brain brain;
};

// The brain believes something else of each process.
Simulation::Brain believes(void (*wrongly)(Role&)) {
  return [wrongly](const Cast& cast, Situation& situation, const Event& event, Instant now) {
    Cast other = cast;
    for (Role& role : other.roles) wrongly(role);
    return step(other, situation, event, now);
  };
}

// It never hears of such an event.
template <class What>
Simulation::Brain is_deaf_to() {
  return [](const Cast& cast, Situation& situation, const Event& event, Instant now) {
    return std::holds_alternative<What>(event) ? Actions{} : step(cast, situation, event, now);
  };
}

// It does not do what it means to.
template <class What>
Simulation::Brain forgets() {
  return [](const Cast& cast, Situation& situation, const Event& event, Instant now) {
    Actions actions = step(cast, situation, event, now);
    std::erase_if(actions, [](const Action& action) { return std::holds_alternative<What>(action); });
    return actions;
  };
}

// What it has in mind is changed behind its back.
Simulation::Brain remembers(void (*wrongly)(const Cast&, Situation&, const Event&, Instant)) {
  return [wrongly](const Cast& cast, Situation& situation, const Event& event, Instant now) {
    Actions actions = step(cast, situation, event, now);
    wrongly(cast, situation, event, now);
    return actions;
  };
}

Simulation::Brain says(void (*wrongly)(Action&)) {
  return [wrongly](const Cast& cast, Situation& situation, const Event& event, Instant now) {
    Actions actions = step(cast, situation, event, now);
    for (Action& action : actions) wrongly(action);
    return actions;
  };
}

std::vector<Bug> bugs() {
  return {
      {"ReadyIsWhatHasStarted", believes([](Role& role) { role.ready.reset(); })},
      {"ReadyHasHalfOfItsTime", believes([](Role& role) {
         if (role.ready) *role.ready /= 2;
       })},
      {"ReadyHasTwiceItsTime", believes([](Role& role) {
         if (role.ready) *role.ready *= 2;
       })},
      {"ReadyIsAwaitedForEver", remembers([](const Cast& cast, Situation& situation, const Event&, Instant) {
         for (std::uint32_t i = 0; i < cast.owners.size(); ++i)
           situation.deadlines.clear(Deadlines::Kind::kReady, SpawnId{i});
       })},
      {"ReadyOfOneCopyIsEnough", remembers([](const Cast& cast, Situation& situation, const Event&, Instant) {
         for (std::uint32_t i = 0; i < cast.roles.size(); ++i) {
           RoleState& role = situation.roles[i];
           if (role.unready < cast.roles[i].count) role.unready = role.never_ready;
         }
       })},
      {"ReadyIsForgottenWithEachLife",
       remembers([](const Cast&, Situation& situation, const Event& event, Instant) {
         const auto* started = std::get_if<event::Started>(&event);
         if (started != nullptr) situation.spawns[started->spawn.value].was_ready = false;
       })},
      {"PatienceShortensTheTime",
       remembers([](const Cast&, Situation& situation, const Event& event, Instant now) {
         const auto* patience = std::get_if<event::Patience>(&event);
         if (patience == nullptr) return;
         if (situation.deadlines.of(Deadlines::Kind::kReady, patience->spawn))
           situation.deadlines.set(now + patience->more, Deadlines::Kind::kReady, patience->spawn);
       })},
      {"NobodyIsTold", forgets<action::Ready>()},
      {"AskingGoesOnAfterTheEnd", forgets<action::AskNoMore>()},
      {"HealthIsNobodysConcern", is_deaf_to<event::Unhealthy>()},
      {"AnUnhealthyOneHasNotFailed",
       remembers([](const Cast&, Situation& situation, const Event& event, Instant) {
         const auto* unhealthy = std::get_if<event::Unhealthy>(&event);
         if (unhealthy != nullptr) situation.spawns[unhealthy->spawn.value].unhealthy = false;
       })},

      {"FinallyIsNever", believes([](Role& role) {
         if (role.finally) role.needs = {{ProcessId{0}, Condition::kFailed}};
       })},
      {"FinallyIsTheStopsBusiness",
       remembers([](const Cast& cast, Situation& situation, const Event&, Instant now) {
         using Kind = Deadlines::Kind;
         if (situation.ending && !situation.done && !situation.deadlines.of(Kind::kEnd, {}))
           situation.deadlines.set(now + cast.grace, Kind::kEnd);
       })},
      {"FinallyHasNoEnd", believes([](Role& role) {
         if (role.finally) role.timeout.reset();
       })},
      {"FinallyIsToldOfASuccess", says([](Action& action) {
         if (auto* finale = std::get_if<action::Finale>(&action)) finale->ending = {};
       })},
      {"FinallyDiesWithTheSecondPress",
       [](const Cast& cast, Situation& situation, const Event& event, Instant now) {
         const auto* press = std::get_if<event::StopSignal>(&event);
         const bool second = press != nullptr && press->signal != SIGHUP && situation.last_press &&
                             now - *situation.last_press >= 500ms;
         return step(cast, situation, second ? Event(event::StopSignal{SIGQUIT}) : event, now);
       }},
      {"FinallyDoesNotMindItsConditions", believes([](Role& role) {
         if (role.finally) role.needs.clear();
       })},

      {"NoCopyIsSpared", believes([](Role& role) { role.spare = 0; })},
      {"OneCopyTooManyIsSpared", believes([](Role& role) {
         if (role.spare + 1 < role.count) ++role.spare;
       })},
      {"EveryCopyIsSpared", believes([](Role& role) { role.spare = role.count; })},

      {"NothingGoesTogether", believes([](Role& role) {
         for (Need& need : role.needs) need.restart = false;
       })},
      {"TogetherDoesNotWaitForReady", believes([](Role& role) {
         for (Need& need : role.needs)
           if (need.restart) need.condition = Condition::kStarted;
       })},
      {"TogetherIsForgottenOnTheWay", remembers([](const Cast&, Situation& situation, const Event&, Instant) {
         for (SpawnState& spawn : situation.spawns) spawn.recalled = false;
       })},
      {"TogetherSpendsOnesOwnRestarts",
       [](const Cast& cast, Situation& situation, const Event& event, Instant now) {
         Actions actions = step(cast, situation, event, now);
         for (const Action& action : actions) {
           const auto* recalled = std::get_if<action::Recalled>(&action);
           if (recalled == nullptr) continue;
           const Role& role = cast.at(recalled->process);
           for (std::uint32_t i = role.first; role.restart.max && i < role.first + role.count; ++i)
             situation.spawns[i].lives.recent.assign(role.restart.max->count, now);
         }
         return actions;
       }},
      {"TogetherStartsOnlyOnce", remembers([](const Cast&, Situation& situation, const Event&, Instant) {
         for (SpawnState& spawn : situation.spawns) {
           if (spawn.life == life::State::kHeld && spawn.lives.starts > 1) spawn.life = life::State::kEnded;
         }
       })},
  };
}

class SeededBug : public testing::TestWithParam<Bug> {};

TEST_P(SeededBug, IsFound) {
  constexpr std::uint64_t kSeeds = 3'000;
  std::uint64_t seed = 1;
  while (seed <= kSeeds && Simulation(seed, GetParam().brain).run().empty()) ++seed;
  EXPECT_LE(seed, kSeeds) << "no seed shows it";
}

INSTANTIATE_TEST_SUITE_P(Simulation, SeededBug, testing::ValuesIn(bugs()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace procgraph
