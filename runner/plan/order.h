// Who starts together, and who is asked to stop before whom.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace procgraph {

// By process; lower stops first: a writer before its readers, and, where no data connects them, an `after`
// dependent before what it depends on. A circle shares one rank. Ranks have no gaps.
[[nodiscard]] std::vector<std::uint32_t> stop_ranks(const Graph& graph);

}  // namespace procgraph
