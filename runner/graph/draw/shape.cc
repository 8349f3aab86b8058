#include "graph/draw/shape.h"

#include <algorithm>
#include <unordered_set>

#include "graph/channel_kind.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

std::vector<ProcessId> processes_of(const Graph& graph, const std::vector<PortId>& ports) {
  std::vector<ProcessId> found;
  std::unordered_set<ProcessId> seen;
  for (const PortId port : ports) {
    if (seen.insert(graph.at(port).process).second) found.push_back(graph.at(port).process);
  }
  return found;
}

std::string short_list(const Graph& graph, const std::vector<ProcessId>& processes) {
  constexpr std::size_t kShown = 6;
  std::string out;
  for (std::size_t i = 0; i < processes.size(); ++i) {
    if (i == kShown && processes.size() > kShown + 1)
      return cat(out, " and ", processes.size() - kShown, " more");
    out += cat(i == 0 ? "" : ", ", process_text(graph.at(processes[i])));
  }
  return out;
}

std::string line(const Graph& graph, const Channel& channel, const Sides& sides) {
  std::string arrow = "─▶";
  if (!channel.anonymous) {
    arrow = cat(channel.duplex ? "◀──" : "──", channel.name, " (", channel.kind->title(),
                channel.ended_from_start ? ", at its end" : "", ")──▶");
  }
  return cat(short_list(graph, sides.from), sides.from.empty() ? "" : " ", arrow, sides.to.empty() ? "" : " ",
             short_list(graph, sides.to));
}

// Builds the shape with all edges, then takes out those that a depth-first walk finds to close a circle.
class Shaper {
 public:
  explicit Shaper(const Graph& graph) : graph_(graph) {}

  Shape run() {
    for (const Process& process : graph_.processes) shape_.nodes.push_back({.text = process_text(process)});
    for (const Channel& channel : graph_.channels) add(channel);
    for (std::uint32_t i = 0; i < channel_of_.size(); ++i) add_outside(i);
    for (std::uint32_t v = 0; v < shape_.nodes.size(); ++v) {
      if (shape_.nodes[v].before.empty()) walk(v);
    }
    for (std::uint32_t v = 0; v < shape_.nodes.size(); ++v) walk(v);
    cut();
    split();
    return std::move(shape_);
  }

 private:
  void link(std::uint32_t from, std::uint32_t to) {
    shape_.nodes[from].next.push_back(to);
    shape_.nodes[to].before.push_back(from);
  }

  void add(const Channel& channel) {
    const Sides sides = sides_of(graph_, channel);
    if (channel.anonymous && !sides.from.empty() && !sides.to.empty()) {
      link(sides.from[0].value, sides.to[0].value);
      return;
    }
    const auto vertex = static_cast<std::uint32_t>(shape_.nodes.size());
    channel_of_.push_back(channel.id);
    shape_.nodes.push_back(
        {.channel = true,
         .duplex = channel.duplex,
         .text = channel.name,
         .below = cat(channel.kind->title(), channel.ended_from_start ? ", at its end" : "")});
    for (const ProcessId process : sides.from) link(process.value, vertex);
    for (const ProcessId process : sides.to) link(vertex, process.value);
  }

  // Whoever comes from outside: at each side a vertex of its own, so that no circle goes through it.
  void add_outside(std::uint32_t channel) {
    const OutsideEnd& outside = graph_.at(channel_of_[channel]).outside;
    const auto vertex = static_cast<std::uint32_t>(graph_.processes.size()) + channel;
    if (outside.writes) link(add_node("(outside)"), vertex);
    if (outside.reads) link(vertex, add_node("(outside)"));
  }

  std::uint32_t add_node(std::string text) {
    shape_.nodes.push_back({.text = std::move(text)});
    return static_cast<std::uint32_t>(shape_.nodes.size() - 1);
  }

  enum class State : std::uint8_t { kNew, kOpen, kDone };

