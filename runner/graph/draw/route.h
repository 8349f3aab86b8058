// Wires between two neighbouring layers: which edges share one, and in which column each turns. Knows no
// characters.
#pragma once

#include <utility>
#include <vector>

namespace procgraph {

// Everything that leaves `from` reaches all of `to`: one line, with branches.
struct Wire {
  std::vector<int> from, to;  // rows
  int track = -1;             // the column in which it turns, counted from the left; -1: it goes straight on

  [[nodiscard]] int top() const;
  [[nodiscard]] int bottom() const;
};

struct Routes {
  std::vector<Wire> wires;
  int tracks = 0;
  int faults = 0;  // places where two wires would lie on each other
};

// Edges as {row on the left, row on the right}.
[[nodiscard]] Routes route(const std::vector<std::pair<int, int>>& edges);

}  // namespace procgraph
