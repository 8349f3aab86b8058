// Reading when a process is started again.
#pragma once

#include <optional>

#include "config/values.h"

namespace procgraph::config {

// `restart:` a word, or a map.
[[nodiscard]] std::optional<RestartSpec> read_restart(Reader& reader, const Field& field);

}  // namespace procgraph::config
