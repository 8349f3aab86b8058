// Drawings of a graph for `procgraph graph`. Text without colours; the same for the same graph.
#pragma once

#include <cstddef>
#include <string>

#include "graph/graph.h"

namespace procgraph {

// Left to right in box-drawing characters, wrapped at `columns`. Where a part of the graph is too tall to be
// read as a picture, its channels are listed one a line.
[[nodiscard]] std::string draw_ascii(const Graph& graph, std::size_t columns = 100);
[[nodiscard]] std::string draw_dot(const Graph& graph);
[[nodiscard]] std::string draw_mermaid(const Graph& graph);
[[nodiscard]] std::string draw_json(const Graph& graph);

}  // namespace procgraph
