// Layout: where everything of one connected part stands, in layers from left to right and rows from top to
// bottom. Knows no characters.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/draw/shape.h"

namespace procgraph {

// A node, or a place where an edge passes a layer on its way to a later one.
struct Slot {
  std::optional<std::uint32_t> node;  // of the shape; none: an edge passes
  int row = 0;
  std::vector<std::uint32_t> next, before;  // slots of the neighbouring layers
};

struct Layout {
  std::vector<Slot> slots;
  std::vector<std::vector<std::uint32_t>> layers;  // slots, from top to bottom
};

// Nothing where the picture would be too tall to read.
[[nodiscard]] std::optional<Layout> lay_out(const Shape& shape, const std::vector<std::uint32_t>& part);

}  // namespace procgraph
