// What separates words, here and in YAML.
#pragma once

#include <string_view>

namespace procgraph::config {

inline constexpr std::string_view kBlank = " \t\n";

}  // namespace procgraph::config
