// Numbers: the participants' numbers that the plan leaves free, for processes that come while the graph runs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>

#include "plan/plan.h"
#include "procgraph/admin.h"

namespace procgraph {

class Numbers {
 public:
  explicit Numbers(const Plan& plan) {
    for (const Spawn& spawn : plan.spawns)
      next_ = std::max<std::uint16_t>(next_, static_cast<std::uint16_t>(spawn.participant + 1));
  }

  [[nodiscard]] bool any() const { return !free_.empty() || next_ <= kMaxParticipants; }
  // The lowest that was used before, else one that never was. Only where there is any.
  [[nodiscard]] std::uint16_t take() {
    if (free_.empty()) return next_++;
    return free_.extract(free_.begin()).value();
  }
  void give_back(std::uint16_t number) { free_.insert(number); }

 private:
  std::set<std::uint16_t> free_;
  std::uint16_t next_ = 1;
};

}  // namespace procgraph
