// Shape: a graph as a drawing sees it. Named channels are vertices of their own, between their writers and
// readers; an anonymous pipe is an edge. There are no circles: what would close one is left out and told
// apart.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace procgraph {

struct ShapeNode {
  bool channel = false;
  bool duplex = false;
  std::string text;   // "parse ×4", "lines"
  std::string below;  // the kind of a channel
  std::vector<std::uint32_t> next, before;
};

struct Shape {
  std::vector<ShapeNode> nodes;
  std::vector<std::string> returns;  // "m ──replies (queue)──▶ f": what closes a circle
  std::vector<std::vector<std::uint32_t>>
      parts;                      // connected, each in order of first mention; without lone processes
  std::vector<std::string> lone;  // processes without a channel
};

[[nodiscard]] Shape shape_of(const Graph& graph);

// "a, b ──q (queue)──▶ c": a channel in one line; long lists of names are cut.
[[nodiscard]] std::string channel_line(const Graph& graph, const Channel& channel);
[[nodiscard]] std::string process_text(const Process& process);  // "parse ×4"
// Processes that write and that read the channel, each once. Of a duplex pipe: its two sides.
struct Sides {
  std::vector<ProcessId> from, to;
};
[[nodiscard]] Sides sides_of(const Graph& graph, const Channel& channel);

}  // namespace procgraph
