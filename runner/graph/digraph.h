// Digraph: edges between small numbers, and the few questions that rules, drawings and the plan ask of them.
// Everything here is linear in vertices and edges. Knows nothing of processes and channels but data_flow(),
// which makes such numbers of them.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace procgraph {

struct Channel;
struct Graph;

using Vertex = std::uint32_t;
using Edge = std::pair<Vertex, Vertex>;

class Digraph {
 public:
  Digraph(std::size_t vertices, std::span<const Edge> edges);

  [[nodiscard]] std::size_t size() const { return first_.size() - 1; }
  [[nodiscard]] std::span<const Vertex> from(Vertex vertex) const {
    return std::span(to_).subspan(first_[vertex], first_[vertex + 1] - first_[vertex]);
  }

 private:
  std::vector<std::uint32_t> first_;  // where a vertex's row begins in to_
  std::vector<Vertex> to_;            // in the order in which the edges were given
};

// Strongly connected components. Numbered so that every edge between two of them leads to a smaller number.
struct Components {
  std::vector<std::uint32_t> of;  // by vertex
  std::uint32_t count = 0;
};
[[nodiscard]] Components components(const Digraph& graph);

// The graph of the components, without edges inside one.
[[nodiscard]] Digraph condense(const Digraph& graph, const Components& parts);

// The vertices of a shortest way inside one component, both ends included; from a vertex to itself it has at
// least one edge. Empty where there is none. Looks at that component only.
[[nodiscard]] std::vector<Vertex> shortest_way(const Digraph& graph, const Components& parts, Vertex from,
                                               Vertex to);

// Of a graph without circles whose edges lead to smaller numbers (a condensed one): the greatest weight of a
// way that ends in each vertex, its own included.
[[nodiscard]] std::vector<std::uint32_t> depths(const Digraph& condensed,
                                                std::span<const std::uint32_t> weights);

// Of such a graph: for each query {from, to}, whether a way leads from one to the other.
[[nodiscard]] std::vector<bool> reaches(const Digraph& condensed, std::span<const Edge> queries);

enum class Duplex { kIncluded, kLeftOut };

// Writer → channel → reader. Processes are the vertices below processes.size(), channels follow. A queue goes
// on to that of its dead letters; with kIncluded, which is for the order of ends, its readers do. What is no
// one-way flow, duplex pipes and kinds that do not flow, may be left out.
[[nodiscard]] Digraph data_flow(const Graph& graph, Duplex duplex);

// A full one stops its writers, whoever reads it.
[[nodiscard]] bool stops_writers(const Channel& channel);
// Against data_flow(), duplex pipes left out, over channels that can stop their writers. A queue of dead
// letters stops nobody whose letters they are.
[[nodiscard]] Digraph back_pressure(const Graph& graph);

// By process, numbered in order of appearance: processes that a byte pipe joins, directly or through others,
// share a number.
[[nodiscard]] std::vector<std::uint32_t> joined_by_byte_pipes(const Graph& graph);

// There is more than one way between two of its processes, over channels or an `after` that waits for an end:
// they could come to wait for each other. In a chain or a tree nobody can.
[[nodiscard]] bool can_hang(const Graph& graph);

}  // namespace procgraph
