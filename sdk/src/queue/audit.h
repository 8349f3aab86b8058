// Audit: does what a queue's memory says make sense? Finds only what cannot be, whatever others do meanwhile
// and wherever somebody was killed; what could be, and is not so, stays unknown.
#pragma once

#include "queue/poison.h"
#include "queue/view.h"

namespace procgraph::detail {

// The words that all share, and everybody who waits: for the runner, after a death. kNone: they make sense.
[[nodiscard]] Poison audit(View& view);

// The blocks, by whoever goes over all of them anyway: a block costs a line of memory, whatever is done to
// it.
class BlockAudit {
 public:
  explicit BlockAudit(View& view) : view_(view) {}
  void look(BlockIndex block);  // before anything is done to it
  [[nodiscard]] Poison end();   // after the last one

 private:
  View& view_;
  Poison found_ = Poison::kNone;
  Ticket newest_ = 0;
};

// Lies this ticket, which is a lower bound, behind what was published?
[[nodiscard]] bool is_bound(View& view, Ticket t);

}  // namespace procgraph::detail
