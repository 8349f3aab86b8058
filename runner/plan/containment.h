// What is to hold the run's processes together: from what the file asks for and this machine has.
#pragma once

#include "base/diagnostic.h"
#include "base/world.h"
#include "plan/plan.h"

namespace procgraph {

// Without a wish: the best tier that changes nothing for the processes. What is asked for and cannot be had
// is a warning, what is required an error of the machine; both say why.
[[nodiscard]] Containment decide_containment(const ContainmentSpec& asked, const World& world,
                                             Diagnostics& diagnostics, PlanErrors& errors);

}  // namespace procgraph
