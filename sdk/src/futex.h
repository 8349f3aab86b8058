// Futexes in memory that processes share, and the clock that their deadlines are on.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdint>
#include <optional>

namespace procgraph::detail {

using Clock = std::chrono::steady_clock;            // CLOCK_MONOTONIC
using Deadline = std::optional<Clock::time_point>;  // nothing: for ever

inline constexpr Clock::time_point kAtOnce = Clock::time_point::min(), kNever = Clock::time_point::max();

[[nodiscard]] inline bool is_over(const Deadline& deadline) {
  return deadline && (*deadline == kAtOnce || Clock::now() >= *deadline);
}

// From now on; for ever where that is beyond what the clock can say.
[[nodiscard]] inline Deadline deadline_in(std::chrono::nanoseconds timeout) {
  if (timeout == std::chrono::nanoseconds::max()) return std::nullopt;
  if (timeout <= std::chrono::nanoseconds::zero()) return kAtOnce;
  Clock::time_point now = Clock::now();
  if (timeout >= Clock::time_point::max() - now) return std::nullopt;
  return now + timeout;
}

// The same clock to the kernel's tick (1 to 4 ms), for little.
[[nodiscard]] inline std::uint64_t coarse_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

[[nodiscard]] inline Deadline earlier(const Deadline& deadline, Clock::time_point alarm) {
  if (alarm == kNever || (deadline && *deadline <= alarm)) return deadline;
  return alarm;
}

// Sleeps while `word` is `value`, at most until the deadline. False: the time is over. Wakes for no reason
// too.
inline bool futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t value, const Deadline& deadline) {
  timespec until{};
  if (deadline) {
    auto since = std::max(deadline->time_since_epoch(), Clock::duration::zero());
    auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    until.tv_sec = static_cast<time_t>(seconds.count());
    until.tv_nsec = static_cast<long>(std::chrono::nanoseconds(since - seconds).count());
  }
  long result = syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, value, deadline ? &until : nullptr, nullptr,
                        FUTEX_BITSET_MATCH_ANY);
  return !(result == -1 && errno == ETIMEDOUT);
}

inline void futex_wake(std::atomic<std::uint32_t>& word, int threads = INT_MAX) {
  syscall(SYS_futex, &word, FUTEX_WAKE, threads, nullptr, nullptr, 0);
}

}  // namespace procgraph::detail
