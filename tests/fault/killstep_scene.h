// The harness of the tests that kill, or stop, a process between any two instructions of an operation.
//
// The victim runs one instruction at a time. What it would leave behind if it were killed there is exactly
// the memory at that moment, so each state is copied and the survivors' part is played on the copy; a state
// that is the same as before need not be looked at again. The survivors' part is two functions that each sort
// of channel has: work_beside(view, history), and verdict(channel, history), which is empty or says what is
// wrong once the dead one is reaped and all is taken out.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "killstep_history.h"
#include "killstep_scenarios.h"
#include "killstep_tracee.h"
#include "queue/recovery.h"
#include "roster.h"
#include "test_queue.h"
#include "topic/recovery.h"

namespace procgraph::testing {

// All points instead of a sample where each point costs a run of its own.
inline bool exhaustive() {
  return std::getenv("PROCGRAPH_TEST_EXHAUSTIVE") != nullptr;
}

// Tallies and doorbells: those of the few participants that take part.
inline std::vector<std::span<std::byte>> moving_parts(TestQueue& queue) {
  std::size_t used = queue.view(kReaper).memory.geometry().tallies_at + 64 * sizeof(detail::Tally);
  return {queue.control().first(used), queue.payload(),
          queue.roster().subspan(detail::kRosterReadOnly, 1024)};
}
inline std::vector<std::span<std::byte>> moving_parts(TestTopic& topic) {
  const detail::Geometry geometry = topic.view(kReaper).memory.geometry();
  return {topic.control().first(geometry.tallies_at + 64 * sizeof(detail::Tally)),
          topic.control().subspan(geometry.control_size), topic.payload(),
          topic.roster().subspan(detail::kRosterReadOnly, 1024)};
}

// A channel, its history, and everything needed to play on with a copy of it.
template <class Channel>
class Scene {
 public:
  explicit Scene(const ScenarioOf<Channel>& scenario)
      : queue_(scenario.shape), history_(sizeof(History)), parts_(moving_parts(queue_)) {
    parts_.push_back(history_.bytes());
    scenario.prepare(queue_, history());
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  [[nodiscard]] Channel& queue() { return queue_; }
  [[nodiscard]] History& history() { return *reinterpret_cast<History*>(history_.bytes().data()); }

  [[nodiscard]] bool differs_from(Scene& other) {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (std::memcmp(parts_[i].data(), other.parts_[i].data(), parts_[i].size()) != 0) return true;
    }
    return false;
  }
  void copy_from(Scene& other) {
    for (std::size_t i = 0; i < parts_.size(); ++i)
      std::memcpy(parts_[i].data(), other.parts_[i].data(), parts_[i].size());
  }

 private:
  Channel queue_;
  Region history_;
  std::vector<std::span<std::byte>> parts_;
};

template <class Channel>
void perform(const ScenarioOf<Channel>& scenario, Scene<Channel>& scene, Ends& ends) {
  scenario.act(*ends.in, *ends.out, scene.history());
}

template <class Channel>
std::unique_ptr<Tracee> start(const ScenarioOf<Channel>& scenario, Scene<Channel>& scene) {
  static Ends ends;  // the child's
  return std::make_unique<Tracee>(
      [&] {
        setenv("PROCGRAPH_TEST_WAIT", "sleep", 1);  // looking again and again would be the same instructions
        scene.queue().enter(kVictimNumber, "both");
        if (!scenario.attaches) ends.open();
      },
      [&] {
        if (scenario.attaches) ends.open();
        perform(scenario, scene, ends);
        if (scenario.attaches) ends.close();
      });
}

// Calls at(n) at every n-th instruction at which the shared memory has changed. Returns how many instructions
// there were.
template <class Channel, class At>
long for_each_state(Tracee& tracee, Scene<Channel>& scene, Scene<Channel>& last, At at) {
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

// A process killed at any instruction loses nothing and blocks nobody.
template <class Channel>
void kill_anywhere(const ScenarioOf<Channel>& scenario) {
  Scene<Channel> scene(scenario), last(scenario), copy(scenario);
  auto victim = start(scenario, scene);
  long states = 0;
  long n = for_each_state(*victim, scene, last, [&](long at) {
    ++states;
    copy.copy_from(last);
    copy.queue().reap(kVictimNumber);
    ASSERT_EQ(verdict(copy.queue(), copy.history()), "") << "killed after instruction " << at;
  });
  EXPECT_FALSE(victim->has_failed());
  ::testing::Test::RecordProperty("instructions", std::to_string(n));
  ::testing::Test::RecordProperty("states", std::to_string(states));
}

// Others work beside a stopped process, and after its death.
template <class Channel>
void work_beside_anywhere(const ScenarioOf<Channel>& scenario) {
  Scene<Channel> scene(scenario), last(scenario), copy(scenario);
  auto victim = start(scenario, scene);
  for_each_state(*victim, scene, last, [&](long at) {
    copy.copy_from(last);
    work_beside(copy.queue().view(kOther), copy.history());
    copy.queue().reap(kVictimNumber);
    ASSERT_EQ(verdict(copy.queue(), copy.history()), "") << "stopped after instruction " << at;
  });
}

// A process goes on rightly when others have worked meanwhile.
template <class Channel>
void go_on_anywhere(const ScenarioOf<Channel>& scenario) {
  std::vector<long> points;
  {
    Scene<Channel> scene(scenario), last(scenario);
    auto scout = start(scenario, scene);
    long all = for_each_state(*scout, scene, last, [&](long at) { points.push_back(at); });
    if (exhaustive()) {
      points.clear();
      for (long n = 0; n < all; ++n) points.push_back(n);
    }
  }
  const std::size_t runs = scenario.attaches ? 6 : 20;  // it takes long to attach
  std::size_t stride = exhaustive() ? 1 : std::max<std::size_t>(1, points.size() / runs);
  for (std::size_t i = 0; i < points.size(); i += stride) {
    Scene<Channel> scene(scenario);
    auto victim = start(scenario, scene);
    for (long n = 0; n < points[i] && victim->step(); ++n) {
    }
    work_beside(scene.queue().view(kOther), scene.history());
    victim->finish();
    ASSERT_FALSE(victim->has_failed()) << "stopped after instruction " << points[i];
    victim.reset();
    scene.queue().reap(kVictimNumber);
    ASSERT_EQ(verdict(scene.queue(), scene.history()), "") << "stopped after instruction " << points[i];
  }
}

// The reaper itself may be killed at any instruction.
template <class Channel>
void kill_the_reaper_anywhere(const ScenarioOf<Channel>& scenario) {
  Scene<Channel> last(scenario), copy(scenario);
  std::vector<std::unique_ptr<Scene<Channel>>> victims;
  {
    Scene<Channel> scene(scenario);
    auto victim = start(scenario, scene);
    long state = 0;
    for_each_state(*victim, scene, last, [&](long) {
      if (state++ % (exhaustive() ? 1 : 24) != 7) return;
      victims.push_back(std::make_unique<Scene<Channel>>(scenario));
      victims.back()->copy_from(last);
    });
  }
  for (auto& left : victims) {
    auto view = left->queue().view(kReaper);
    Tracee reaper([] {}, [&] { detail::reap(view, kVictimNumber); });
    for_each_state(reaper, *left, last, [&](long at) {
      copy.copy_from(last);
      copy.queue().reap(kVictimNumber);
      copy.queue().reap(kReaper);
      ASSERT_EQ(verdict(copy.queue(), copy.history()), "") << "reaper killed after instruction " << at;
    });
  }
}

[[nodiscard]] inline std::string test_name(std::string name) {
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
}

}  // namespace procgraph::testing
