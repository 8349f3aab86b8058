// Overflow: what a writer does where there is no room, by the queue's policy.
#pragma once

#include <cstdint>

#include "queue/consumer.h"
#include "queue/view.h"
#include "queue/waiting.h"

namespace procgraph::detail {

// An attempt to put `bytes` has ended with `want` (kPlace, kBlock, kBytes). kNothing: there may be room now,
// try again; kDropped, kFull: it is over; `want` itself: wait. `dropper` takes out what gives way.
[[nodiscard]] Want make_room(View& view, Consumer& dropper, Want want, std::uint64_t bytes);

// Repeats attempt() until it succeeds or must wait.
template <class Attempt>
[[nodiscard]] Want with_policy(View& view, Consumer& dropper, std::uint64_t bytes, Attempt attempt) {
  for (;;) {
    Want want = attempt();
    if (want < Want::kPlace || want > Want::kBytes) return want;
    if (want = make_room(view, dropper, want, bytes); want != Want::kNothing) return want;
  }
}

}  // namespace procgraph::detail
