#include "supervise/cast.h"

#include <algorithm>

#include "plan/plan.h"
#include "supervise/supervise.h"

namespace procgraph {
namespace {

template <class T>
void add_once(std::vector<T>& list, T value) {
  if (std::ranges::find(list, value) == list.end()) list.push_back(value);
}

template <class T>
T& slot(std::vector<T>& list, std::size_t index) {
  if (list.size() <= index) list.resize(index + 1);
  return list[index];
}

// A deadline must stay a time that a clock can tell; ten years are for ever.
Duration bounded(Duration duration) {
  return std::min(duration, Duration(std::chrono::years(10)));
}

std::optional<Duration> bounded(std::optional<Duration> duration) {
  return duration ? std::optional(bounded(*duration)) : duration;
}

RestartPolicy bounded(RestartPolicy policy) {
  for (Duration* time : {&policy.first, &policy.most, &policy.reset_after}) *time = bounded(*time);
  return policy;
}

Role role_of(const Graph& graph, const Process& process) {
  Role role;
  role.count = 0;
  if (process.min_replicas) role.spare = process.replicas - *process.min_replicas;
  role.service = process.service;
  role.step = process.step;
  role.finally = process.finally;
  role.part_of = process.part_of;
  role.on_failure = process.on_failure;
  role.ok_codes = process.ok_codes;
  role.stop_signal = process.stop_signal;
  role.grace = bounded(process.grace);
  role.timeout = bounded(process.timeout);
  if (process.finally && !process.timeout) role.timeout = bounded(graph.grace);
  role.restart = bounded(process.restart);
  if (process.ready) role.ready = bounded(process.ready->timeout);
  role.health = process.health.has_value();
  for (const After& after : process.after)
    role.needs.push_back({after.process, after.condition, after.restart.has_value()});
  for (const PortId id : process.ports) {
    const Port& port = graph.at(id);
    role.opens = role.opens || (!port.stream && graph.at(port.channel).kind->has_opened != nullptr);
    if (!graph.at(port.channel).kind->flows) continue;
    if (port.access != Access::kWrite) add_once(role.reads, port.channel);
    if (port.access != Access::kRead) add_once(role.writes, port.channel);
  }
  return role;
}

}  // namespace

void complete(Cast& cast, std::size_t channels) {
  cast.edges.resize(channels);
  for (std::uint32_t i = 0; i < cast.roles.size(); ++i) {
    const ProcessId id{i};
    const Role& role = cast.roles[i];
    for (const Need& need : role.needs) add_once(cast.roles[need.process.value].dependents, id);
    for (const ChannelId channel : role.reads) cast.edges[channel.value].readers.push_back(id);
    for (const ChannelId channel : role.writes) cast.edges[channel.value].writers.push_back(id);
    slot(cast.groups, role.group).push_back(id);
    if (!role.finally) slot(cast.ranks, role.rank).push_back(id);
    for (std::uint32_t spawn = role.first; spawn < role.first + role.count; ++spawn)
      slot(cast.owners, spawn) = id;
  }
}

Cast make_cast(const Plan& plan, const RunOptions& options) {
  const Graph& graph = plan.graph;
  Cast cast;
  cast.timeout = bounded(options.timeout ? options.timeout : graph.timeout);
  cast.grace = bounded(graph.grace);
  cast.keep_going = options.keep_going || graph.keep_going;
  cast.strict = options.strict;
  for (const Process& process : graph.processes) {
    Role& role = cast.roles.emplace_back(role_of(graph, process));
    role.group = plan.start_group[process.id.value];
    role.rank = plan.stop_rank[process.id.value];
  }
  for (const Spawn& spawn : plan.spawns) {
    Role& role = cast.roles[spawn.process.value];
    if (role.count++ == 0) role.first = spawn.id.value;
  }
  complete(cast, graph.channels.size());
  for (const Channel& channel : graph.channels) {
    cast.edges[channel.id.value].outside_writes = channel.outside.writes;
    cast.edges[channel.id.value].outside_reads = channel.outside.reads;
    if (!channel.dead_letter.valid()) continue;
    cast.edges[channel.id.value].dead_letter = channel.dead_letter;
    cast.edges[channel.id.value].letters_fail = channel.policies.dead_letter_fails;
    ++cast.edges[channel.dead_letter.value].feeders;
  }
  return cast;
}

}  // namespace procgraph
