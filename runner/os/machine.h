// Machine and World as they really are: the one place where the pure half's knowledge of its surroundings is
// read.
#pragma once

#include <string>
#include <vector>

#include "base/world.h"

namespace procgraph {

// `root` stands before /proc and /sys; a test lays out its own.
[[nodiscard]] Machine read_machine(const std::string& root = "");

// `nodes` are the folders of --nodes as typed, `installed_nodes` an absolute folder or empty.
Result<World> real_world(const std::vector<std::string>& nodes, std::string installed_nodes);

}  // namespace procgraph
