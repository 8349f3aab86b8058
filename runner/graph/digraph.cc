#include "graph/digraph.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "graph/channel_kind.h"
#include "graph/graph.h"

namespace procgraph {
namespace {

// Tarjan's algorithm with a stack of our own: a chain of 100,000 processes must not end in a deep recursion.
class Tarjan {
 public:
  explicit Tarjan(const Digraph& graph)
      : graph_(graph),
        index_(graph.size(), kNone),
        low_(graph.size()),
        found_{std::vector<std::uint32_t>(graph.size(), kNone), 0} {}

  Components run() {
    for (Vertex v = 0; v < graph_.size(); ++v) {
      if (index_[v] == kNone) walk(v);
    }
    return std::move(found_);
  }

 private:
  static constexpr std::uint32_t kNone = ~0U;
  struct Frame {
    Vertex vertex;
    std::uint32_t next = 0;
  };

  void enter(Vertex v) {
    index_[v] = low_[v] = counter_++;
    open_.push_back(v);
    frames_.push_back({v});
  }

  void walk(Vertex root) {
    enter(root);
    while (!frames_.empty()) {
      const Vertex v = frames_.back().vertex;
      const auto row = graph_.from(v);
      if (frames_.back().next < row.size()) {
        visit(v, row[frames_.back().next++]);
      } else {
        leave(v);
      }
    }
  }

  void visit(Vertex v, Vertex to) {
    if (index_[to] == kNone) {
      enter(to);
    } else if (found_.of[to] == kNone) {
      low_[v] = std::min(low_[v], index_[to]);
    }
  }

  void leave(Vertex v) {
    frames_.pop_back();
    if (!frames_.empty()) {
      const Vertex parent = frames_.back().vertex;
      low_[parent] = std::min(low_[parent], low_[v]);
    }
    if (low_[v] != index_[v]) return;
    Vertex member;
    do {
      member = open_.back();
      open_.pop_back();
      found_.of[member] = found_.count;
    } while (member != v);
    ++found_.count;
  }

  const Digraph& graph_;
  std::vector<std::uint32_t> index_, low_;
  std::vector<Vertex> open_;
  std::vector<Frame> frames_;
  std::uint32_t counter_ = 0;
  Components found_;
};

}  // namespace

Digraph::Digraph(std::size_t vertices, std::span<const Edge> edges)
    : first_(vertices + 1), to_(edges.size()) {
  for (const auto& [from, to] : edges) ++first_[from + 1];
  std::partial_sum(first_.begin(), first_.end(), first_.begin());
  std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
  for (const auto& [from, to] : edges) to_[next[from]++] = to;
}

Components components(const Digraph& graph) {
  return Tarjan(graph).run();
}

Digraph condense(const Digraph& graph, const Components& parts) {
  std::vector<Edge> edges;
  for (Vertex v = 0; v < graph.size(); ++v) {
    for (const Vertex to : graph.from(v)) {
      if (parts.of[v] != parts.of[to]) edges.emplace_back(parts.of[v], parts.of[to]);
    }
  }
  return Digraph(parts.count, edges);
}

std::vector<Vertex> shortest_way(const Digraph& graph, const Components& parts, Vertex from, Vertex to) {
  std::unordered_map<Vertex, Vertex> before;
  std::vector<Vertex> reached{from};
  for (std::size_t i = 0; i < reached.size() && !before.contains(to); ++i) {
    for (const Vertex next : graph.from(reached[i])) {
      if (parts.of[next] != parts.of[from] || (next == from && next != to)) continue;
      if (before.try_emplace(next, reached[i]).second) reached.push_back(next);
    }
  }
  if (!before.contains(to)) return {};
  std::vector<Vertex> way{to};
  do {
    way.push_back(before.at(way.back()));
  } while (way.back() != from);
  std::reverse(way.begin(), way.end());
  return way;
}

std::vector<std::uint32_t> depths(const Digraph& condensed, std::span<const std::uint32_t> weights) {
  std::vector<std::uint32_t> depth(weights.begin(), weights.end());
  for (Vertex v = static_cast<Vertex>(condensed.size()); v-- > 0;) {
    for (const Vertex to : condensed.from(v)) depth[to] = std::max(depth[to], depth[v] + weights[to]);
  }
  return depth;
}

// 64 starting points at a time, one bit each, in one pass from large numbers to small.
std::vector<bool> reaches(const Digraph& condensed, std::span<const Edge> queries) {
  std::vector<bool> answers(queries.size(), false);
  std::vector<std::uint64_t> seen(condensed.size());
  for (std::size_t batch = 0; batch < queries.size(); batch += 64) {
    const auto some = queries.subspan(batch, std::min<std::size_t>(64, queries.size() - batch));
    std::fill(seen.begin(), seen.end(), 0);
    for (std::size_t bit = 0; bit < some.size(); ++bit) seen[some[bit].first] |= 1ULL << bit;
    for (Vertex v = static_cast<Vertex>(condensed.size()); v-- > 0;) {
      if (seen[v] == 0) continue;
      for (const Vertex to : condensed.from(v)) seen[to] |= seen[v];
    }
    for (std::size_t bit = 0; bit < some.size(); ++bit)
      answers[batch + bit] = (seen[some[bit].second] >> bit) & 1;
  }
  return answers;
}

namespace {

// A mistake of its own.
bool letters_come_back(const Graph& graph, const Channel& channel) {
  ChannelId at = channel.dead_letter;
  for (std::size_t i = 0; i < graph.channels.size() && at.valid() && at != channel.id; ++i)
    at = graph.at(at).dead_letter;
  return at.valid();
}

}  // namespace

Digraph data_flow(const Graph& graph, Duplex duplex) {
  const auto channels = static_cast<Vertex>(graph.processes.size());
  std::vector<Edge> edges;
  edges.reserve(graph.ports.size());
  for (const Channel& channel : graph.channels) {
    if (duplex == Duplex::kLeftOut && (channel.duplex || !channel.kind->flows)) continue;
    for (const PortId port : channel.writers)
      edges.emplace_back(graph.at(port).process.value, channels + channel.id.value);
    for (const PortId port : channel.readers) {
      edges.emplace_back(channels + channel.id.value, graph.at(port).process.value);
      // Who fails with messages ends before who reads what becomes of them.
      if (channel.dead_letter.valid() && duplex == Duplex::kIncluded)
        edges.emplace_back(graph.at(port).process.value, channels + channel.dead_letter.value);
    }
    if (channel.dead_letter.valid() && duplex == Duplex::kLeftOut && !letters_come_back(graph, channel))
      edges.emplace_back(channels + channel.id.value, channels + channel.dead_letter.value);
  }
  return Digraph(graph.processes.size() + graph.channels.size(), edges);
}

bool stops_writers(const Channel& channel) {
  if (channel.kind->bytes) return true;
  if (channel.kind->to_each) return channel.policy == ReaderPolicy::kBlock;
  return !channel.policies.when_full || channel.policies.when_full->value == "block";
}

Digraph back_pressure(const Graph& graph) {
  const Digraph flow = data_flow(graph, Duplex::kLeftOut);
  const auto stops = [&](Vertex v) {
    return v < graph.processes.size() || stops_writers(graph.channels[v - graph.processes.size()]);
  };
  const auto is_process = [&](Vertex v) { return v < graph.processes.size(); };
  std::vector<Edge> edges;
  for (Vertex v = 0; v < flow.size(); ++v)
    for (const Vertex next : flow.from(v))
      if (stops(v) && stops(next) && (is_process(v) || is_process(next))) edges.emplace_back(next, v);
  return Digraph(flow.size(), edges);
}

namespace {

// Sets of vertices that grow together (union-find); the root of a set is its smallest.
class Sets {
 public:
  explicit Sets(std::size_t vertices) : parent_(vertices) { std::iota(parent_.begin(), parent_.end(), 0U); }

