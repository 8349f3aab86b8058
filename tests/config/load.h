// Loads graph files that exist only in a test, in a world that a test makes up.
#pragma once

#include <map>
#include <string>

#include "base/diagnostic.h"
#include "base/world.h"
#include "config/load.h"

namespace procgraph::testing {

inline const std::string kFolder = "/graphs";  // where a test's files are, and the current folder

struct Loaded {
  Spec spec;
  Sources sources;
  Diagnostics diagnostics;

  // What a person sees.
  [[nodiscard]] std::string text() const { return to_text(diagnostics, sources, {}); }
};

// Files by name (relative to kFolder, or absolute).
using Texts = std::map<std::string, std::string>;

[[nodiscard]] World world_with(const Texts& files, std::map<std::string, std::string> environment = {});
[[nodiscard]] Loaded load_in(const World& world, const LoadRequest& request);
// One file, g.yaml, with nothing around it.
[[nodiscard]] Loaded load_text(const std::string& text);
[[nodiscard]] Loaded load_files(const Texts& files, std::vector<std::string> names);

}  // namespace procgraph::testing
