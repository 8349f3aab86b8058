// What a plan asks of the machine, and whether the machine has it.
#pragma once

#include "base/diagnostic.h"
#include "base/world.h"
#include "plan/plan.h"

namespace procgraph {

// Fills in descriptors and memory from everything else.
void measure(Plan& plan);
// What this machine lacks is an error with errors.machine set; both figures are named.
void check_limits(const Plan& plan, const Machine& machine, Diagnostics& diagnostics, PlanErrors& errors);

}  // namespace procgraph
