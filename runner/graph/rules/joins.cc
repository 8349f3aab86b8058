// A split that joins again: what one process hands out on two ways comes together in a program that reads
// one input after the other. While it waits for one of them the other way fills up, the split stops, and then
// nothing moves any more. (StreamIt calls the shape a split-join; the circle is one of bounded buffers, as in
// Parks 1995.) Small inputs pass, so no test finds it.
#include <algorithm>
#include <optional>
#include <vector>

#include "graph/channel_kind.h"
#include "graph/digraph.h"
#include "graph/rules.h"
#include "graph/traits.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

constexpr Vertex kNobody = ~Vertex{0};

// A program with the SDK can wait for all of its ports at once, unless it says that it does not; one that
// reads descriptors mostly does not.
bool may_wait_for_one(const Graph& graph, const Port& port) {
  const Channel& channel = graph.at(port.channel);
  const bool flows = port.access == Access::kRead && channel.kind->flows && !channel.duplex;
  const Inputs inputs = traits_of(graph.at(port.process)).inputs;
  const bool says_so = inputs == Inputs::kInOrder || inputs == Inputs::kLockstep;
  return flows && inputs != Inputs::kAny && (port.stream || port.fd || says_so);
}

// All that leads into a channel, nearest first, each with the next vertex on its shortest way there.
struct Sources {
  std::vector<Vertex> order;
  std::vector<Vertex> next;  // by vertex; kNobody: it does not lead there

  Sources(const Digraph& up, Vertex from, Vertex without) : order{from}, next(up.size(), kNobody) {
    next[from] = from;
    for (std::size_t i = 0; i < order.size(); ++i) {
      for (const Vertex v : up.from(order[i])) {
        if (next[v] != kNobody || v == without) continue;
        next[v] = order[i];
        order.push_back(v);
      }
    }
  }
};

// What is nearest to the second of them, and hands out on different ways to both. A queue does not: who is
// stopped there lets the others take.
std::optional<Vertex> split_of(const Graph& graph, const Sources& first, const Sources& second) {
  const auto splits = [&](Vertex v) {
    const bool hands_out =
        v < graph.processes.size() || graph.channels[v - graph.processes.size()].kind->to_each;
    return hands_out && first.next[v] != kNobody && first.next[v] != second.next[v];
  };
  const auto found = std::ranges::find_if(second.order, splits);
  return found == second.order.end() ? std::nullopt : std::optional(*found);
}

std::string named(const Graph& graph, Vertex v) {
  return v < graph.processes.size() ? cat("process ", quoted(graph.processes[v].name))
                                    : title(graph, graph.channels[v - graph.processes.size()]);
}

bool is_process(const Graph& graph, Vertex v) {
  return v < graph.processes.size();
}

// What goes on a way from the split comes out at its end piece for piece.
bool keeps_count(const Graph& graph, const Sources& way, Vertex split, Vertex end) {
  for (Vertex v = way.next[split]; v != end; v = way.next[v]) {
    if (is_process(graph, v) && traits_of(graph.processes[v]).filters) return false;
  }
  return true;
}

// Gives each way the same, at the same time.
bool hands_out_evenly(const Graph& graph, Vertex split) {
  if (!is_process(graph, split)) return true;
  const CommandSpec& command = graph.processes[split].command;
  return !command.shell && !command.words.empty() && command.words[0].value == "tee";
}

void report(const Graph& graph, const Process& join, PortId first, PortId second, bool to_its_end,
            Vertex split, Diagnostics& diagnostics) {
  const std::string one = title(graph, graph.at(graph.at(first).channel)),
                    other = title(graph, graph.at(graph.at(second).channel));
  const std::string from = named(graph, split);
  auto& warning = diagnostics.warning(
      graph.at(second).mark,
      to_its_end
          ? cat("process ", quoted(join.name), " reads ", one, " to its end before ", other,
                ", and both come from ", from, ": once ", other, " is full, all of them stop for ever")
          : cat("process ", quoted(join.name), " reads ", one, " and ", other, ", which both come from ",
                from, ": if it waits for one while the other is full, all of them stop for ever"),
      to_its_end
          ? cat("give ", other, " room for all that comes meanwhile ('capacity'), or let one program do both")
          : "give the one that fills up first room for all that comes meanwhile "
            "('capacity'), or let one program "
            "do both");
  warning.notes.push_back({graph.at(first).mark, to_its_end ? "read first" : "the other input"});
}

// The first two inputs that come from one split.
void look_at(const Graph& graph, const Digraph& up, const Process& join, const std::vector<PortId>& inputs,
             Diagnostics& diagnostics) {
  const auto vertex = [&](PortId id) {
    return static_cast<Vertex>(graph.processes.size() + graph.at(id).channel.value);
  };
  const std::vector<PortId> order = in_order(graph, join, inputs);
  const bool lockstep = traits_of(join).inputs == Inputs::kLockstep;
  const std::vector<PortId>& in_turn = order.empty() ? inputs : order;
  std::vector<Sources> sources;
  for (const PortId input : in_turn) {
    sources.emplace_back(up, vertex(input), join.id.value);
    for (std::size_t i = 0; i + 1 < sources.size(); ++i) {
      const auto split = split_of(graph, sources[i], sources.back());
      if (!split) continue;
      if (lockstep && hands_out_evenly(graph, *split) &&
          keeps_count(graph, sources[i], *split, vertex(in_turn[i])) &&
          keeps_count(graph, sources.back(), *split, vertex(input)))
        continue;
      report(graph, join, in_turn[i], input, !order.empty(), *split, diagnostics);
      return;
    }
  }
}

}  // namespace

void splits_that_join_again_have_room(const Graph& graph, const World&, Diagnostics& diagnostics) {
  std::optional<Digraph> up;  // for the few graphs that need it
  for (const Process& join : graph.processes) {
    std::vector<PortId> inputs;
    std::ranges::copy_if(join.ports, std::back_inserter(inputs),
                         [&](PortId id) { return may_wait_for_one(graph, graph.at(id)); });
    if (inputs.size() < 2) continue;
    if (!up) up = back_pressure(graph);
    look_at(graph, *up, join, inputs, diagnostics);
  }
}

}  // namespace procgraph
