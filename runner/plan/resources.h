// From what a process asks for to what the kernel is told, and what of it this machine cannot give.
#pragma once

#include "base/diagnostic.h"
#include "base/resources.h"
#include "base/world.h"
#include "graph/graph.h"

namespace procgraph {

// What cannot be had is an error of the machine, with both figures and the cure.
[[nodiscard]] Resources decide_resources(const Process& process, std::uint32_t replica,
                                         const Machine& machine, Diagnostics& diagnostics);

}  // namespace procgraph
