// Effects: what the readers of a kill storm have done with messages, in memory that survives them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace procgraph::testing {

// A message's effect is that it was seen once more. `Lives` writers put `Each` messages at most.
template <std::uint32_t Lives, std::uint32_t Each>
struct Effects {
  std::array<std::array<std::atomic<std::uint8_t>, Each>, Lives> seen;
  std::atomic<std::uint64_t> unflagged;  // came again, and did not say so

  void see(std::uint32_t life, std::uint32_t number, std::uint32_t deliveries) {
    if (seen[life][number]++ > 0 && deliveries < 2) ++unflagged;
    // Now and then the next step takes its time, so that kills come before it.
    if (number % 16 != 0) return;
    for (volatile int work : std::array<int, 20'000>{}) (void)work;
  }
};

// The message that one reader is about. Zero: none.
class Hand {
 public:
  // Before the effect; and once the message is acknowledged.
  template <class Effects>
  void take(const Effects& effects, std::uint32_t life, std::uint32_t number) {
    seen_.store(effects.seen[life][number]);
    message_.store((std::uint64_t{life} << 32 | number) + 1);
  }
  void empty() { message_.store(0); }

  // The reader is dead, and what it held is not given back yet: did it see a message that may come again?
  template <class Effects>
  [[nodiscard]] bool leave(const Effects& effects) {
    const std::uint64_t message = message_.exchange(0);
    if (message == 0) return false;
    return effects.seen[(message - 1) >> 32][static_cast<std::uint32_t>(message - 1)] > seen_.load();
  }

 private:
  std::atomic<std::uint64_t> message_, seen_;
};

}  // namespace procgraph::testing
