// Checks JSON against a JSON schema: the part of draft 7 that ours uses. A keyword that it does not know is a
// mistake of ours.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace procgraph::testing {

// Where and why `value` is refused; empty: it is accepted.
[[nodiscard]] std::string refusal(const nlohmann::json& root, const nlohmann::json& schema,
                                  const nlohmann::json& value);

}  // namespace procgraph::testing
