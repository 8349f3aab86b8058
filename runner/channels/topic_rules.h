// What a topic and its readers say that cannot be. Knows nothing of memory.
#pragma once

#include "base/diagnostic.h"
#include "graph/graph.h"

namespace procgraph {

void check_topic(const Graph& graph, const Channel& channel, Diagnostics& diagnostics);

}  // namespace procgraph
