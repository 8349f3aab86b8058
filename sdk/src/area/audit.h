// Audit: does what an area's control region says make sense? Finds only what cannot be, whatever its
// processes do meanwhile and wherever one was killed.
#pragma once

#include <cstddef>
#include <span>

#include "area/layout.h"
#include "procgraph/admin.h"

namespace procgraph::detail {

// What the runner writes there, and what is to stand there ever after.
[[nodiscard]] AreaHeader header_of(const AreaShape& shape);

// For the runner, which knows what was declared. What is wrong, in words; null: nothing.
[[nodiscard]] const char* audit(std::span<std::byte> control, const AreaShape& shape);

}  // namespace procgraph::detail
