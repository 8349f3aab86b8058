// Graphviz: rounded boxes, a named channel between two processes as a labelled arrow, any other as a node of
// its own.
#include "base/text.h"
#include "graph/channel_kind.h"
#include "graph/draw.h"
#include "graph/draw/shape.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

std::string dot_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : escape(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

std::string two_lines(std::string_view upper, std::string_view lower) {
  std::string text = dot_string(upper);
  text.back() = '\\';  // in place of the closing quote
  return cat(text, 'n', dot_string(lower).substr(1));
}

std::string process_node(const Graph& graph, ProcessId id) {
  return dot_string(graph.at(id).name);
}

std::string edge(const std::string& from, const std::string& to, const std::string& attributes) {
  return cat("  ", from, " -> ", to, attributes.empty() ? "" : cat(" [", attributes, ']'), ";\n");
}

std::string process_line(const Process& process) {
  std::string attributes = cat("label=", dot_string(process_text(process)));
  if (process.service) attributes += ", style=\"rounded,filled,dashed\"";
  if (!process.description.empty()) attributes += cat(", tooltip=", dot_string(process.description));
  return cat("  ", dot_string(process.name), " [", attributes, "];\n");
}

// No name has a space: `id` is nobody else's.
std::string outside(const std::string& channel, const std::string& id, bool writes) {
  const std::string node = dot_string(id);
  return cat("  ", node, " [shape=plain, style=\"\", label=\"outside\"];\n",
             writes ? edge(node, channel, "arrowhead=none") : edge(channel, node, ""));
}

std::string channel_lines(const Graph& graph, const Channel& channel) {
  const Sides sides = sides_of(graph, channel);
  const std::string kind = cat(channel.kind->title(), channel.ended_from_start ? ", at its end" : "");
  if (sides.from.size() == 1 && sides.to.size() == 1 && !channel.outside.any()) {
    std::string attributes = channel.anonymous ? "" : cat("label=", two_lines(channel.name, kind));
    if (channel.duplex) attributes += ", dir=both";
    return edge(process_node(graph, sides.from[0]), process_node(graph, sides.to[0]), attributes);
  }
  const std::string name = dot_string(channel.name);
  std::string out =
      cat("  ", name, " [shape=plain, style=\"\", label=", two_lines(channel.name, kind), "];\n");
  for (const ProcessId process : sides.from)
    out += edge(process_node(graph, process), name, channel.duplex ? "dir=both" : "arrowhead=none");
  for (const ProcessId process : sides.to)
    out += edge(name, process_node(graph, process), channel.duplex ? "dir=both" : "");
  if (channel.outside.writes) out += outside(name, cat("into ", channel.name), true);
  if (channel.outside.reads) out += outside(name, cat("out of ", channel.name), false);
  return out;
}

}  // namespace

std::string draw_dot(const Graph& graph) {
  std::string out = cat("digraph ", dot_string(graph.name), " {\n",
                        "  rankdir=LR;\n"
                        "  node [shape=box, style=\"rounded,filled\", fillcolor=\"#f6f8fa\", "
                        "color=\"#57606a\", fontname=\"Helvetica\", fontsize=12];\n"
                        "  edge [color=\"#57606a\", fontname=\"Helvetica\", fontsize=10, arrowsize=0.7];\n");
  for (const Process& process : graph.processes) out += process_line(process);
  for (const Channel& channel : graph.channels) out += channel_lines(graph, channel);
  for (const Process& process : graph.processes) {
    for (const After& after : process.after) {
      out += edge(process_node(graph, after.process), process_node(graph, process.id),
                  cat("label=", dot_string(name(after.condition)),
                      ", style=dashed, color=\"#8c959f\", constraint=false"));
    }
  }
  return out + "}\n";
}

}  // namespace procgraph
