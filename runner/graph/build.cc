#include "graph/build.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "graph/digraph.h"
#include "graph/draft.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

Stream to_stream(const std::optional<StreamSpec>& spec, StreamKind fallback) {
  if (!spec) return {.kind = fallback};
  Stream stream{.kind = spec->kind, .append = spec->append, .mark = spec->mark};
  if (spec->kind == StreamKind::kFile) stream.file = spec->target;
  return stream;
}

// What the file itself says wins over what it takes from others.
std::vector<EnvironmentEntry> environment_of(const ProcessSpec& spec) {
  std::vector<EnvironmentEntry> all;
  std::unordered_map<std::string_view, std::size_t> places;
  for (const auto* entries : {&spec.env_file, &spec.env}) {
    for (const EnvironmentEntry& entry : *entries) {
      const auto [place, added] = places.emplace(entry.name.value, all.size());
      if (added) {
        all.push_back(entry);
      } else {
        all[place->second] = entry;
      }
    }
  }
  return all;
}

Process to_process(const ProcessSpec& spec, ProcessId id) {
  Process process{.id = id, .name = spec.name.value, .description = spec.description, .mark = spec.name.mark};
  if (spec.command) process.command = *spec.command;
  process.manifest = spec.manifest;
  process.streams = {to_stream(spec.in, StreamKind::kNone), to_stream(spec.out, StreamKind::kLog),
                     to_stream(spec.err, StreamKind::kLog)};
  process.per = spec.per;
  process.ordered = spec.ordered;
  if (spec.replicas) {
    (spec.per ? process.runs : process.replicas) = spec.replicas->value;
    process.replicas_mark = spec.replicas->mark;
  }
  if (spec.min_replicas) {
    process.min_replicas = static_cast<std::uint32_t>(spec.min_replicas->value);
    process.min_replicas_mark = spec.min_replicas->mark;
  }
  process.env = environment_of(spec);
  process.clean_env = spec.clean_env;
  process.cwd = spec.cwd.value.empty() ? spec.folder : spec.cwd.value;
  process.cwd_mark = spec.cwd.value.empty() ? spec.name.mark : spec.cwd.mark;
  if (spec.umask) process.umask = spec.umask->value;
  process.ready = spec.ready;
  process.health = spec.health;
  process.finally = spec.finally;
  process.service = spec.service;
  process.on_failure = spec.on_failure;
  if (!spec.ok_codes.empty()) process.ok_codes = spec.ok_codes;
  if (spec.stop) {
    process.stop_signal = spec.stop->signal.value;
    process.grace = spec.stop->grace.value;
  }
  if (spec.timeout) process.timeout = spec.timeout->value;
  if (spec.restart) {
    process.restart = spec.restart->policy;
    process.restart_mark = spec.restart->mark;
    process.restart_max_mark = spec.restart->max_mark;
  }
  process.resources = spec.resources;
  return process;
}

void resolve(Draft& draft, Process& process, const AfterSpec& after) {
  const std::string& name = after.process.value;
  const auto* target = draft.names.find(name);
  if (target == nullptr) {
    draft.diagnostics.error(
        after.process.mark,
        cat("process ", quoted(process.name), " starts after unknown process ", quoted(name)),
        draft.names.suggest(name, true, false));
  } else if (const auto* channel = std::get_if<ChannelId>(target)) {
    draft.diagnostics
        .error(after.process.mark,
               cat("process ", quoted(process.name), " starts after ", quoted(name), ", which is a channel"),
               "'after' names processes: channels are there before anything starts")
        .notes.push_back({draft.graph.at(*channel).mark, "declared here"});
  } else if (const ProcessId id = std::get<ProcessId>(*target); id == process.id) {
    draft.diagnostics.error(after.process.mark, cat("process ", quoted(process.name),
                                                    " starts after itself: it can never start"));
  } else {
    process.after.push_back({id, after.condition.value, after.process.mark, after.restart});
  }
}

