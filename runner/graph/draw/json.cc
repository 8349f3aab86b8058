// The graph for programs: processes, channels with their ends, start conditions.
#include "graph/channel_kind.h"
#include "graph/draw.h"
#include "graph/json_writer.h"

namespace procgraph {
namespace {

void write(JsonWriter& json, const Graph& graph, const Process& process) {
  json.begin_object();
  json.text("name", process.name);
  if (!process.description.empty()) json.text("description", process.description);
  json.number("replicas", process.replicas);
  if (process.per) json.number("runs", process.runs);
  json.boolean("service", process.service);
  json.boolean("ours", process.builtin);
  json.begin_array("after");
  for (const After& after : process.after) {
    json.begin_object();
    json.text("process", graph.at(after.process).name);
    json.text("condition", name(after.condition));
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

// Of a topic's reader: what happens when it is too slow.
void write_place(JsonWriter& json, const Channel& channel, PortId port) {
  for (const ReaderPlace& place : channel.places) {
    if (place.port != port) continue;
    json.text("when_full", name(place.policy));
    json.number("history", place.history);
    return;
  }
}

void write_ends(JsonWriter& json, const Graph& graph, std::string_view key,
                const std::vector<PortId>& ports) {
  json.begin_array(key);
  for (const PortId id : ports) {
    json.begin_object();
    json.text("process", graph.at(graph.at(id).process).name);
    json.text("port", graph.at(id).name);
    write_place(json, graph.at(graph.at(id).channel), id);
    json.end_object();
  }
  json.end_array();
}

void write(JsonWriter& json, const Graph& graph, const Channel& channel) {
  json.begin_object();
  json.text("name", channel.name);
  json.text("kind", channel.kind->name);
  json.boolean("anonymous", channel.anonymous);
  if (channel.capacity != 0) json.number("capacity", channel.capacity);
  if (channel.memory.value != 0) {
    json.number("memory", channel.memory.value);
    json.number("max_message", channel.max_message.value);
  }
  if (channel.policies.when_full) json.text("when_full", channel.policies.when_full->value);
  if (channel.dead_letter.valid()) json.text("dead_letter", graph.at(channel.dead_letter).name);
  if (channel.duplex) json.boolean("duplex", true);
  if (channel.outside.any()) {
    json.text("external", channel.outside.reads ? channel.outside.writes ? "both" : "read" : "write");
    json.number("spare", channel.outside.places);
  }
  if (channel.ended_from_start) json.boolean("ended_from_start", true);
  write_ends(json, graph, "writers", channel.writers);
  write_ends(json, graph, "readers", channel.readers);
  json.end_object();
}

}  // namespace

std::string draw_json(const Graph& graph) {
  JsonWriter json;
  json.begin_object();
  json.text("graph", graph.name);
  if (!graph.description.empty()) json.text("description", graph.description);
  json.texts("notes", graph.notes);
  json.begin_array("processes");
  for (const Process& process : graph.processes) write(json, graph, process);
  json.end_array();
  json.begin_array("channels");
  for (const Channel& channel : graph.channels) write(json, graph, channel);
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace procgraph