  [[nodiscard]] Vertex root(Vertex v) {
    while (parent_[v] != v) v = parent_[v] = parent_[parent_[v]];
    return v;
  }
  // False: they were in one set already.
  bool join(Vertex a, Vertex b) {
    a = root(a);
    b = root(b);
    parent_[std::max(a, b)] = std::min(a, b);
    return a != b;
  }

 private:
  std::vector<Vertex> parent_;
};

}  // namespace

std::vector<std::uint32_t> joined_by_byte_pipes(const Graph& graph) {
  Sets sets(graph.processes.size());
  for (const Channel& channel : graph.channels) {
    if (!channel.kind->bytes) continue;
    const PortId first = channel.writers.empty() ? PortId{} : channel.writers.front();
    for (const auto* side : {&channel.writers, &channel.readers}) {
      for (const PortId port : *side) {
        if (!first.valid()) continue;
        (void)sets.join(graph.at(first).process.value, graph.at(port).process.value);
      }
    }
  }
  std::vector<std::uint32_t> number(graph.processes.size(), ~0U), group(number.size());
  std::uint32_t count = 0;
  for (std::uint32_t v = 0; v < group.size(); ++v) {
    auto& of_root = number[sets.root(v)];
    if (of_root == ~0U) of_root = count++;
    group[v] = of_root;
  }
  return group;
}

bool can_hang(const Graph& graph) {
  Sets sets(graph.processes.size() + graph.channels.size());
  bool again = false;
  const auto join = [&](Vertex process, Vertex other) { again = !sets.join(process, other) || again; };
  for (const Port& port : graph.ports) {
    const Channel& channel = graph.at(port.channel);
    if (!channel.kind->flows) continue;
    const auto vertex = static_cast<Vertex>(graph.processes.size() + channel.id.value);
    join(port.process.value, vertex);
    if (port.access == Access::kBoth) again = true;  // one way there, and one back
  }
  for (const Process& process : graph.processes) {
    for (const After& after : process.after)
      if (after.condition >= Condition::kFinished) join(process.id.value, after.process.value);
  }
  return again;
}

}  // namespace procgraph
