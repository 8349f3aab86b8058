// What processes have used of the machine, as /proc tells it.
#pragma once

#include <sys/types.h>

#include <map>
#include <span>

#include "base/units.h"

namespace procgraph {

struct Usage {
  Duration cpu{};  // so far, with that of children who have ended
  Bytes memory{};  // resident now; what several share counts for each of them
};

// Of all processes of each of these sessions, by the process that leads it. Not a snapshot.
[[nodiscard]] std::map<pid_t, Usage> usage_of_sessions(std::span<const pid_t> sessions);

}  // namespace procgraph
