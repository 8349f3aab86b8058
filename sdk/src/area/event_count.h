// EventCount: what threads sleep on that wait for something to become true. A sleeper asks to be told, then
// looks once more; whoever makes something true looks, after that, whether anybody has asked. One of the two
// sees the other. All are woken: they look, and those for whom it is not true sleep again.
#pragma once

#include <cstdint>

#include "futex.h"
#include "shared.h"

namespace procgraph::detail {

struct EventCount {
  Shared<std::uint32_t> count;
  Shared<std::uint32_t> asked;  // not zero: somebody may sleep
};

// To be called after having made something true.
inline void notify(EventCount& events) {
  if (events.asked.load() == 0 || events.asked.exchange(0) == 0) return;
  // Only now: a sleeper that has asked after the exchange has not read this value.
  events.count.fetch_add(1);
  futex_wake(events.count);
}

// For whoever may have died or been stopped on its way to notify.
inline void notify_always(EventCount& events) {
  events.count.fetch_add(1);
  futex_wake(events.count);
}

// Sleeps until done() is true; false: the time is over first.
template <class Done>
bool await(EventCount& events, const Deadline& deadline, Done done) {
  while (!done()) {
    if (is_over(deadline)) return false;
    const std::uint32_t seen = events.count.load();
    events.asked.store(1);
    if (done()) return true;
    futex_wait(events.count, seen, deadline);
  }
  return true;
}

}  // namespace procgraph::detail
