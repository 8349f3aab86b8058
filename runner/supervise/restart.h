// Whether and when a process that has ended is started again: pure functions of its policy, its end and its
// history. Knows nothing of channels, nor of a graph that stops.
#pragma once

#include <cstdint>
#include <deque>

#include "base/restart_policy.h"
#include "supervise/events.h"

namespace procgraph {

// What is remembered of the lives of one spawn.
struct Lives {
  std::uint32_t starts = 0;    // that have happened
  std::uint32_t restarts = 0;  // that were ordered, ever
  std::uint32_t row = 0;       // those of them since a run that was long enough
  std::deque<Instant> recent;  // when the last ones were ordered, as many as the policy counts
};

// Whether such an end is one after which the policy restarts at all.
[[nodiscard]] bool calls_for_restart(const RestartPolicy& policy, bool failed, int code);
// How many restarts of the policy's time lie behind; with as many as its `max` there is no other one.
[[nodiscard]] std::uint32_t recent(const RestartPolicy& policy, const Lives& lives, Instant now);
[[nodiscard]] bool is_spent(const RestartPolicy& policy, const Lives& lives, Instant now);
// Takes a restart into the history, after a life of that length, and says how long to wait before it. `dice`
// is any number; each is as likely as the others.
[[nodiscard]] Duration order_restart(const RestartPolicy& policy, Lives& lives, Duration ran, Instant now,
                                     std::uint64_t dice);

}  // namespace procgraph