// Without 'external' there is nobody for whom to keep places.
OutsideEnd to_outside(const ChannelSpec& spec) {
  constexpr std::uint32_t kPlaces = 8;
  OutsideEnd outside;
  if (spec.spare) outside.places_mark = spec.spare->mark;
  if (spec.replay) {
    outside.replay = spec.replay->value;
    outside.replay_mark = spec.replay->mark;
  }
  if (!spec.external) return outside;
  outside.reads = spec.external->value != "write";
  outside.writes = spec.external->value != "read";
  outside.places = spec.spare ? static_cast<std::uint32_t>(spec.spare->value) : kPlaces;
  outside.mark = spec.external->mark;
  return outside;
}

}  // namespace

void declare_channels(Draft& draft) {
  draft.graph.channels.reserve(draft.spec.channels.size());
  for (const ChannelSpec& spec : draft.spec.channels) {
    const ChannelKind* kind = find_kind(draft.kinds, spec.kind);
    if (kind == nullptr) {
      draft.diagnostics.error(spec.name.mark,
                              cat("a channel of kind ", quoted(spec.kind), " is not supported yet"));
      draft.graph.incomplete = true;
      continue;
    }
    const ChannelId id{static_cast<std::uint32_t>(draft.graph.channels.size())};
    Channel& channel = draft.graph.channels.emplace_back();
    channel.id = id;
    channel.name = spec.name.value;
    channel.kind = kind;
    channel.mark = spec.name.mark;
    channel.outside = to_outside(spec);
    channel.framing = spec.framing;
    kind->fill(spec, channel);
    draft.names.declare(spec.name.value, id);
  }
}

void declare_processes(Draft& draft) {
  draft.graph.processes.reserve(draft.spec.processes.size());
  for (const ProcessSpec& spec : draft.spec.processes) {
    const ProcessId id{static_cast<std::uint32_t>(draft.graph.processes.size())};
    draft.graph.processes.push_back(to_process(spec, id));
    draft.stream_set.push_back({spec.in.has_value(), spec.out.has_value(), spec.err.has_value()});
    draft.names.declare(spec.name.value, id);
  }
}

void resolve_dead_letters(Draft& draft) {
  const ChannelKind* const queue = find_kind(draft.kinds, "queue");
  for (Channel& channel : draft.graph.channels) {
    if (!channel.policies.dead_letter) continue;
    const auto& [name, mark] = *channel.policies.dead_letter;
    const auto* target = draft.names.find(name);
    const auto* id = target == nullptr ? nullptr : std::get_if<ChannelId>(target);
    draft.graph.incomplete = draft.graph.incomplete || target == nullptr;
    if (target == nullptr) {
      draft.diagnostics.error(
          mark, cat("dead letters of ", title(draft.graph, channel), " go to unknown queue ", quoted(name)),
          draft.names.suggest(name, false, true));
    } else if (id == nullptr || draft.graph.at(*id).kind != queue) {
      const std::string_view what = id == nullptr ? "process" : draft.graph.at(*id).kind->name;
      draft.diagnostics.error(mark, cat("dead letters of ", title(draft.graph, channel), " go to ",
                                        quoted(name), ", which is a ", what, ": they go to a queue"));
    } else {
      channel.dead_letter = *id;
    }
  }
}

void resolve_after(Draft& draft) {
  for (std::size_t i = 0; i < draft.spec.processes.size(); ++i) {
    for (const AfterSpec& after : draft.spec.processes[i].after)
      resolve(draft, draft.graph.processes[i], after);
  }
}

