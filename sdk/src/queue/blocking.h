// Blocking: from an attempt that may fail to one that waits. First it looks again for a while, as long as
// that has paid lately; then it stands in the line, looks once more, and sleeps until it is elected.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu.h"
#include "queue/blocks.h"
#include "queue/waiting.h"

namespace procgraph::detail {

// How long a handle looks before it sleeps, and how long it pauses between two looks.
//
// The whole is doubled when looking was enough and halved when it was not ("ski rental", with what waking up
// costs as the price of the skis; Karlin et al. 1990). The pause grows while it pays: each look takes a cache
// line from the side that is about to write it, so in a stream fewer looks that find more each time are
// better for both; where each wait is for one message, a pause only delays it. Once in a while a longer one
// is tried, for with none it cannot be told a stream from an exchange.
class Spinner {
 public:
  // In pauses of the processor: at most `most` before sleeping (0: never look), at most `longest` between two
  // looks.
  Spinner(std::uint32_t most, std::uint32_t longest) : most_(most), longest_(longest), budget_(most) {}

  // The handle got what it wanted without a wait.
  void got() { ++got_; }

  // Until look() is true, or the time is over, or looking has taken as long as it may.
  template <class Look>
  bool spin(const Deadline& deadline, Look look) {
    adapt();
    for (std::uint32_t spent = 0; spent < budget_; spent += pause_) {
      for (std::uint32_t i = 0; i < pause_; ++i) relax();
      if (!look()) {
        if (is_over(deadline)) return false;
        continue;
      }
      budget_ = std::min(most_, budget_ * 2);
      got_ = 1;
      return true;
    }
    budget_ = std::min(most_, std::max(budget_ / 2, kFewest));
    return false;
  }

 private:
  static constexpr std::uint32_t kFewest = 64, kTrial = 16, kTrialEvery = 32;
  static constexpr std::uint32_t kMany = 4;  // got per wait: pausing pays

  void adapt() {
    if (got_ >= kMany) {
      pause_ = pause_ * 2;
    } else if (got_ <= 1) {
      pause_ = ++alone_ % kTrialEvery == 0 ? kTrial : pause_ / 2;
    }
    pause_ = std::clamp(pause_, std::uint32_t{1}, longest_);
    got_ = 0;
  }

  std::uint32_t most_, longest_, budget_;
  std::uint32_t pause_ = 1;
  std::uint32_t got_ = 0;    // since the last wait
  std::uint32_t alone_ = 0;  // waits that brought one thing
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

// Counts how long a writer waits.
class Blocked {
 public:
  Blocked(View& view, Want want) : view_(want == Want::kMessage ? nullptr : &view) {
    if (view_ != nullptr) since_ = Clock::now();
  }
  Blocked(const Blocked&) = delete;
  Blocked& operator=(const Blocked&) = delete;
  ~Blocked() {
    if (view_ == nullptr) return;
    std::chrono::nanoseconds time = Clock::now() - since_;
    view_->memory.tally(view_->self)
        .blocked.fetch_add(static_cast<std::uint64_t>(time.count()), std::memory_order_relaxed);
  }

 private:
  View* view_;
  Clock::time_point since_;
};

[[nodiscard]] inline Clock::time_point no_alarm() {
  return kNever;
}

// Not worth another attempt? An attempt may count all that is there; this only looks at what changes. In a
// topic an attempt makes room for itself.
[[nodiscard]] inline bool seems_possible(View& view, Want want, std::uint64_t need) {
  return want != Want::kBytes || view.memory.geometry().keeps_taken ||
         in_flight(view.control()) + need <= view.memory.byte_limit();
}

// What wait_for() does where the first attempt was in vain; out of line, for most are not.
template <class Attempt, class Need, class Alarm>
[[gnu::noinline]] Want keep_trying(View& view, Spinner& spinner, const Deadline& deadline, Need need,
                                   Attempt attempt, Alarm alarm, Want want) {
  if (is_over(deadline)) return Want::kTime;
  auto look = [&] { return seems_possible(view, want, need(want)) && !must_wait(want = attempt(false)); };
  if (spinner.spin(deadline, look)) return want;
  Blocked blocked(view, want);
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
    if (!sleeper->sleep(earlier(deadline, alarm())) && is_over(deadline)) return Want::kTime;
    woken = true;
  }
}

// Repeats attempt(about_to_sleep) until it need not wait any more. need(want) is what the line is told.
// alarm() says when to look again though nobody rings.
template <class Attempt, class Need, class Alarm = Clock::time_point (*)()>
inline Want wait_for(View& view, Spinner& spinner, const Deadline& deadline, Need need, Attempt attempt,
                     Alarm alarm = no_alarm) {
  const Want want = attempt(false);
  if (must_wait(want)) return keep_trying(view, spinner, deadline, need, attempt, alarm, want);
  spinner.got();
  return want;
}

}  // namespace procgraph::detail
