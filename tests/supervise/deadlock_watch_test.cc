// When a circle is told, and how often; and who is known to have stood still between two looks.
#include "supervise/deadlock_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "launch/launch.h"

namespace procgraph {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Two that wait for each other, and how often they have run so far.
Sight standing(std::uint64_t switches, Wait::For what = Wait::For::kData) {
  Sight sight;
  for (const PartyIndex party : {0U, 1U}) {
    Wait wait{.what = what, .buffer = party, .needs = {{1 - party}}};
    sight.waits.parties.push_back(
        {.name = party == 0 ? "a" : "b", .waits = {std::move(wait)}, .doing = "waits"});
    sight.waits.buffers.push_back({.name = party == 0 ? "x" : "y", .title = "a pipe"});
    sight.seen.push_back({.pid = static_cast<pid_t>(100 + party), .threads = {{100 + party, switches}}});
    sight.places.emplace_back();
  }
  return sight;
}

Sight moving() {
  Sight sight = standing(50);
  for (Party& party : sight.waits.parties) party.waits.clear();
  return sight;
}

// A watch that sees one thing after the other, and what it then told: at which look, and whether the run
// fails.
class Watched {
 public:
  Watched(DeadlockPolicy policy, std::vector<Sight> sights) : sights_(std::move(sights)) {
    auto opened = Opened::open(plan_);
    if (!opened) throw std::runtime_error("nothing to open, and that failed");
    opened_.emplace(std::move(*opened));
    observer_.emplace(plan_, *opened_, nullptr);
    watch_.emplace(io_, DeadlockSpec{.policy = policy, .budget = {}, .after = {}}, *observer_,
                   DeadlockWatch::Hears{.look = [this] { return look(); },
                                        .found = [this](const Deadlock& found) { tell(found); }});
  }

  Watched& forgets_before(std::size_t look) {
    forgets_ = look;
    return *this;
  }
  Watched& stops_when_told() {
    stops_ = true;
    return *this;
  }
  Watched& run() {
    while (io_.run_one() > 0) {
      if (looks == sights_.size() || (stops_ && !told.empty())) watch_->stop();
    }
    return *this;
  }

  std::size_t looks = 0;
  std::vector<Deadlock> told;
  std::vector<std::size_t> at;

 private:
  void tell(const Deadlock& found) {
    told.push_back(found);
    at.push_back(looks);
  }
  Sight look() {
    if (++looks == forgets_) watch_->forget();
    return sights_.at(looks - 1);
  }

  const std::vector<Sight> sights_;
  std::size_t forgets_ = 0;
  bool stops_ = false;
  const Plan plan_;
  boost::asio::io_context io_;
  std::optional<Opened> opened_;
  std::optional<Observer> observer_;
  std::optional<DeadlockWatch> watch_;
};

TEST(DeadlockWatch, TellsOnceOfACircleThatTwoLooksSawStand) {
  Watched watched(DeadlockPolicy::kWarn, {standing(1), standing(1), standing(1)});
  EXPECT_THAT(watched.run().at, ElementsAre(2U));
  EXPECT_FALSE(watched.told[0].fails);
}

TEST(DeadlockWatch, SaysNothingOfThoseWhoHaveRunInBetween) {
  EXPECT_THAT(Watched(DeadlockPolicy::kFail, {standing(1), standing(2), standing(3)}).run().at, IsEmpty());
}

TEST(DeadlockWatch, TellsAgainOfACircleThatHasGoneAndComeBack) {
  Watched watched(DeadlockPolicy::kWarn, {standing(1), standing(1), moving(), standing(60), standing(60)});
  EXPECT_THAT(watched.run().at, ElementsAre(2U, 5U));
}

TEST(DeadlockWatch, LooksTwiceAgainAfterTimeHasStoodStill) {
  Watched watched(DeadlockPolicy::kFail, {standing(1), standing(1), standing(1)});
  EXPECT_THAT(watched.forgets_before(2).run().at, ElementsAre(3U));
  EXPECT_TRUE(watched.told[0].fails);
}

TEST(DeadlockWatch, FailsWhereNothingFullCanBeLarger) {
  Watched watched(DeadlockPolicy::kGrow, {standing(1, Wait::For::kRoom), standing(1, Wait::For::kRoom)});
  watched.run();
  ASSERT_EQ(watched.told.size(), 1U);
  EXPECT_TRUE(watched.told[0].fails);
  EXPECT_THAT(watched.told[0].obstacle, HasSubstr("no full buffer in it can be made larger"));
}

TEST(DeadlockWatch, LeavesServicesAloneThatHaveNothingToDo) {
  std::vector<Sight> sights(3, standing(1));
  for (Sight& sight : sights)
    for (Party& party : sight.waits.parties) party.service = true;
  Watched idle(DeadlockPolicy::kFail, sights);
  EXPECT_THAT(idle.run().at, ElementsAre(2U));
  EXPECT_FALSE(idle.told[0].fails);
  for (Sight& sight : sights) sight.waits.parties[1].service = false;
  Watched waited_for(DeadlockPolicy::kFail, sights);
  EXPECT_TRUE(waited_for.run().told.at(0).fails);
}

TEST(DeadlockWatch, LooksNoMoreOnceItIsStopped) {
  Watched watched(DeadlockPolicy::kFail, std::vector<Sight>(5, standing(1)));
  EXPECT_EQ(watched.stops_when_told().run().looks, 2U);
}

std::vector<bool> waiting(const Sight& before, const Sight& now) {
  std::vector<bool> waits;
  for (const Party& party : stood_still(before, now).parties) waits.push_back(!party.waits.empty());
  return waits;
}

TEST(StoodStill, AreThoseWhoSleptBothTimesAndDidNotRun) {
  EXPECT_THAT(waiting(standing(1), standing(1)), ElementsAre(true, true));
  Sight now = standing(1);
  now.seen[1].threads[0].second = 2;
  EXPECT_THAT(waiting(standing(1), now), ElementsAre(true, false));
  EXPECT_EQ(stood_still(standing(1), now).parties[1].doing, "has moved");
}

TEST(StoodStill, IsNobodyWhoDidNotWaitBefore) {
  Sight before = standing(1);
  before.waits.parties[0].waits.clear();
  EXPECT_THAT(waiting(before, standing(1)), ElementsAre(false, true));
}

TEST(StoodStill, IsNobodyWhoIsNew) {
  Sight before = standing(1);
  before.waits.parties[0].name = "another";
  EXPECT_THAT(waiting(before, standing(1)), ElementsAre(false, true));
  before = standing(1);
  before.seen[1].pid = 7;
  EXPECT_THAT(waiting(before, standing(1)), ElementsAre(true, false)) << "of the same name";
  before = standing(1);
  before.seen[1].threads.emplace_back(8, 1);
  EXPECT_THAT(waiting(before, standing(1)), ElementsAre(true, false)) << "it had another thread";
}

}  // namespace
}  // namespace procgraph
