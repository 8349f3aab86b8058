// Two processes between any two touches of what they share: the first stops at one of its own, the second
// comes to one of its own; then the first goes on and the second after it, or one dies there, or both.
//
// Both are led by a Player, so that each pair of points costs a few copies of memory and not two runs. A
// `Scene` is what is shared, with copy_from(); a Duet is two players on one, and who buries and judges.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "interleave_player.h"

namespace procgraph::testing {

inline std::uint64_t number_in(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return otherwise;
  std::from_chars(text, text + std::string_view(text).size(), otherwise);
  return otherwise;
}

// Of all pairs of points, of which there may be 100,000: rows are those of the first process, columns those
// of the second; some of them, from ones on that differ from run to run, or every PROCGRAPH_TEST_STRIDE-th.
class Sample {
 public:
  static constexpr std::uint64_t kRows = 8, kColumns = 16;

  Sample() : seed_(number_in("PROCGRAPH_TEST_SEED", std::random_device{}())) {}

  void choose_from(std::uint64_t rows, std::uint64_t columns) {
    row_stride_ = std::max<std::uint64_t>(1, number_in("PROCGRAPH_TEST_STRIDE", rows / kRows));
    column_stride_ = std::max<std::uint64_t>(1, number_in("PROCGRAPH_TEST_STRIDE", columns / kColumns));
    next_row_ = seed_ % row_stride_;
    next_column_ = seed_ / row_stride_ % column_stride_;
  }
  [[nodiscard]] bool has_row() { return is_due(next_row_, row_stride_); }
  [[nodiscard]] bool has_column() {
    const bool due = is_due(next_column_, column_stride_);
    taken_ += due ? 1 : 0;
    return due;
  }
  [[nodiscard]] std::uint64_t taken() const { return taken_; }
  [[nodiscard]] std::string says() const { return "PROCGRAPH_TEST_SEED=" + std::to_string(seed_); }

 private:
  static bool is_due(std::uint64_t& next, std::uint64_t stride) {
    if (next-- != 0) return false;
    next = stride - 1;
    return true;
  }

  std::uint64_t seed_, row_stride_ = 1, column_stride_ = 1, next_row_ = 0, next_column_ = 0, taken_ = 0;
};

// All that take turns do so on one processor: to hand over to another costs many times more.
class OnOneProcessor {
 public:
  OnOneProcessor() {
    sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    sched_setaffinity(0, sizeof one, &one);
  }
  OnOneProcessor(const OnOneProcessor&) = delete;
  OnOneProcessor& operator=(const OnOneProcessor&) = delete;
  ~OnOneProcessor() { sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_{};
};

template <class Scene>
struct Duet {
  Scene &live, &at_first, &at_second;
  Player &first, &second;
  std::function<void(Scene&, int)> bury;       // the first, or the second
  std::function<std::string(Scene&)> judge;    // both have ended, or are buried
  std::function<void(Scene&, int)> help = {};  // of two that wait: what that one may have lost, if it did
};

template <class Scene>
class Interleaving {
 public:
  Interleaving(Duet<Scene> duet, Sample& sample) : d_(std::move(duet)), sample_(sample) {}

  void play() {
    d_.first.save(first_at_);
    d_.second.save(second_begins_);
    d_.at_first.copy_from(d_.live);
    const std::uint64_t rows = touches_of(d_.first, first_at_);
    sample_.choose_from(rows, touches_of(d_.second, second_begins_));
    while (d_.first.advance() && !has_failed()) {
      const bool sleeps = waits() && d_.first.is_about_to_sleep();
      if (!sample_.has_row() && !sleeps) continue;
      d_.at_first.copy_from(d_.live);
      d_.first.save(first_at_);
      first_stands_ = d_.first.where();
      d_.second.restore(second_begins_);
      second_walks();
      if (sleeps && !has_failed()) waker_dies();
      d_.live.copy_from(d_.at_first);
      d_.first.restore(first_at_);
      if (sleeps) break;
    }
  }

