// Traits: how a process's program reads and writes, as far as it is known: its manifest says so, or it is one
// that everybody has.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace procgraph {

struct Traits {
  Inputs inputs = Inputs::kUnknown;
  Output output = Output::kUnknown;
  bool filters = true;  // as far as is known: may write less than it reads
};

[[nodiscard]] Traits traits_of(const Process& process);
// Reads stdin and writes stdout, and never looks at its ports.
[[nodiscard]] bool is_plain_program(const CommandSpec& command);
// The flowing inputs of a process whose program reads one to its end before the next, in that order; empty
// where the order is not known.
[[nodiscard]] std::vector<PortId> in_order(const Graph& graph, const Process& process,
                                           const std::vector<PortId>& inputs);

}  // namespace procgraph
