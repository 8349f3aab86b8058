// Blocking: from an attempt that may fail to one that waits. First it looks again for a while, as long as
// that has paid lately; then it stands in the line, looks once more, and sleeps until it is elected.
#pragma once

#include <algorithm>
#include <cstdint>

#include "queue/waiting.h"

namespace procgraph::detail {

// How long a handle looks before it sleeps: doubled when looking was enough, halved when it was not ("ski
// rental", with what waking up costs as the price of the skis; Karlin et al. 1990).
class Spinner {
 public:
  // `most`: looks; 0: never. `pauses` between two looks: few give the lowest latency, many leave the other
  // side alone.
  Spinner(std::uint32_t most, std::uint32_t pauses) : most_(most), pauses_(pauses), looks_(most) {}

  template <class Look>
  bool spin(Look look) {
    for (std::uint32_t i = 0; i < looks_; ++i) {
      for (std::uint32_t k = 0; k < pauses_; ++k) relax();
      if (!look()) continue;
      looks_ = std::min(most_, looks_ * 2);
      return true;
    }
    looks_ = std::min(most_, std::max(looks_ / 2, kFewest));
    return false;
  }

 private:
  static constexpr std::uint32_t kFewest = 16;

  std::uint32_t most_, pauses_, looks_;
};

[[nodiscard]] inline bool must_wait(Want want) {
  return want >= Want::kMessage && want <= Want::kBytes;
}

[[nodiscard]] inline Line line_of(Want want) {
  switch (want) {
    case Want::kPlace:
      return Line::kPlaces;
    case Want::kBlock:
      return Line::kBlocks;
    case Want::kBytes:
      return Line::kBytes;
    default:
      return Line::kReaders;
  }
}

// Repeats attempt(about_to_sleep) until it need not wait any more. need(want) is what the line is told.
template <class Attempt, class Need>
Want wait_for(View& view, Spinner& spinner, const Deadline& deadline, Need need, Attempt attempt) {
  Want want = attempt(false);
  if (!must_wait(want)) return want;
  if (is_over(deadline)) return Want::kTime;
  if (spinner.spin([&] { return !must_wait(want = attempt(false)); })) return want;
  auto sleeper = Sleeper::enter(view);
  if (!sleeper) return Want::kSlot;
  for (bool woken = false;;) {
    sleeper->arm(line_of(want), need(want));
    Want now = attempt(true);
    if (!must_wait(now)) {
      sleeper->disarm();
      if (want != Want::kMessage) wake_freed(view);  // there may be enough for one more
      return now;
    }
    if (now != want) {
      want = now;
      continue;
    }
    if (woken && want != Want::kMessage) wake_freed(view);  // what woke us may do for somebody else
    if (!sleeper->sleep(deadline)) return Want::kTime;
    woken = true;
  }
}

}  // namespace procgraph::detail
