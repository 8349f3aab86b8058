// poll(2) with the deadlines of the SDK.
#pragma once

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <span>

#include "futex.h"

namespace procgraph::detail {

// How many are ready; 0: the time is over; below 0: errno says why. Signals do not interrupt it.
inline int poll_until(std::span<pollfd> descriptors, const Deadline& deadline) {
  for (;;) {
    timespec left{};
    if (deadline && *deadline != kAtOnce) {
      auto rest = std::max(*deadline - Clock::now(), Clock::duration::zero());
      auto seconds = std::chrono::floor<std::chrono::seconds>(rest);
      left = {static_cast<time_t>(seconds.count()), static_cast<long>((rest - seconds).count())};
    }
    const int ready = ppoll(descriptors.data(), descriptors.size(), deadline ? &left : nullptr, nullptr);
    if (ready >= 0 || errno != EINTR) return ready;
  }
}

}  // namespace procgraph::detail
