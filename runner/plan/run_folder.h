// Where a run keeps what needs a name in the file system: unix sockets that the file gives no path.
#pragma once

#include <string>

#include "base/diagnostic.h"
#include "base/lookup.h"
#include "plan/plan.h"

namespace procgraph {

// "/run/user/1000/procgraph-XXXXXX", as mkdtemp takes it: in XDG_RUNTIME_DIR, TMPDIR or /tmp, whichever is
// the first to be a folder. Empty where no socket needs it. A path too long for a socket is an error of the
// machine.
[[nodiscard]] std::string choose_run_folder(const Graph& graph, const World& world, Lookup& lookup,
                                            Diagnostics& diagnostics, PlanErrors& errors);

}  // namespace procgraph
