// The supervisor's brain: step(cast, situation, event, now) → actions, over values. No descriptor, no clock,
// no log: the loop does what the actions say and tells what came of it; a simulation does the same with a
// seed.
#pragma once

#include <optional>
#include <string_view>

#include "supervise/situation.h"

namespace procgraph {

[[nodiscard]] Actions step(const Cast& cast, Situation& situation, const Event& event, Instant now);
// When event::Time is next due; nothing: no timer is needed.
[[nodiscard]] std::optional<Instant> deadline(const Situation& situation);
// Whether a Launch that was ordered is still to be done.
[[nodiscard]] bool wanted(const Situation& situation, SpawnId spawn);
// Why an order of that sort cannot be carried out, to stand behind the process's name; empty: it can.
enum class Order { kEnd, kRestart, kSignal };
[[nodiscard]] std::string_view order_refused(const Cast& cast, const Situation& situation, SpawnId spawn,
                                             Order order);

}  // namespace procgraph
