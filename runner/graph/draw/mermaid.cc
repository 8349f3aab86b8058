// Mermaid's flowchart, as GitHub and others show it in Markdown.
#include <algorithm>

#include "graph/channel_kind.h"
#include "graph/draw.h"
#include "graph/draw/shape.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

// Names may be words of Mermaid's own ("end"): identifiers are numbers, names are labels.
std::string id(ProcessId process) {
  return cat('p', process.value);
}
std::string id(ChannelId channel) {
  return cat('c', channel.value);
}

// A label in quotes; a quote and the signs of its markup would end it.
std::string label(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '#' || c == '<' || c == '>' || c == '`') {
      out += cat('#', static_cast<int>(c), ';');
    } else {
      out += c;
    }
  }
  return out += '"';
}

std::string lines_of(const Graph& graph, const Channel& channel) {
  const Sides sides = sides_of(graph, channel);
  const std::string text =
      cat(channel.name, " (", channel.kind->title(), channel.ended_from_start ? ", at its end)" : ")");
  const char* arrow = channel.duplex ? " <--> " : " --> ";
  if (sides.from.size() == 1 && sides.to.size() == 1 && !channel.outside.any()) {
    const std::string middle =
        channel.anonymous ? arrow : cat(channel.duplex ? " <-- " : " -- ", label(text), " --> ");
    return cat("  ", id(sides.from[0]), middle, id(sides.to[0]), '\n');
  }
  std::string out = cat("  ", id(channel.id), "{{", label(text), "}}\n");
  for (const ProcessId process : sides.from)
    out += cat("  ", id(process), channel.duplex ? arrow : " --- ", id(channel.id), '\n');
  for (const ProcessId process : sides.to) out += cat("  ", id(channel.id), arrow, id(process), '\n');
  if (channel.outside.writes) out += cat("  into_", id(channel.id), "[/outside/] --- ", id(channel.id), '\n');
  if (channel.outside.reads) out += cat("  ", id(channel.id), " --> from_", id(channel.id), "[/outside/]\n");
  return out;
}

}  // namespace

std::string draw_mermaid(const Graph& graph) {
  std::string out = "flowchart LR\n";
  for (const Process& process : graph.processes)
    out += cat("  ", id(process.id), '(', label(process_text(process)), ")\n");
  for (const Channel& channel : graph.channels) out += lines_of(graph, channel);
  for (const Process& process : graph.processes) {
    for (const After& after : process.after) {
      out += cat("  ", id(after.process), " -. ", name(after.condition), " .-> ", id(process.id), '\n');
    }
  }
  return out;
}

}  // namespace procgraph
