// Audit: does what a queue's memory says make sense? Finds only what cannot be, whatever others do meanwhile
// and wherever somebody was killed; what could be, and is not so, stays unknown.
#pragma once

#include "queue/poison.h"
#include "queue/view.h"

namespace procgraph::detail {

// The words that all share: for whoever is about to wait for them to change. kNone: they make sense.
[[nodiscard]] Poison audit_words(View& view);
// Those, every block, and everybody who waits: for whoever comes after a death.
[[nodiscard]] Poison audit(View& view);

// Lies this ticket, which is a lower bound, behind what was published?
[[nodiscard]] bool is_bound(View& view, Ticket t);

// Stops the channel if its words make no sense: then nobody is to sleep there.
template <class AnyView>
[[nodiscard]] bool is_spoilt(AnyView& view) {
  const Poison found = audit_words(view);
  if (found != Poison::kNone) poison(view, found);
  return found != Poison::kNone;
}

}  // namespace procgraph::detail