 private:
  static bool has_failed() { return ::testing::Test::HasFailure(); }
  [[nodiscard]] bool waits() const { return d_.help != nullptr; }

  // When it is alone.
  [[nodiscard]] std::uint64_t touches_of(Player& player, const Checkpoint& begin) {
    std::uint64_t touches = 0;
    while (player.advance() && !player.is_about_to_sleep()) ++touches;
    d_.live.copy_from(d_.at_first);
    player.restore(begin);
    return touches;
  }

  void second_walks() {
    bool more = true;
    while (more && !has_failed()) {
      more = d_.second.advance();
      const bool sleeps = waits() && more && d_.second.is_about_to_sleep();
      if (!sample_.has_column() && !sleeps) continue;
      d_.at_second.copy_from(d_.live);
      d_.second.save(second_at_);
      second_stands_ = more ? d_.second.where() : "its end";
      both_go_on();
      first_dies();
      both_die(1, 2);
      both_die(2, 1);
      if (sleeps) return;
      return_to_second();
    }
  }

  // The first is asleep in the kernel from before the second begins.
  void waker_dies() {
    for (long touches = 1; !has_failed(); ++touches) {
      if (!sample_.has_column()) continue;
      d_.live.copy_from(d_.at_first);
      d_.first.restore(first_at_);
      d_.first.fall_asleep();
      d_.second.restore(second_begins_);
      bool ended = false;
      for (long n = 0; n < touches && !ended && !d_.second.is_about_to_sleep(); ++n)
        ended = !d_.second.advance();
      const bool last = ended || d_.second.is_about_to_sleep();
      second_stands_ = ended ? "its end" : d_.second.where();
      if (!ended) {
        d_.bury(d_.live, 2);
        d_.help(d_.live, 1);
      }
      come_to_end("the first slept, and the second died");
      expect_right("the first slept, and the second died");
      if (last) return;
    }
  }

  void return_to_second() {
    d_.live.copy_from(d_.at_second);
    d_.second.restore(second_at_);
  }

  void both_go_on() {
    if (waits()) {
      d_.first.go();
      d_.second.go();
      come_to_end("both went on");
    } else {
      d_.first.finish();
      d_.second.finish();
    }
    expect_right("both went on");
    d_.first.restore(first_at_);
    return_to_second();
  }

  void first_dies() {
    d_.bury(d_.live, 1);
    if (waits()) d_.help(d_.live, 2);
    d_.second.go();
    come_to_end("the first died, and the second went on");
    expect_right("the first died, and the second went on");
    return_to_second();
  }

  void both_die(int one, int other) {
    d_.live.copy_from(d_.at_second);
    d_.bury(d_.live, one);
    d_.bury(d_.live, other);
    expect_right(one == 1 ? "both died, the first was buried first"
                          : "both died, the second was buried first");
  }

  // Those that run. One that sleeps while nobody runs would do so for ever: it is woken before its waker
  // ends. So it must be seen so again after the other was seen stopped.
  void come_to_end(const char* what) {
    for (int asleep = 0; asleep < 3;) {
      const std::string states{d_.first.state(), d_.second.state()};
      if (states.find_first_of("RDS") == std::string::npos) {
        d_.first.wait_if_gone_on();
        d_.second.wait_if_gone_on();
        return;
      }
      asleep = states.find_first_of("RD") == std::string::npos ? asleep + 1 : 0;
      sched_yield();
    }
    ADD_FAILURE() << "one sleeps for ever: " << where(what);
  }

  void expect_right(const char* what) {
    if (has_failed()) return;
    EXPECT_FALSE(d_.first.has_failed() || d_.second.has_failed()) << where(what);
    EXPECT_EQ(d_.judge(d_.live), "") << where(what);
  }
  [[nodiscard]] std::string where(const char* what) const {
    return "the first stood at " + first_stands_ + ", the second at " + second_stands_ + ": " + what + "; " +
           sample_.says();
  }

  Duet<Scene> d_;
  Sample& sample_;
  Checkpoint first_at_, second_begins_, second_at_;
  std::string first_stands_, second_stands_;
};

}  // namespace procgraph::testing
