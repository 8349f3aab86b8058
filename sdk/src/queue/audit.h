// Audit: does what a queue's memory says make sense? Finds only what cannot be, whatever others do meanwhile
// and wherever somebody was killed; what could be, and is not so, stays unknown.
#pragma once

#include "queue/poison.h"
#include "queue/view.h"

namespace procgraph::detail {

// The words that all share, every block, and everybody who waits: for the runner, after a death. kNone: they
// make sense.
[[nodiscard]] Poison audit(View& view);

// Lies this ticket, which is a lower bound, behind what was published?
[[nodiscard]] bool is_bound(View& view, Ticket t);

}  // namespace procgraph::detail
