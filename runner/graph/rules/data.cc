// Data that cannot arrive, and circles of it.
#include <algorithm>
#include <span>

#include "graph/channel_kind.h"
#include "graph/digraph.h"
#include "graph/rules.h"
#include "graph/traits.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

// Each waits for a byte of the one before it, and has no other input.
bool never_begins(const Graph& graph, const std::vector<Vertex>& way) {
  const auto size = static_cast<Vertex>(graph.processes.size());
  const auto is_way = [&](ChannelId id) { return std::ranges::find(way, size + id.value) != way.end(); };
  return std::ranges::all_of(way, [&](Vertex v) {
    if (v >= size) return graph.channels[v - size].kind->bytes;
    const Process& process = graph.processes[v];
    const StreamKind in = process.streams[0].kind;
    if (in == StreamKind::kFile || in == StreamKind::kInherit) return false;
    const bool reads_only_way = std::ranges::all_of(process.ports, [&](PortId id) {
      const Port& port = graph.at(id);
      return port.access == Access::kWrite || !graph.at(port.channel).kind->flows || is_way(port.channel);
    });
    return reads_only_way && traits_of(process).output != Output::kUnknown;
  });
}

// A way from a channel through processes and other channels to itself.
void report(const Graph& graph, const std::vector<Vertex>& way, Diagnostics& diagnostics) {
  const auto channel_at = [&](Vertex v) -> const Channel& {
    return graph.channels[v - graph.processes.size()];
  };
  const auto is_process = [&](Vertex v) { return v < graph.processes.size(); };
  const auto inner = std::span(way).subspan(1, way.size() - 2);
  const Channel& first = channel_at(way.front());
  std::vector<std::string> names;
  std::vector<Note> notes;
  for (const Vertex v : inner) {
    if (is_process(v)) {
      names.push_back(quoted(graph.processes[v].name));
    } else {
      notes.push_back({channel_at(v).mark, cat("and through ", title(graph, channel_at(v)))});
    }
  }
  if (names.empty()) return;  // cannot be: channels alone make no circle
  std::string message;
  if (names.size() == 1) {
    message = cat("process ", names[0], " reads what it writes to ", title(graph, first),
                  ": this ends only when it closes its port or exits");
  } else {
    message = names.back();
    for (const std::string& name : names) message += cat(" → ", name);
    message += cat(" is a circle through ", title(graph, first),
                   ": it ends only when a process in it closes its port or exits");
  }
  if (!never_begins(graph, way)) {
    diagnostics.warning(first.mark, std::move(message)).notes = std::move(notes);
    return;
  }
  message.resize(message.rfind(": "));
  diagnostics
      .error(first.mark,
             message + " in which each reads before it writes: nothing ever begins, and nothing ends",
             "start the data from outside the circle, or join two processes by a pipe with 'duplex: true'")
      .notes = std::move(notes);
}

}  // namespace

void writers_do_not_wait_for_readers_that_wait_for_them(const Graph& graph, const World&,
                                                        Diagnostics& diagnostics) {
  for (const Channel& channel : graph.channels) {
    const bool waits = !channel.policies.when_full || channel.policies.when_full->value == "block";
    if (channel.kind->bytes || channel.kind->to_each || !channel.kind->flows || !waits) continue;
    if (channel.readers.size() != 1 || channel.outside.reads) continue;
    const Process& reader = graph.at(graph.at(channel.readers[0]).process);
    for (const After& after : reader.after) {
      if (after.condition < Condition::kFinished) continue;
      const bool writes = std::ranges::any_of(graph.at(after.process).ports, [&](PortId id) {
        return graph.at(id).channel == channel.id && graph.at(id).access != Access::kRead;
      });
      if (!writes) continue;
      const std::string& writer = graph.at(after.process).name;
      auto& warning = diagnostics.warning(
          after.mark,
          cat("process ", quoted(reader.name), " reads what ", quoted(writer),
              " writes, but starts only when ", quoted(writer), " has ended: more than ",
              format_count(channel.capacity), " messages in ", title(graph, channel), " block both for ever"),
          cat("start it with ", quoted(writer), ", or give ", quoted(channel.name),
              " a capacity that holds everything"));
      warning.notes.push_back({channel.mark, "declared here"});
    }
  }
}

// One warning for each knot of processes, with a shortest circle through its first channel.
void circles_of_data_are_meant(const Graph& graph, const World&, Diagnostics& diagnostics) {
  const Digraph flow = data_flow(graph, Duplex::kLeftOut);
  const Components knots = components(flow);
  std::vector<std::uint32_t> members(knots.count, 0);
  for (const auto knot : knots.of) ++members[knot];
  std::vector<bool> reported(knots.count, false);
  for (const Channel& channel : graph.channels) {
    const auto vertex = static_cast<Vertex>(graph.processes.size() + channel.id.value);
    const auto knot = knots.of[vertex];
    if (members[knot] < 2 || reported[knot]) continue;
    const auto way = shortest_way(flow, knots, vertex, vertex);
    if (channel.kind->bytes && way.size() == 3)
      continue;  // one process at both ends of a pipe: an error of its own
    reported[knot] = true;
    report(graph, way, diagnostics);
  }
}

}  // namespace procgraph
