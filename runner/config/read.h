// From a guarded text to its tree. read.cc is the only file that knows the YAML library.
#pragma once

#include <cstdint>

#include "base/mark.h"
#include "config/builder.h"
#include "config/problems.h"
#include "config/tree.h"

namespace procgraph::config {

// The document's root, or null: then the reasons are in `problems`.
[[nodiscard]] const YamlNode* read(const Source& source, std::uint32_t file, Tree& tree, Budget& budget,
                                   Problems& problems);

}  // namespace procgraph::config
