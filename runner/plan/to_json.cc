#include <algorithm>

#include "graph/json_writer.h"
#include "plan/describe.h"

namespace procgraph {
namespace {

// What is open yet, a port or a path, is left out.
void write(JsonWriter& json, const SocketAddress& address) {
  const bool tcp = address.family == SocketAddress::Family::kTcp;
  json.text("family", tcp ? "tcp" : "unix");
  if (tcp) json.text("host", address.host);
  if (address.port != 0) json.number("port", address.port);
  if (!address.path.empty()) json.text("path", address.path);
}

void write(JsonWriter& json, const Containment& containment) {
  json.begin_object("containment");
  json.text("tier", name(containment.tier));
  if (!containment.because.empty()) json.text("because", containment.because);
  json.end_object();
}

void write(JsonWriter& json, const DeadlockSpec& deadlock) {
  json.begin_object("deadlock");
  json.text("policy", name(deadlock.policy));
  if (deadlock.policy == DeadlockPolicy::kGrow) json.number("budget", deadlock.budget.value);
  json.text("after", format_duration(deadlock.after));
  json.end_object();
}

void write(JsonWriter& json, const LogsSpec& logs) {
  json.begin_object("logs");
  json.text("dir", logs.folder.value);
  json.number("rotate", logs.rotate.value);
  json.number("keep", logs.keep);
  json.text("format", logs.json ? "json" : "text");
  json.end_object();
}

void write(JsonWriter& json, const Plan& plan, const Object& object) {
  json.begin_object();
  json.number("id", object.id.value);
  json.text("name", object.name);
  json.text("sort", sort_of(object));
  if (object.channel.valid()) json.text("channel", plan.graph.at(object.channel).name);
  if (const auto* pipe = std::get_if<PipeObject>(&object.what);
      pipe != nullptr && pipe->capacity.value != 0) {
    json.number("capacity", pipe->capacity.value);
  } else if (const auto* memory = std::get_if<MemoryObject>(&object.what)) {
    json.number("size", memory->size.value);
    json.boolean("mapped", memory->mapped);
    if (!memory->initial.empty()) json.text("initial", memory->initial);
    if (memory->prefault) json.boolean("prefault", true);
  } else if (const auto* file = std::get_if<FileObject>(&object.what)) {
    json.boolean("append", file->append);
  } else if (const auto* listener = std::get_if<ListenerObject>(&object.what)) {
    write(json, listener->address);
  }
  json.end_object();
}

std::uint64_t milliseconds(Duration duration) {
  return static_cast<std::uint64_t>(duration / std::chrono::milliseconds(1));
}

void write(JsonWriter& json, const Probe& probe) {
  json.text("way", name(probe.kind));
  if (probe.kind == ProbeKind::kFd) json.number("fd", static_cast<std::uint64_t>(probe.fd));
  if (probe.kind == ProbeKind::kLog) json.text("pattern", probe.pattern);
  if (probe.kind == ProbeKind::kExec) {
    json.text("program", probe.program);
    std::vector<std::string> argv;
    for (const std::string& word : probe.argv) argv.push_back(shown(word));
    json.texts("argv", argv);
  }
  if (!probe.address.empty()) json.text("address", shown(probe.address));
  if (probe.kind != ProbeKind::kHttp) return;
  json.text("path", probe.path);
  json.number("least_status", probe.least_status);
  json.number("most_status", probe.most_status);
}

void write_resources(JsonWriter& json, const Plan& plan, const Spawn& spawn) {
  const Resources& decided = spawn.resources;
  if (!decided.cpus.empty()) json.text("cpus", format_cpus(decided.cpus));
  if (decided.nice) json.number("nice", *decided.nice);
  if (decided.oom_score_adj) json.number("oom_score_adj", *decided.oom_score_adj);
  const std::vector<NamedLimit> limits = limits_of(plan.graph.at(spawn.process).resources);
  if (limits.empty()) return;
  json.begin_object("limits");
  for (const NamedLimit& limit : limits) json.number(limit.name, limit.value);
  json.end_object();
  if (decided.groups.empty()) return;
  json.begin_array("cgroups");
  for (const ControlGroup& group : decided.groups) {
    json.begin_object();
    json.number("version", group.place.version);
    json.text("in", group.place.folder);
    json.texts("controllers", group.controllers);
    json.end_object();
  }
  json.end_array();
}

void write(JsonWriter& json, const RestartPolicy& policy) {
  json.begin_object("restart");
  json.text("policy", name(policy.when));
  json.number("first_ms", milliseconds(policy.first));
  json.number("most_ms", milliseconds(policy.most));
  json.number("reset_after_ms", milliseconds(policy.reset_after));
  if (policy.max) {
    json.number("max", policy.max->count);
    json.number("within_ms", milliseconds(policy.max->within));
  }
  json.begin_array("except");
  for (const int code : policy.except) json.number({}, code);
  json.end_array();
  json.end_object();
}

void write(JsonWriter& json, const Plan& plan, const Spawn& spawn) {
  json.begin_object();
  json.text("label", spawn.label);
  json.text("process", plan.graph.at(spawn.process).name);
  json.number("replica", spawn.replica);
  json.text("program", spawn.program);
  std::vector<std::string> argv;
  for (const std::string& word : spawn.argv) argv.push_back(shown(word));
  json.texts("argv", argv);
  json.text("cwd", spawn.cwd);
  if (spawn.umask) json.number("umask", *spawn.umask);
  write_resources(json, plan, spawn);
  json.boolean("clean_env", plan.graph.at(spawn.process).clean_env);
  json.texts("env", own_environment(plan, spawn));
  std::vector<std::string> streams;
  for (const StreamKind stream : spawn.streams) streams.emplace_back(name(stream));
  json.texts("streams", streams);
  json.begin_array("descriptors");
  for (const Inherit& inherit : spawn.inherits) {
    json.begin_object();
    json.number("fd", inherit.fd);
    json.number("object", inherit.object.value);
    json.text("end", name(inherit.end));
    json.end_object();
  }
  json.end_array();
  if (spawn.participant != 0) json.number("participant", spawn.participant);
  const Process& process = plan.graph.at(spawn.process);
  if (process.min_replicas) json.number("min_replicas", *process.min_replicas);
  if (spawn.ready) {
    json.begin_object("ready");
    write(json, *spawn.ready);
    json.number("timeout_ms", milliseconds(process.ready->timeout));
    json.end_object();
  }
  if (spawn.health) {
    json.begin_object("health");
    write(json, *spawn.health);
    if (spawn.health->kind != ProbeKind::kWatchdog) {
      json.number("interval_ms", milliseconds(process.health->interval));
      json.number("retries", process.health->retries);
    }
    json.number("timeout_ms", milliseconds(process.health->timeout));
    json.end_object();
  }
  if (process.restart.restarts()) write(json, process.restart);
  json.end_object();
}

void write_after(JsonWriter& json, const Graph& graph) {
  json.begin_array("after");
  for (const Process& process : graph.processes) {
    for (const After& after : process.after) {
      json.begin_object();
      json.text("process", process.name);
      json.text("waits_for", graph.at(after.process).name);
      json.text("condition", name(after.condition));
      if (after.restart) json.boolean("restart", true);
      json.end_object();
    }
  }
  json.end_array();
}

void write_outside(JsonWriter& json, const Graph& graph) {
  json.begin_array("outside");
  for (const Channel& channel : graph.channels) {
    if (!channel.outside.any()) continue;
    json.begin_object();
    json.text("channel", channel.name);
    json.boolean("reads", channel.outside.reads);
    json.boolean("writes", channel.outside.writes);
    json.number("places", channel.outside.places);
    json.end_object();
  }
  json.end_array();
}

void write_deaths(JsonWriter& json, const Graph& graph) {
  json.begin_array("when_one_dies");
  for (const Channel& channel : graph.channels) {
    if (channel.kind->deaths == nullptr) continue;
    json.begin_object();
    json.text("channel", channel.name);
    for (const Death& death : channel.kind->deaths(graph, channel)) json.text(death.of, death.then);
    json.end_object();
  }
  json.end_array();
}

void write_groups(JsonWriter& json, std::string_view key,
                  const std::vector<std::vector<std::string>>& groups) {
  json.begin_array(key);
  for (const auto& group : groups) json.texts({}, group);
  json.end_array();
}

}  // namespace

std::string to_json(const Plan& plan) {
  JsonWriter json;
  json.begin_object();
  json.text("graph", plan.graph.name);
  json.text("folder", plan.graph.folder);
  json.number("memory", plan.memory.value);
  json.number("open_files", plan.descriptors);
  json.texts("notes", plan.graph.notes);
  const ContainmentSpec& asked = plan.graph.containment;
  if (asked.tier || asked.require) write(json, plan.containment);
  if (plan.can_hang) write(json, plan.graph.deadlock);
  if (plan.graph.single) json.boolean("single", true);
  if (plan.graph.logs) write(json, *plan.graph.logs);
  json.begin_array("objects");
  for (const Object& object : plan.objects) write(json, plan, object);
  json.end_array();
  if (std::ranges::any_of(plan.graph.channels, [](const Channel& c) { return c.outside.any(); }))
    write_outside(json, plan.graph);
  json.begin_array("processes");
  for (const Spawn& spawn : plan.spawns) write(json, plan, spawn);
  json.end_array();
  write_groups(json, "start_together", names_by(plan.graph, plan.start_group));
  write_after(json, plan.graph);
  write_groups(json, "stop_order", names_by(plan.graph, plan.stop_rank));
  std::vector<std::string> last;
  for (const Process& process : plan.graph.processes)
    if (process.finally) last.push_back(process.name);
  if (!last.empty()) json.texts("finally", last);
  if (!plan.graph.channels.empty()) write_deaths(json, plan.graph);
  json.end_object();
  return json.take();
}

}  // namespace procgraph
