// The ends of channels: none missing, none too many.
#include <span>

#include "graph/channel_kind.h"
#include "graph/rules.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

void note_ends(const Graph& graph, std::span<const PortId> ports, std::string_view what,
               Diagnostic& diagnostic) {
  constexpr std::size_t kShown = 8;
  for (const PortId id : ports.first(std::min(ports.size(), kShown))) {
    const Port& port = graph.at(id);
    diagnostic.notes.push_back({port.mark, cat(what, " here by ", quoted(graph.at(port.process).name))});
  }
}

// stdout and stderr of one process on one pipe are one writer, as 2>&1 is.
std::vector<PortId> without_second_streams(const Graph& graph, const std::vector<PortId>& ports) {
  std::vector<PortId> kept;
  for (const PortId id : ports) {
    const Port& port = graph.at(id);
    const bool second = !kept.empty() && port.stream && graph.at(kept.back()).stream &&
                        graph.at(kept.back()).process == port.process;
    if (!second) kept.push_back(id);
  }
  return kept;
}

void too_many(const Graph& graph, const Channel& channel, Access access, std::uint32_t allowed,
              Diagnostics& diagnostics) {
  const bool reading = access == Access::kRead;
  const auto ports = without_second_streams(graph, reading ? channel.readers : channel.writers);
  if (allowed == 0 || ports.size() <= allowed) return;
  const char* many = reading ? "readers" : "writers";
  const auto names = process_names(graph, ports);
  std::string message =
      cat(title(graph, channel), " has ", counted(ports.size(), "", many), ", ", quoted_list(names));
  if (names.size() == 1)
    message = cat("process ", quoted(names[0]), reading ? " reads " : " writes ", title(graph, channel),
                  " through several ports");
  if (channel.kind->bytes) message += cat("; bytes of a pipe tear between ", many);
  auto& error =
      diagnostics.error(channel.mark, std::move(message),
                        reading ? "a queue shares messages between its readers, a topic copies them to each"
                                : "a queue takes messages from any number of writers");
  note_ends(graph, ports, reading ? "read" : "written", error);
}

void misses(const Graph& graph, const Channel& channel, Access missing, Diagnostics& diagnostics) {
  const bool reader = missing == Access::kRead;
  std::string hint = cat("give a process '", reader ? "reads: " : "writes: ", channel.name, '\'');
  if (channel.outside.any()) hint += ", or write 'external: both'";
  auto& error = diagnostics.error(channel.mark,
                                  cat(title(graph, channel), reader ? " is written but nobody reads it"
                                                                    : " is read but nobody writes it"),
                                  std::move(hint));
  note_ends(graph, reader ? channel.writers : channel.readers, reader ? "written" : "read", error);
}

}  // namespace

void channels_have_both_ends(const Graph& graph, const World&, Diagnostics& diagnostics) {
  if (graph.incomplete) return;
  for (const Channel& channel : graph.channels) {
    // Other kinds say themselves what they need.
    if (channel.duplex || channel.takes_letters || !channel.kind->flows) continue;
    if (channel.readers.empty() && channel.writers.empty()) {
      diagnostics.error(channel.mark, cat(title(graph, channel), " is declared but no process uses it"),
                        cat("give one process 'writes: ", channel.name,
                            "' and another 'reads: ", channel.name, "', or remove it"));
    } else if (channel.readers.empty() && !channel.outside.reads) {
      misses(graph, channel, Access::kRead, diagnostics);
    } else if (channel.writers.empty() && !channel.outside.writes) {
      misses(graph, channel, Access::kWrite, diagnostics);
    }
  }
}

void places_are_for_programs_outside(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Channel& channel : graph.channels) {
    if (channel.outside.any() || !channel.outside.places_mark.known()) continue;
    diagnostics.error(
        channel.outside.places_mark,
        cat("'spare' is for programs outside the graph, to which ", title(graph, channel), " is not open"),
        "write 'external: read', 'write' or 'both' beside it, or leave it out");
  }
}

void channels_have_no_more_ends_than_their_kind_allows(const Graph& graph, const World&,
                                                       Diagnostics& diagnostics) {
  for (const Channel& channel : graph.channels) {
    if (channel.duplex || !channel.kind->flows) continue;
    too_many(graph, channel, Access::kRead, channel.kind->max_readers, diagnostics);
    too_many(graph, channel, Access::kWrite, channel.kind->max_writers, diagnostics);
  }
}

void byte_pipes_have_no_replicas(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Port& port : graph.ports) {
    const Process& process = graph.at(port.process);
    const Channel& channel = graph.at(port.channel);
    if (!channel.kind->bytes || process.replicas <= 1) continue;
    auto& error = diagnostics.error(
        port.mark,
        cat("process ", quoted(process.name), " has ", format_count(process.replicas),
            " replicas and cannot share ", title(graph, channel)),
        channel.duplex ? "a duplex pipe joins two processes; for several, use two queues"
        : channel.anonymous
            ? "name a queue between the two in the pipeline: a queue shares messages, bytes tear"
            : "make it a queue: a queue shares messages, bytes tear");
    if (process.replicas_mark.known()) error.notes.push_back({process.replicas_mark, "its replicas"});
  }
}

void byte_pipes_join_two_processes(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Channel& channel : graph.channels) {
    if (!channel.kind->bytes || channel.duplex) continue;
    for (const PortId writer : channel.writers) {
      for (const PortId reader : channel.readers) {
        if (graph.at(writer).process != graph.at(reader).process) continue;
        const Process& process = graph.at(graph.at(writer).process);
        auto& error = diagnostics.error(
            graph.at(reader).mark,
            cat("process ", quoted(process.name), " is both writer and reader of ", title(graph, channel)),
            "for questions and answers between two processes write 'duplex: true' at the pipe");
        error.notes.push_back({graph.at(writer).mark, "written here"});
      }
    }
  }
}

void duplex_pipes_are_read_and_written_by_both(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Channel& channel : graph.channels) {
    if (!channel.duplex) continue;
    std::vector<PortId> ends = channel.readers;
    for (const PortId id : channel.writers) {
      if (graph.at(id).access == Access::kWrite) ends.push_back(id);
    }
    bool half = false;
    for (const PortId id : ends) {
      const Port& port = graph.at(id);
      if (port.access == Access::kBoth) continue;
      half = true;
      const char* key = port.access == Access::kRead ? "writes" : "reads";
      diagnostics.error(port.mark,
                        cat("process ", quoted(graph.at(port.process).name), " only ", name(port.access),
                            "s duplex ", title(graph, channel)),
                        port.stream ? "a stream goes one way; name the pipe in 'reads' and in 'writes'"
                                    : cat("name it in '", key, "' too, under the same port name"));
    }
    if (half || ends.size() == 2 || (graph.incomplete && ends.size() < 2)) continue;
    auto& error =
        diagnostics.error(channel.mark,
                          cat("duplex ", title(graph, channel), " joins two processes, but ",
                              ends.empty() ? "no process uses it"
                                           : counted(ends.size(), "process uses it", "processes use it")),
                          "both processes name it in 'reads' and in 'writes'");
    note_ends(graph, ends, "used", error);
  }
}

}  // namespace procgraph
