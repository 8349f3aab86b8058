// Keeper: descriptors that stay open for as long as anything of a run is left. They lie, sent and never
// received, in a socket whose other end the guard holds: so it need not know of them, and they end with it.
#pragma once

#include "os/fd.h"
#include "procgraph/result.h"

namespace procgraph {

class Keeper {
 public:
  // Before guarded(), which hands `kept()` to the guard.
  static Result<Keeper> open();

  // Its open file description, not the number, is kept. Does not block.
  [[nodiscard]] Result<void> keep(int fd) const;
  [[nodiscard]] int kept() const { return kept_.get(); }

 private:
  Keeper(Fd sends, Fd kept) : sends_(std::move(sends)), kept_(std::move(kept)) {}

  Fd sends_, kept_;
};

}  // namespace procgraph
