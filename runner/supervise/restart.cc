#include "supervise/restart.h"

#include <algorithm>

namespace procgraph {

bool calls_for_restart(const RestartPolicy& policy, bool failed, int code) {
  if (std::ranges::find(policy.except, code) != policy.except.end()) return false;
  return policy.when == Restart::kAlways || (failed && policy.when == Restart::kOnFailure);
}

std::uint32_t recent(const RestartPolicy& policy, const Lives& lives, Instant now) {
  if (!policy.max) return 0;
  const auto counts = [&](Instant ordered) { return now - ordered < policy.max->within; };
  return static_cast<std::uint32_t>(std::ranges::count_if(lives.recent, counts));
}

bool is_spent(const RestartPolicy& policy, const Lives& lives, Instant now) {
  return policy.max && recent(policy, lives, now) >= policy.max->count;
}

// A row of short lives doubles the wait. Chance keeps apart what has died at the same moment, of the same
// cause.
Duration order_restart(const RestartPolicy& policy, Lives& lives, Duration ran, Instant now,
                       std::uint64_t dice) {
  constexpr Duration::rep kParts = 1 << 16;
  if (ran >= policy.reset_after) lives.row = 0;
  const Duration wait = policy.wait(lives.row++);
  ++lives.restarts;
  if (policy.max) {
    lives.recent.push_back(now);
    if (lives.recent.size() > policy.max->count) lives.recent.pop_front();
  }
  return wait + wait / (4 * kParts) * static_cast<Duration::rep>(dice % kParts);
}

}  // namespace procgraph
