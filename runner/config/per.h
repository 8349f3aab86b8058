// How often a process's command runs, and in which order its results leave: `per` and `ordered`.
#pragma once

#include <optional>

#include "config/spec.h"
#include "config/values.h"

namespace procgraph::config {

[[nodiscard]] std::optional<PerSpec> read_per(Reader& reader, const Field& field);
[[nodiscard]] std::optional<OrderedSpec> read_ordered(Reader& reader, const Field& field);

}  // namespace procgraph::config
