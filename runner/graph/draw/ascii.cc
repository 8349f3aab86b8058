// The whole drawing: a picture of each connected part, and below it in words what no picture shows.
#include "base/text.h"
#include "graph/draw.h"
#include "graph/draw/layout.h"
#include "graph/draw/picture.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

// A part too tall for a picture: its channels, one a line, in the order of the file.
std::string listed(const Graph& graph, const std::vector<std::uint32_t>& part) {
  std::vector<bool> in_part(graph.processes.size(), false);
  for (const std::uint32_t v : part) {
    if (v < in_part.size()) in_part[v] = true;
  }
  std::string out;
  for (const Channel& channel : graph.channels) {
    const auto& ports = channel.writers.empty() ? channel.readers : channel.writers;
    if (!ports.empty() && in_part[graph.at(ports[0]).process.value])
      out += cat(' ', channel_line(graph, channel), '\n');
  }
  return out;
}

std::string wrapped(std::string_view head, const std::vector<std::string>& words, std::size_t columns) {
  std::string out, line = cat(' ', head);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string piece = cat(' ', words[i], i + 1 < words.size() ? "," : "");
    if (width(line) + width(piece) > columns && !line.empty()) {
      out += line + '\n';
      line.assign(1, ' ');
    }
    line += piece;
  }
  return out + line + '\n';
}

std::string starts_later(const Graph& graph) {
  std::string out;
  for (const Process& process : graph.processes) {
    std::vector<std::string> conditions;
    for (const After& after : process.after)
      conditions.push_back(cat(graph.at(after.process).name, ' ', name(after.condition)));
    if (!conditions.empty()) out += cat(' ', process.name, " starts after ", join(conditions, ", "), '\n');
  }
  return out;
}

std::string dead_letters(const Graph& graph) {
  std::string out;
  for (const Channel& channel : graph.channels) {
    if (!channel.dead_letter.valid()) continue;
    out += cat(" dead letters of ", channel.name, " go to ", graph.at(channel.dead_letter).name, '\n');
  }
  return out;
}

}  // namespace

std::string draw_ascii(const Graph& graph, std::size_t columns) {
  const Shape shape = shape_of(graph);
  std::vector<std::string> paragraphs;
  for (const auto& part : shape.parts) {
    auto layout = lay_out(shape, part);
    paragraphs.push_back(layout ? picture(shape, std::move(*layout), static_cast<int>(columns))
                                : listed(graph, part));
  }
  const auto parts = static_cast<std::ptrdiff_t>(paragraphs.size());
  std::string returns;
  for (const std::string& line : shape.returns) returns += cat(" ↺ ", line, '\n');
  if (!returns.empty()) paragraphs.push_back(std::move(returns));
  if (!shape.lone.empty()) paragraphs.push_back(wrapped("no channels:", shape.lone, columns));
  for (auto told : {starts_later(graph), dead_letters(graph)})
    if (!told.empty()) paragraphs.push_back(std::move(told));
  std::string out;
  bool tall = false;  // parts of one line each need no space between them
  for (const std::string& paragraph : paragraphs) {
    const bool one_line =
        paragraph.find('\n') + 1 == paragraph.size() && &paragraph - paragraphs.data() < parts;
    if (!out.empty() && (tall || !one_line)) out += '\n';
    tall = !one_line;
    out += paragraph;
  }
  return out;
}

}  // namespace procgraph
