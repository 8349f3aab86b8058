// What being woken costs, measured: two threads, on a CPU each, wake each other.
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <system_error>
#include <thread>

#include "futex.h"
#include "no_signals.h"
#include "procgraph/admin.h"

namespace procgraph {
namespace {

constexpr std::uint32_t kWarm = 2, kRounds = 9;  // the first pay for pages, and for a CPU that is to wake up

void say(std::atomic<std::uint32_t>& word, std::uint32_t value) {
  word.store(value);
  detail::futex_wake(word);
}

void hear(std::atomic<std::uint32_t>& word, std::uint32_t value) {
  for (std::uint32_t now = word.load(); now != value; now = word.load())
    detail::futex_wait(word, now, std::nullopt);
}

// The n-th of the CPUs that we may use; nothing: there are fewer.
std::optional<cpu_set_t> nth_cpu(int n) {
  cpu_set_t ours;
  if (sched_getaffinity(0, sizeof ours, &ours) != 0) return std::nullopt;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &ours) || n-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    return one;
  }
  return std::nullopt;
}

// On that CPU, if it is to be had.
template <class Body>
std::thread start(int n, Body body) {
  const auto cpu = nth_cpu(n);
  return std::thread([cpu, body] {
    if (cpu) pthread_setaffinity_np(pthread_self(), sizeof *cpu, &*cpu);
    body();
  });
}

}  // namespace

std::chrono::nanoseconds measure_wake_cost() {
  std::atomic<std::uint32_t> there{0}, back{0};
  std::array<std::chrono::nanoseconds, kRounds> trips{};
  const auto answer = [&] {
    for (std::uint32_t round = 1; round <= kWarm + kRounds; ++round) {
      hear(there, round);
      say(back, round);
    }
  };
  const auto ask = [&] {
    for (std::uint32_t round = 1; round <= kWarm + kRounds; ++round) {
      const auto begin = detail::Clock::now();
      say(there, round);
      hear(back, round);
      if (round > kWarm) trips[round - kWarm - 1] = detail::Clock::now() - begin;
    }
  };
  std::optional<std::thread> first;
  try {
    const detail::NoSignals none;
    first = start(0, answer);
    start(1, ask).join();
  } catch (const std::system_error&) {
    for (std::uint32_t round = 1; first && round <= kWarm + kRounds; ++round) {  // so that it ends
      say(there, round);
      hear(back, round);
    }
  }
  if (first) first->join();
  const auto median = trips.begin() + kRounds / 2;
  std::nth_element(trips.begin(), median, trips.end());
  return *median / 2;
}

}  // namespace procgraph
