// A process dies, or stops, between any two instructions of any operation of a queue: nothing is lost,
// doubled or blocked, no block or place is missing.
//
// The victim runs one instruction at a time. What it would leave behind if it were killed there is exactly
// the memory at that moment, so each state is copied and the survivors' part is played on the copy; a state
// that is the same as before need not be looked at again.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "killstep_history.h"
#include "killstep_scenarios.h"
#include "killstep_tracee.h"
#include "queue/recovery.h"
#include "roster.h"
#include "test_queue.h"

namespace procgraph::testing {
namespace {

// All points instead of a sample where each point costs a run of its own.
bool exhaustive() {
  return std::getenv("PROCGRAPH_TEST_EXHAUSTIVE") != nullptr;
}

// A queue, its history, and everything needed to play on with a copy of it.
class Scene {
 public:
  explicit Scene(const Scenario& scenario)
      : queue_(scenario.shape),
        history_(sizeof(History)),
        used_(queue_.view(kReaper).memory.geometry().tallies_at + 64 * sizeof(detail::Tally)),
        at_most_once_(scenario.shape.policy.at_most_once) {
    scenario.prepare(queue_, history());
  }

  [[nodiscard]] TestQueue& queue() { return queue_; }
  [[nodiscard]] History& history() { return *reinterpret_cast<History*>(history_.bytes().data()); }

  [[nodiscard]] bool differs_from(Scene& other) {
    return differs(control(), other.control()) || differs(history_.bytes(), other.history_.bytes()) ||
           differs(bells(), other.bells()) || differs(queue_.payload(), other.queue_.payload());
  }
  void copy_from(Scene& other) {
    copy(control(), other.control());
    copy(queue_.payload(), other.queue_.payload());
    copy(bells(), other.bells());
    copy(history_.bytes(), other.history_.bytes());
  }

  // Empty, or what is wrong, once the dead one is reaped and all is taken out.
  [[nodiscard]] std::string verdict() {
    std::vector<Found> found = drain(queue_.control(), queue_.payload(), queue_.roster(), kReaper);
    if (auto wrong = judge(history(), found, queue_.sample(), at_most_once_); !wrong.empty()) return wrong;
    // A drained queue takes no more; that it did not lose anything can be seen on an open one.
    queue_.view(kReaper).control().state.store(0);
    return inspect(queue_.control(), queue_.payload(), queue_.roster(), kReaper, kVictimNumber);
  }

 private:
  static bool differs(std::span<std::byte> a, std::span<std::byte> b) {
    return std::memcmp(a.data(), b.data(), a.size()) != 0;
  }
  static void copy(std::span<std::byte> to, std::span<std::byte> from) {
    std::memcpy(to.data(), from.data(), from.size());
  }
  // Tallies and doorbells: those of the few participants that take part.
  [[nodiscard]] std::span<std::byte> control() { return queue_.control().first(used_); }
  [[nodiscard]] std::span<std::byte> bells() {
    return queue_.roster().subspan(detail::kRosterReadOnly, 1024);
  }

