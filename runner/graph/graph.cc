#include "graph/graph.h"

#include <unordered_set>

#include "graph/channel_kind.h"
#include "graph/wording.h"

namespace procgraph {

const FramingSpec* framing_of(const Graph& graph, const Port& port) {
  const auto& framing = port.framing ? port.framing : graph.at(port.channel).framing;
  return framing ? &*framing : nullptr;
}

bool needs_relay(const Graph& graph, const Port& port) {
  const ChannelKind& kind = *graph.at(port.channel).kind;
  if (!kind.native() || !kind.flows) return false;
  if (graph.at(port.process).per && port.fd != 2) return false;  // a pool takes and puts its messages
  return port.stream || (port.fd && framing_of(graph, port) != nullptr);
}

std::string title(const Graph& graph, const Channel& channel) {
  if (!channel.anonymous) return cat(channel.kind->title(), ' ', quoted(channel.name));
  const auto writers = process_names(graph, channel.writers), readers = process_names(graph, channel.readers);
  if (writers.empty()) return cat("the ", channel.kind->name, " to ", quoted_list(readers));
  return cat("the ", channel.kind->name, " from ", quoted_list(writers), " to ", quoted_list(readers));
}

std::vector<std::string> process_names(const Graph& graph, const std::vector<PortId>& ports) {
  std::vector<std::string> names;
  std::unordered_set<ProcessId> seen;
  for (const PortId port : ports) {
    const ProcessId process = graph.at(port).process;
    if (seen.insert(process).second) names.push_back(graph.at(process).name);
  }
  return names;
}

bool any_may_return(const Graph& graph, const std::vector<PortId>& ports) {
  return std::any_of(ports.begin(), ports.end(),
                     [&](PortId port) { return graph.at(graph.at(port).process).may_return(); });
}

std::string stream_instead(const Graph& graph, const Port& port) {
  return streams_instead(graph, {port.id});
}

std::string streams_instead(const Graph& graph, const std::vector<PortId>& ports) {
  std::vector<std::string> streams;
  for (const bool writes : {false, true}) {
    std::vector<PortId> its;
    std::copy_if(ports.begin(), ports.end(), std::back_inserter(its),
                 [&](PortId port) { return (graph.at(port).access == Access::kWrite) == writes; });
    if (its.size() != 1) continue;
    const std::string& channel = graph.at(graph.at(its.front()).channel).name;
    streams.push_back(cat(writes ? "stdout: " : "stdin: ", channel));
  }
  return streams.empty() ? "" : cat("a plain program wants ", quoted_list(streams));
}

std::string from_outside(const Channel& channel) {
  const bool reads = channel.outside.reads, writes = channel.outside.writes;
  if (!reads && !writes) return {};
  return cat(reads ? "read" : "", reads && writes ? " and " : "", writes ? "written" : "", " from outside");
}

std::string label(const Process& process, std::uint32_t replica) {
  return process.replicas == 1 ? process.name : cat(process.name, '.', replica);
}

}  // namespace procgraph
