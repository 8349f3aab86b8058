// How maps inherit from others: `<<` and `defaults`. A key of one's own wins, then the earlier base; the maps
// of two `env` keys merge key by key.
#pragma once

#include <span>
#include <vector>

#include "config/tree.h"

namespace procgraph::config {

// Adds to `own` what the bases (maps) have and it has not.
void inherit(std::vector<Entry>& own, std::span<const YamlNode* const> bases, Tree& tree);

}  // namespace procgraph::config
