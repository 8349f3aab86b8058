// Reading one process of the file.
#pragma once

#include "config/values.h"

namespace procgraph::config {

// `name` is the key; the value may be a command alone, or a map, which takes the file's defaults.
[[nodiscard]] ProcessSpec read_process(Reader& reader, const Field& processes, const Entry& entry);
// `defaults: {processes: …}`: true if it may be used.
[[nodiscard]] bool check_process_defaults(Reader& reader, const YamlNode& map);

}  // namespace procgraph::config
