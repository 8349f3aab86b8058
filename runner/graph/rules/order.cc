// Start conditions that can never hold.
#include "graph/channel_kind.h"
#include "graph/digraph.h"
#include "graph/rules.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

std::string_view words_of(Condition condition) {
  switch (condition) {
    case Condition::kStarted:
      return "has started";
    case Condition::kReady:
      return "is ready";
    case Condition::kFinished:
      return "has finished";
    case Condition::kSucceeded:
      return "has succeeded";
    case Condition::kFailed:
      return "has failed";
  }
  return "";
}

// Who must start before, or together with, whom: `after` edges between processes, and an edge each way
// between a process and each byte pipe that it holds, for the ends of a pipe start together. Processes first,
// then channels.
std::vector<Edge> start_edges(const Graph& graph) {
  const auto channels = static_cast<Vertex>(graph.processes.size());
  std::vector<Edge> edges;
  for (const Process& process : graph.processes) {
    for (const After& after : process.after) edges.emplace_back(process.id.value, after.process.value);
  }
  for (const Port& port : graph.ports) {
    if (!graph.at(port.channel).kind->bytes) continue;
    edges.emplace_back(port.process.value, channels + port.channel.value);
    edges.emplace_back(channels + port.channel.value, port.process.value);
  }
  return edges;
}

// A circle that begins with an `after` edge, said in words.
void report(const Graph& graph, const Process& waiting, const After& first, const std::vector<Vertex>& way,
            Diagnostics& diagnostics) {
  std::vector<std::string> names{waiting.name};
  std::vector<Note> notes;
  const auto is_process = [&](Vertex v) { return v < graph.processes.size(); };
  const auto note_after = [&](const Process& process, const After& after) {
    notes.push_back({after.mark, cat(quoted(process.name), " waits until ",
                                     quoted(graph.at(after.process).name), ' ', words_of(after.condition))});
  };
  note_after(waiting, first);
  for (std::size_t i = 0; i < way.size(); ++i) {
    if (!is_process(way[i])) {
      const Channel& channel = graph.channels[way[i] - graph.processes.size()];
      notes.push_back({channel.mark, cat(quoted(graph.processes[way[i - 1]].name), " and ",
                                         quoted(graph.processes[way[i + 1]].name),
                                         " start together: they are the ends of ", title(graph, channel))});
      continue;
    }
    const Process& process = graph.processes[way[i]];
    if (process.id != waiting.id) names.push_back(process.name);
    if (i + 1 == way.size() || !is_process(way[i + 1])) continue;
    for (const After& after : process.after) {
      if (after.process.value == way[i + 1]) {
        note_after(process, after);
        break;
      }
    }
  }
  auto& error =
      diagnostics.error(first.mark, cat(quoted_list(names), " wait for each other and can never start"));
  error.notes = std::move(notes);
}

}  // namespace

// One message for each knot of processes, with a shortest circle through the first `after` in it.
void start_order_has_no_circle(const Graph& graph, const World&, Diagnostics& diagnostics) {
  const auto edges = start_edges(graph);
  const Digraph order(graph.processes.size() + graph.channels.size(), edges);
  const Components knots = components(order);
  std::vector<bool> reported(knots.count, false);
  for (const Process& process : graph.processes) {
    for (const After& after : process.after) {
      const auto knot = knots.of[process.id.value];
      if (knot != knots.of[after.process.value] || reported[knot]) continue;
      reported[knot] = true;
      report(graph, process, after, shortest_way(order, knots, after.process.value, process.id.value),
             diagnostics);
    }
  }
}

void a_failure_that_is_waited_for_does_not_stop_the_graph(const Graph& graph, const World&,
                                                          Diagnostics& diagnostics) {
  if (graph.keep_going) return;
  for (const Process& process : graph.processes) {
    for (const After& after : process.after) {
      const Process& before = graph.at(after.process);
      if (after.condition != Condition::kFailed || before.on_failure != OnFailure::kStop || process.finally)
        continue;
      diagnostics
          .warning(after.mark,
                   cat("process ", quoted(process.name), " never starts: a failure of ", quoted(before.name),
                       " stops the graph"),
                   cat("give ", quoted(before.name), " 'on_failure: finish' or 'ignore'"))
          .notes.push_back({before.mark, "declared here"});
    }
  }
}

void services_are_not_waited_for(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Process& process : graph.processes) {
    for (const After& after : process.after) {
      const Process& before = graph.at(after.process);
      if (!before.service || process.service || process.finally || after.condition < Condition::kFinished)
        continue;
      diagnostics
          .warning(after.mark,
                   cat("process ", quoted(process.name), " waits for the end of service ",
                       quoted(before.name), "; services are stopped only when everything else has ended"),
                   cat("take 'service: true' away from ", quoted(before.name), " if it ends by itself"))
          .notes.push_back({before.mark, "declared here"});
    }
  }
}

}  // namespace procgraph