namespace {

bool passes_data(const Graph& graph, const Process& process) {
  return std::ranges::any_of(process.ports,
                             [&](PortId id) { return graph.at(graph.at(id).channel).kind->flows; });
}

void count_holders(Graph& graph) {
  std::vector<std::uint32_t> seen(graph.processes.size(),
                                  ~0U);  // by process: the last channel that counted it
  const auto count = [&](Channel& channel, const std::vector<PortId>& ports) {
    std::uint32_t sum = 0;
    for (const PortId port : ports) {
      const Process& process = graph.at(graph.at(port).process);
      if (std::exchange(seen[process.id.value], channel.id.value) != channel.id.value)
        sum += process.replicas;
    }
    return sum;
  };
  for (Channel& channel : graph.channels) {
    channel.writing_holders = count(channel, channel.writers);
    channel.holders = channel.writing_holders + count(channel, channel.readers);
  }
}

// Copies of a process share a place, which a node of ours will read for them, unless each gets everything.
void give_places(Graph& graph, Channel& channel) {
  channel.places.clear();
  for (const PortId id : channel.readers) {
    const Subscription& own = graph.at(id).subscription;
    ReaderPlace place{.port = id, .policy = own.when_full ? own.when_full->value : channel.policy};
    place.history = place.policy == ReaderPolicy::kLatest ? 1
                    : own.history                         ? own.history->value
                                                          : channel.capacity;
    const std::uint32_t count = own.is_broadcast() ? graph.at(graph.at(id).process).replicas : 1;
    for (; place.replica < count; ++place.replica) channel.places.push_back(place);
  }
}

// A letter that fails again is another queue's letter: sizes follow chains, which have no circle once they
// are checked.
void follow_dead_letters(Graph& graph) {
  for (Channel& channel : graph.channels) {
    channel.takes_letters = false;
    channel.largest_letter = {};
  }
  bool moved = true;
  for (std::size_t round = 0; moved && round <= graph.channels.size(); ++round) {
    moved = false;
    for (const Channel& channel : graph.channels) {
      if (!channel.dead_letter.valid()) continue;
      Channel& target = graph.at(channel.dead_letter);
      const Bytes largest = std::max(channel.max_message, channel.largest_letter);
      moved = moved || !target.takes_letters || target.largest_letter < largest;
      target.takes_letters = true;
      target.largest_letter = std::max(target.largest_letter, largest);
    }
  }
}

// Its shape says whether somebody will look for circles.
void give_growth(Graph& graph) {
  const bool grows = graph.deadlock.policy == DeadlockPolicy::kGrow && can_hang(graph);
  for (Channel& channel : graph.channels) channel.growth = grows ? graph.deadlock.budget : Bytes{};
}

}  // namespace

void derive(Graph& graph, const Spec& spec) {
  count_holders(graph);
  give_growth(graph);
  for (Channel& channel : graph.channels) {
    if (channel.kind->to_each) give_places(graph, channel);
  }
  follow_dead_letters(graph);
  graph.grace = Duration{0};
  for (Process& process : graph.processes) {
    process.step = false;
    graph.grace = std::max(graph.grace, process.grace);
  }
  if (spec.grace) graph.grace = spec.grace->value;
  for (const Process& process : graph.processes) {
    for (const After& after : process.after) {
      Process& before = graph.at(after.process);
      // Whoever starts when everything has ended does not make the graph end without it.
      const bool waits_for_end = after.condition >= Condition::kFinished && !process.finally;
      if (waits_for_end && !passes_data(graph, before)) before.step = true;
    }
  }
}

const ChannelKind* find_kind(ChannelKinds kinds, std::string_view name) {
  const auto found = std::ranges::find(kinds, name, [](const ChannelKind* kind) { return kind->name; });
  return found == kinds.end() ? nullptr : *found;
}

Graph build(const Spec& spec, ChannelKinds kinds, Diagnostics& diagnostics) {
  Draft draft{spec, kinds, diagnostics};
  draft.graph.name = spec.name.value;
  draft.graph.folder = spec.folder;
  draft.graph.description = spec.description;
  if (spec.timeout) draft.graph.timeout = spec.timeout->value;
  draft.graph.keep_going = spec.keep_going;
  draft.graph.single = spec.single;
  draft.graph.logs = spec.logs;
  draft.graph.containment = spec.containment;
  draft.graph.deadlock = spec.deadlock;

  declare_channels(draft);
  declare_processes(draft);  // every name is known
  connect_ports(draft);
  connect_pipelines(draft);  // every port exists
  resolve_after(draft);
  resolve_dead_letters(draft);
  derive(draft.graph, spec);
  return std::move(draft.graph);
}

}  // namespace procgraph
