// A number in the roster for a process that is not the one which was started.
#pragma once

#include <cstdint>

#include "environment.h"

namespace procgraph::detail {

// Asks the runner, which sees to it that what this process leaves behind is given back when it dies. Blocks
// until it answers. Throws NotInGraph.
[[nodiscard]] std::uint16_t ask_for_number(const Environment& environment);

}  // namespace procgraph::detail
