// A graph file as JSON, as an editor's YAML language server sees it: plain numbers, flags and nothing get
// their type.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace procgraph::testing {

[[nodiscard]] nlohmann::json json_of(const std::string& yaml);

}  // namespace procgraph::testing
