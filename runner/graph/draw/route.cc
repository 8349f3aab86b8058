#include "graph/draw/route.h"

#include <algorithm>
#include <map>
#include <set>

namespace procgraph {
namespace {

constexpr int kFault = 1000;

// Sources with the same targets share a wire.
std::vector<Wire> wires_of(const std::vector<std::pair<int, int>>& edges) {
  std::map<int, std::set<int>> targets;
  for (const auto& [from, to] : edges) targets[from].insert(to);
  std::map<std::set<int>, std::vector<int>> sources;
  for (const auto& [from, to] : targets) sources[to].push_back(from);
  std::vector<Wire> wires;
  for (const auto& [to, from] : sources) wires.push_back({.from = from, .to = {to.begin(), to.end()}});
  std::ranges::sort(wires, {}, [](const Wire& wire) { return wire.from; });
  return wires;
}

bool straight(const Wire& wire) {
  return wire.top() == wire.bottom();
}
bool has(const std::vector<int>& rows, int row) {
  return std::ranges::find(rows, row) != rows.end();
}

// What it costs to let `left` turn before `right` does: crossings, and faults where a line out of `left`
// would run into one that still comes towards `right`.
int cost(const Wire& left, const Wire& right) {
  int sum = 0;
  for (const int row : right.from) {
    if (has(left.to, row) && !has(right.to, row) && !has(left.from, row)) sum += kFault;
    if (row >= left.top() && row <= left.bottom() && !has(left.to, row)) ++sum;
  }
  for (const int row : left.to) {
    if (row >= right.top() && row <= right.bottom() && !has(right.to, row)) ++sum;
  }
  return sum;
}

bool overlap(const Wire& a, const Wire& b) {
  return a.top() <= b.bottom() && b.top() <= a.bottom();
}

// The cheaper of each two neighbours first, until nothing changes.
void order(std::vector<Wire*>& wires) {
  for (std::size_t round = 0; round < wires.size(); ++round) {
    bool changed = false;
    for (std::size_t i = 0; i + 1 < wires.size(); ++i) {
      if (cost(*wires[i], *wires[i + 1]) <= cost(*wires[i + 1], *wires[i])) continue;
      std::swap(wires[i], wires[i + 1]);
      changed = true;
    }
    if (!changed) return;
  }
}

}  // namespace

int Wire::top() const {
  return std::min(from.front(), to.front());
}
int Wire::bottom() const {
  return std::max(from.back(), to.back());
}

Routes route(const std::vector<std::pair<int, int>>& edges) {
  Routes routes{.wires = wires_of(edges)};
  std::vector<Wire*> turning;
  for (Wire& wire : routes.wires) {
    if (!straight(wire)) turning.push_back(&wire);
  }
  order(turning);
  for (std::size_t i = 0; i < turning.size(); ++i) {
    Wire& wire = *turning[i];
    wire.track = 0;
    for (std::size_t j = 0; j < i; ++j) {
      const Wire& before = *turning[j];
      if (overlap(before, wire) || cost(wire, before) > cost(before, wire))
        wire.track = std::max(wire.track, before.track + 1);
      if (cost(before, wire) >= kFault) ++routes.faults;
    }
    routes.tracks = std::max(routes.tracks, wire.track + 1);
  }
  // A straight wire lies on another one that turns into its row, or comes out of it.
  for (const Wire& wire : routes.wires) {
    if (wire.track >= 0) continue;
    for (const Wire* other : turning) {
      const int row = wire.from.front();
      if (has(other->from, row) && !has(other->to, row)) ++routes.faults;
    }
  }
  return routes;
}

}  // namespace procgraph
