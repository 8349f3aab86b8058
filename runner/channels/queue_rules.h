// Options of a queue that make no sense together. Knows nothing of memory.
#pragma once

#include "base/diagnostic.h"
#include "graph/graph.h"

namespace procgraph {

// Of a topic too.
void nothing_comes_back_at_most_once(const Graph& graph, const Channel& channel, Diagnostics& diagnostics);
void check_policy(const Graph& graph, const Channel& channel, Diagnostics& diagnostics);

}  // namespace procgraph