  TestQueue queue_;
  Region history_;
  std::size_t used_;
  bool at_most_once_;
};

struct Ends {
  std::unique_ptr<Node> node;
  std::unique_ptr<Reader> in;
  std::unique_ptr<Writer> out;
};

std::unique_ptr<Tracee> start(const Scenario& scenario, Scene& scene) {
  static Ends ends;  // the child's
  return std::make_unique<Tracee>(
      [&] {
        setenv("PROCGRAPH_TEST_WAIT", "sleep", 1);  // looking again and again would be the same instructions
        scene.queue().enter(kVictimNumber, "both");
        ends.node = std::make_unique<Node>();
        ends.in = std::make_unique<Reader>(ends.node->reader("in"));
        ends.out = std::make_unique<Writer>(ends.node->writer("out"));
      },
      [&] { scenario.act(*ends.in, *ends.out, scene.history()); });
}

// Calls at(n) at every n-th instruction at which the shared memory has changed. Returns how many instructions
// there were.
template <class At>
long for_each_state(Tracee& tracee, Scene& scene, Scene& last, At at) {
  long n = 0;
  do {
    if (n == 0 || scene.differs_from(last)) {
      last.copy_from(scene);
      at(n);
      if (::testing::Test::HasFailure()) break;
    }
    ++n;
  } while (tracee.step());
  return n;
}

class KillStep : public ::testing::TestWithParam<Scenario> {
 protected:
  Scene scene_{GetParam()}, last_{GetParam()}, copy_{GetParam()};
};

TEST_P(KillStep, AProcessKilledAtAnyInstructionLosesNothingAndBlocksNobody) {
  auto victim = start(GetParam(), scene_);
  long states = 0;
  long n = for_each_state(*victim, scene_, last_, [&](long at) {
    ++states;
    copy_.copy_from(last_);
    copy_.queue().reap(kVictimNumber);
    ASSERT_EQ(copy_.verdict(), "") << "killed after instruction " << at;
  });
  EXPECT_FALSE(victim->has_failed());
  RecordProperty("instructions", std::to_string(n));
  RecordProperty("states", std::to_string(states));
}

TEST_P(KillStep, OthersWorkBesideAStoppedProcessAndAfterItsDeath) {
  auto victim = start(GetParam(), scene_);
  for_each_state(*victim, scene_, last_, [&](long at) {
    copy_.copy_from(last_);
    work_beside(copy_.queue().view(kOther), copy_.history());
    copy_.queue().reap(kVictimNumber);
    ASSERT_EQ(copy_.verdict(), "") << "stopped after instruction " << at;
  });
}

TEST_P(KillStep, AProcessGoesOnRightlyWhenOthersHaveWorkedMeanwhile) {
  std::vector<long> points;
  {
    auto scout = start(GetParam(), scene_);
    long all = for_each_state(*scout, scene_, last_, [&](long at) { points.push_back(at); });
    if (exhaustive()) {
      points.clear();
      for (long n = 0; n < all; ++n) points.push_back(n);
    }
  }
  std::size_t stride = exhaustive() ? 1 : std::max<std::size_t>(1, points.size() / 20);
  for (std::size_t i = 0; i < points.size(); i += stride) {
    Scene scene(GetParam());
    auto victim = start(GetParam(), scene);
    for (long n = 0; n < points[i] && victim->step(); ++n) {
    }
    work_beside(scene.queue().view(kOther), scene.history());
    victim->finish();
    ASSERT_FALSE(victim->has_failed()) << "stopped after instruction " << points[i];
    victim.reset();
    scene.queue().reap(kVictimNumber);
    ASSERT_EQ(scene.verdict(), "") << "stopped after instruction " << points[i];
  }
}

TEST_P(KillStep, TheReaperItselfMayBeKilledAtAnyInstruction) {
  std::vector<std::unique_ptr<Scene>> victims;
  {
    auto victim = start(GetParam(), scene_);
    long state = 0;
    for_each_state(*victim, scene_, last_, [&](long) {
      if (state++ % (exhaustive() ? 1 : 24) != 7) return;
      victims.push_back(std::make_unique<Scene>(GetParam()));
      victims.back()->copy_from(last_);
    });
  }
  for (auto& left : victims) {
    detail::View view = left->queue().view(kReaper);
    Tracee reaper([] {}, [&] { detail::reap(view, kVictimNumber); });
    for_each_state(reaper, *left, last_, [&](long at) {
      copy_.copy_from(last_);
      copy_.queue().reap(kVictimNumber);
      copy_.queue().reap(kReaper);
      ASSERT_EQ(copy_.verdict(), "") << "reaper killed after instruction " << at;
    });
  }
}

INSTANTIATE_TEST_SUITE_P(AProcessThat, KillStep, ::testing::ValuesIn(scenarios()), [](const auto& scenario) {
  std::string name = scenario.param.name;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
});

}  // namespace
}  // namespace procgraph::testing
