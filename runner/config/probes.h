// `ready` and `health` of a process.
#pragma once

#include <optional>

#include "config/values.h"

namespace procgraph::config {

// Nothing for `started`, and where a problem was reported.
[[nodiscard]] std::optional<ReadySpec> read_ready(Reader& reader, const Field& field);
[[nodiscard]] std::optional<HealthSpec> read_health(Reader& reader, const Field& field);

}  // namespace procgraph::config