  void walk(std::uint32_t root) {
    state_.resize(shape_.nodes.size(), State::kNew);
    if (state_[root] != State::kNew) return;
    std::vector<std::pair<std::uint32_t, std::size_t>> stack{{root, 0}};
    state_[root] = State::kOpen;
    while (!stack.empty()) {
      const auto v = stack.back().first;
      if (stack.back().second == shape_.nodes[v].next.size()) {
        state_[v] = State::kDone;
        stack.pop_back();
        continue;
      }
      const std::uint32_t to = shape_.nodes[v].next[stack.back().second++];
      if (state_[to] == State::kOpen) closing_.emplace_back(v, to);
      if (state_[to] == State::kNew) {
        state_[to] = State::kOpen;
        stack.emplace_back(to, 0);
      }
    }
  }

  void unlink(std::uint32_t from, std::uint32_t to) {
    std::erase(shape_.nodes[from].next, to);
    std::erase(shape_.nodes[to].before, from);
  }

  // A circle is closed by the edge into a process; where that leaves a channel without readers the channel is
  // told, not drawn.
  void cut() {
    for (const auto& [from, to] : closing_) {
      unlink(from, to);
      const std::uint32_t vertex = shape_.nodes[from].channel ? from : to;
      if (!shape_.nodes[vertex].channel) {
        shape_.returns.push_back(cat(shape_.nodes[from].text, " ─▶ ", shape_.nodes[to].text));
        continue;
      }
      const Channel& channel = graph_.at(channel_of_[vertex - graph_.processes.size()]);
      Sides sides = sides_of(graph_, channel);
      if (vertex == from) sides.to = {ProcessId{to}};
      if (vertex == to) sides.from = {ProcessId{from}};
      shape_.returns.push_back(line(graph_, channel, sides));
      if (!shape_.nodes[vertex].next.empty() && !shape_.nodes[vertex].before.empty()) continue;
      for (const std::uint32_t other : std::vector(shape_.nodes[vertex].before)) unlink(other, vertex);
      for (const std::uint32_t other : std::vector(shape_.nodes[vertex].next)) unlink(vertex, other);
    }
  }

  void split() {
    std::vector<bool> seen(shape_.nodes.size(), false);
    for (std::uint32_t root = 0; root < shape_.nodes.size(); ++root) {
      const ShapeNode& node = shape_.nodes[root];
      if (node.next.empty() && node.before.empty()) {
        if (root < graph_.processes.size() && graph_.processes[root].ports.empty())
          shape_.lone.push_back(node.text);
        continue;
      }
      if (!seen[root]) shape_.parts.push_back(connected(root, seen));
    }
  }

  std::vector<std::uint32_t> connected(std::uint32_t root, std::vector<bool>& seen) const {
    std::vector<std::uint32_t> part{root};
    seen[root] = true;
    for (std::size_t i = 0; i < part.size(); ++i) {
      for (const auto* side : {&shape_.nodes[part[i]].next, &shape_.nodes[part[i]].before}) {
        for (const std::uint32_t other : *side) {
          if (seen[other]) continue;
          seen[other] = true;
          part.push_back(other);
        }
      }
    }
    std::ranges::sort(part);
    return part;
  }

  const Graph& graph_;
  Shape shape_;
  std::vector<ChannelId> channel_of_;  // by vertex, after the processes
  std::vector<State> state_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> closing_;
};

}  // namespace

std::string process_text(const Process& process) {
  const std::uint32_t copies = process.replicas * process.runs;
  return copies == 1 ? process.name : cat(process.name, " ×", copies);
}

Sides sides_of(const Graph& graph, const Channel& channel) {
  Sides sides{processes_of(graph, channel.writers), processes_of(graph, channel.readers)};
  if (!channel.duplex) return sides;
  auto both = sides.to;
  for (const ProcessId process : sides.from) {
    if (std::ranges::find(both, process) == both.end()) both.push_back(process);
  }
  std::ranges::sort(both);
  const auto half = both.begin() + (both.empty() ? 0 : 1);
  return {{both.begin(), half}, {half, both.end()}};
}

Shape shape_of(const Graph& graph) {
  return Shaper(graph).run();
}

std::string channel_line(const Graph& graph, const Channel& channel) {
  return line(graph, channel, sides_of(graph, channel));
}

}  // namespace procgraph
