// From files' text to Spec. Pure: files are read through World.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/world.h"
#include "config/spec.h"

namespace procgraph {

struct LoadRequest {
  std::vector<std::string> files;  // as typed; "-" is standard input, whose text is given
  std::optional<std::string> stdin_text;
  std::map<std::string, std::string> set;  // --set k=v
};

// Every mistake goes to `diagnostics`; the Spec is meaningful only if it then has no errors. `sources`
// receives every text that was read.
[[nodiscard]] Spec load(const LoadRequest& request, const World& world, Sources& sources,
                        Diagnostics& diagnostics);

}  // namespace procgraph
