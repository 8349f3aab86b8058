#include "graph/graph.h"

#include <unordered_set>

#include "graph/channel_kind.h"
#include "graph/wording.h"

namespace procgraph {

std::string title(const Graph& graph, const Channel& channel) {
  if (!channel.anonymous) return cat(channel.kind->title(), ' ', quoted(channel.name));
  const auto writers = process_names(graph, channel.writers), readers = process_names(graph, channel.readers);
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

std::string stream_instead(const Graph& graph, const Port& port) {
  const Channel& channel = graph.at(port.channel);
  const std::string stream = port.access == Access::kWrite ? "stdout" : "stdin";
  std::string hint = cat("a plain program wants ", quoted(cat(stream, ": ", channel.name)));
  if (!channel.kind->bytes)
    hint += cat(", with ", quoted(channel.name), " among the pipes (on a ", channel.kind->name,
                " that is not supported yet)");
  return hint;
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
