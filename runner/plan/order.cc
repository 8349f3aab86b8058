#include "plan/order.h"

#include "graph/digraph.h"

namespace procgraph {
namespace {

// The `after`s that order what data does not: dependent → dependency, as vertices of the condensed data flow.
std::vector<Edge> dependencies(const Graph& graph, const Components& flow, const Digraph& condensed) {
  std::vector<Edge> all, backwards;
  for (const Process& process : graph.processes) {
    if (process.finally) continue;  // it runs when the stop is over
    for (const After& after : process.after) {
      const Edge edge{flow.of[process.id.value], flow.of[after.process.value]};
      if (edge.first == edge.second) continue;
      all.push_back(edge);
      backwards.emplace_back(edge.second, edge.first);
    }
  }
  // Where data flows the same way the edge says nothing new; where it flows the other way, data decides.
  const auto against = reaches(condensed, backwards);
  std::vector<Edge> kept;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!against[i]) kept.push_back(all[i]);
  }
  return kept;
}

}  // namespace

std::vector<std::uint32_t> stop_ranks(const Graph& graph) {
  const Digraph data = data_flow(graph, Duplex::kIncluded);
  const Components flow = components(data);
  const Digraph condensed = condense(data, flow);

  std::vector<Edge> edges = dependencies(graph, flow, condensed);
  for (Vertex v = 0; v < condensed.size(); ++v) {
    for (const Vertex to : condensed.from(v)) edges.emplace_back(v, to);
  }
  const Digraph whole(condensed.size(), edges);
  const Components steps = components(whole);
  // A step is made of processes: the channels on the way to it count for nothing.
  std::vector<std::uint32_t> weights(steps.count, 0), ranks(graph.processes.size());
  for (std::size_t i = 0; i < ranks.size(); ++i) weights[steps.of[flow.of[i]]] = 1;
  const auto depth = depths(condense(whole, steps), weights);
  for (std::size_t i = 0; i < ranks.size(); ++i) ranks[i] = depth[steps.of[flow.of[i]]] - 1;
  return ranks;
}

}  // namespace procgraph
