// Attendant: looks after channels that need the runner: moves dead letters, finds readers that hold a message
// for too long, sees when nothing more can come of a channel. Knows when to look and whom it concerns, not
// what follows.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "launch/launch.h"
#include "plan/plan.h"

namespace procgraph {

class Attendant {
 public:
  using Point = std::chrono::steady_clock::time_point;
  struct Hears {
    std::function<void(ChannelId, const DeadFact&)> dead;
    std::function<void(ChannelId, SpawnId)> overdue;
    std::function<void(ChannelId)> finished;
  };

  Attendant(const Plan& plan, const Opened& opened, Hears hears);

  // Something has happened to the channel; to any.
  void notice(ChannelId channel);
  void notice_all();
  void notice_due();  // those whose time to look has come
  // A process of that spawn has this number, or does not have it any more.
  void join(SpawnId spawn, std::uint16_t participant);
  void leave(std::uint16_t participant);
  // Time has stood still until now: what readers hold counts from now on.
  void forgive() { amnesty_ = std::chrono::steady_clock::now(); }
  // Looks at those that were noticed.
  void look();
  // When to call look() again though nothing is noticed.
  [[nodiscard]] std::optional<Point> next() const;

 private:
  struct Watched {
    std::optional<Point> look;
    std::uint32_t parks = 0;
    bool kept = false;
    bool told = false;  // of a dead message
    bool finished = false;
  };

  void look_at(ChannelId id, Point now);
  [[nodiscard]] SpawnId spawn_of(std::uint16_t participant) const;

  const Plan& plan_;
  const Opened& opened_;
  const Hears hears_;
  std::vector<Watched> watched_;  // by channel
  std::vector<SpawnId> by_participant_;
  std::set<std::uint32_t> noticed_;
  std::set<std::pair<Point, std::uint32_t>> due_;
  Point amnesty_{};
};

}  // namespace procgraph
