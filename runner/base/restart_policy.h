// RestartPolicy: when a process that has ended is started again, as its file says. A value; what follows from
// it is in supervise/restart.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.h"
#include "base/vocabulary.h"

namespace procgraph {

struct RestartPolicy {
  // So many restarts within any time of this length; with one more the process has failed.
  struct Intensity {
    std::uint32_t count = 5;
    Duration within = std::chrono::minutes(1);

    bool operator==(const Intensity&) const = default;
  };

  Restart when = Restart::kNever;
  // The wait before a restart: doubling from the first to the most, and up to a quarter longer at random.
  Duration first = std::chrono::seconds(1), most = std::chrono::seconds(30);
  Duration reset_after = std::chrono::minutes(1);  // a run of this length begins the doubling anew
  std::optional<Intensity> max = Intensity{};      // nothing: without end
  std::vector<int> except;  // exit codes that are final; a death by a signal is 128 and its number

  [[nodiscard]] bool restarts() const { return when != Restart::kNever; }
  // The wait before the n-th restart in a row, from 0, without what chance adds.
  [[nodiscard]] Duration wait(std::uint32_t n) const {
    Duration wait = first;
    for (; n > 0 && wait < most; --n) wait = wait > most / 2 ? most : wait * 2;
    return wait;
  }

  bool operator==(const RestartPolicy&) const = default;
};

}  // namespace procgraph
