// What a graph gives a program, held against what the program says of itself.
#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "graph/channel_kind.h"
#include "graph/rules.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

using Ports = std::optional<std::vector<ManifestPort>>;

// Where the program looks for it: one with a number of its own is no affair of its name.
bool is_by_name(const Graph& graph, const Port& port) {
  const ChannelKind& kind = *graph.at(port.channel).kind;
  if (port.stream) return port.fd != 2;
  return !port.fd && kind.name != "socket";
}

const ManifestPort* find(const Ports& ports, const std::string& name, bool stream) {
  if (!ports) return nullptr;
  const auto named = std::ranges::find_if(*ports, [&](const auto& port) { return port.name.value == name; });
  if (named != ports->end()) return &*named;
  const auto any =
      std::ranges::find_if(*ports, [&](const auto& port) { return port.name.value == kAnyPort; });
  return stream || any == ports->end() ? nullptr : &*any;
}

std::vector<std::string> names(const Ports& ports) {
  std::vector<std::string> all;
  for (const ManifestPort& port : ports.value_or(std::vector<ManifestPort>{})) all.push_back(port.name.value);
  return all;
}

std::string program_of(const Process& process) {
  return quoted(process.command.words[0].value);
}

void has_no_such_port(const Process& process, const Port& port, Diagnostics& diagnostics) {
  const Manifest& manifest = *process.manifest;
  const bool reads = port.access == Access::kRead;
  const Ports &these = reads ? manifest.reads : manifest.writes,
              &others = reads ? manifest.writes : manifest.reads;
  std::string hint = did_you_mean(port.name, names(these));
  if (find(others, port.name, true) != nullptr)
    hint = cat("it is one that the program ", reads ? "writes" : "reads");
  if (hint.empty() && !names(these).empty())
    hint = cat(names(these).size() == 1 ? "its port is " : "its ports are ", quoted_list(names(these)));
  diagnostics
      .error(port.mark,
             cat("program ", program_of(process), " of process ", quoted(process.name), " has no port ",
                 quoted(port.name), reads ? " to read" : " to write"),
             std::move(hint))
      .notes.push_back({manifest.mark, "this says so"});
}

void look_at(const Graph& graph, const Process& process, const Port& port, Diagnostics& diagnostics) {
  const Manifest& manifest = *process.manifest;
  const ManifestPort* found =
      find(port.access == Access::kRead ? manifest.reads : manifest.writes, port.name, port.stream);
  if (found == nullptr && port.access == Access::kBoth) found = find(manifest.reads, port.name, port.stream);
  if (found == nullptr) {
    has_no_such_port(process, port, diagnostics);
    return;
  }
  const Channel& channel = graph.at(port.channel);
  const auto& kinds = found->kinds;
  if (port.stream || kinds.empty() || std::ranges::find(kinds, channel.kind->name) != kinds.end()) return;
  diagnostics
      .error(port.mark, cat("port ", quoted(port.name), " of program ", program_of(process), " takes ",
                            kinds.size() == 1 ? "the kind " : "the kinds ", quoted_list(kinds), ", and ",
                            quoted(channel.name), " is ", with_article(channel.kind->name)))
      .notes.push_back({found->name.mark, "this says so"});
}

// Of a stream it counts what the file gives it in any way.
bool has(const Graph& graph, const Process& process, const ManifestPort& port, bool reads) {
  const std::string& name = port.name.value;
  if (name == "stdin" && process.streams[0].kind != StreamKind::kNone) return true;
  if (name == "stdout") return true;
  return std::ranges::any_of(process.ports, [&](PortId id) {
    const Port& each = graph.at(id);
    const bool direction = each.access == Access::kBoth || (each.access == Access::kRead) == reads;
    return direction && (each.name == name || (name == kAnyPort && !each.stream));
  });
}

void look_for(const Graph& graph, const Process& process, const Ports& ports, bool reads,
              Diagnostics& diagnostics) {
  for (const ManifestPort& port : ports.value_or(std::vector<ManifestPort>{})) {
    if (port.optional || has(graph, process, port, reads)) continue;
    const std::string& name = port.name.value;
    const char* verb = reads ? "reads" : "writes";
    const std::string what =
        name == kAnyPort ? cat("nothing to ", reads ? "read" : "write") : cat("no port ", quoted(name));
    const std::string cure = name == "stdin"    ? "stdin: CHANNEL"
                             : name == kAnyPort ? cat(verb, ": CHANNEL")
                                                : cat(verb, ": { ", name, ": CHANNEL }");
    diagnostics
        .error(process.mark,
               cat("process ", quoted(process.name), " has ", what, ", and its program ", program_of(process),
                   " needs it"),
               cat("write '", cure, '\''))
        .notes.push_back({port.name.mark, "this says so"});
  }
}

}  // namespace

void ports_are_those_of_the_program(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Process& process : graph.processes) {
    if (process.per || !process.manifest || !process.manifest->names_ports()) continue;
    const std::size_t before = diagnostics.errors();
    for (const PortId id : process.ports) {
      if (is_by_name(graph, graph.at(id))) look_at(graph, process, graph.at(id), diagnostics);
    }
    if (graph.incomplete || diagnostics.errors() != before) continue;  // one mistake, not two
    look_for(graph, process, process.manifest->reads, true, diagnostics);
    look_for(graph, process, process.manifest->writes, false, diagnostics);
  }
}

}  // namespace procgraph
