// Reading the top level of one file into the Spec of all.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "config/values.h"

namespace procgraph::config {

// What several files add to, and what only one of them may say.
struct Collected {
  Spec spec;
  std::map<std::string_view, Mark> once;  // keys that may stand in one file only, by where they stand
};

void read_top(Reader& reader, const YamlNode& root, Collected& collected);

}  // namespace procgraph::config
