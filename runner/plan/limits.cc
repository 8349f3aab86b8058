#include "plan/limits.h"

#include <algorithm>

#include "graph/wording.h"
#include "procgraph/admin.h"

namespace procgraph {
namespace {

constexpr std::uint64_t kRunnerItself =
    32;                               // stdio, epoll, signals, timers, the control socket, room to breathe
constexpr std::uint64_t kSpare = 16;  // in a child: a report, a directory

std::uint64_t descriptors_of(const Object& object) {
  if (std::holds_alternative<FileObject>(object.what) || std::holds_alternative<ListenerObject>(object.what))
    return 1;
  return 2;  // both ends; of a memory the writable and the read-only one
}

// In the child a descriptor fits below the limit only if its number does; before they have their numbers they
// lie above all of these.
std::uint64_t most_in_a_child(const Plan& plan) {
  std::uint64_t most = 0;
  for (const Spawn& spawn : plan.spawns) {
    if (spawn.inherits.empty()) continue;
    most = std::max(most, static_cast<std::uint64_t>(spawn.inherits.back().fd) + 2 * spawn.inherits.size());
  }
  return most;
}

std::uint64_t saturating_sum(std::uint64_t a, std::uint64_t b) {
  return a > ~b ? ~0ULL : a + b;
}

// What a channel may take: what its messages may, or all that is taken before the start.
std::uint64_t bound_of(const Plan& plan, const Channel& channel) {
  if (!channel.policies.prefault) return std::max(channel.memory, channel.most_memory()).value;
  std::uint64_t sum = 0;
  for (const Object& object : plan.objects) {
    const auto* memory = std::get_if<MemoryObject>(&object.what);
    if (memory != nullptr && object.channel == channel.id) sum = saturating_sum(sum, memory->size.value);
  }
  return sum;
}

const Channel* largest(const Plan& plan) {
  const auto& channels = plan.graph.channels;
  const auto found =
      std::ranges::max_element(channels, {}, [&](const Channel& c) { return bound_of(plan, c); });
  return found == channels.end() ? nullptr : &*found;
}

void check_memory(const Plan& plan, const Machine& machine, Diagnostics& diagnostics, PlanErrors& errors) {
  if (plan.memory <= machine.memory_available) return;
  errors.machine = true;
  const Channel* most = largest(plan);
  const bool prefault = most->policies.prefault;
  auto& error =
      diagnostics.error({},
                        cat("the graph's channels may need ", rough(plan.memory), " of memory, ",
                            machine.memory_limit_source.empty() ? "the machine" : machine.memory_limit_source,
                            " has ", rough(machine.memory_available)),
                        prefault ? "lower 'memory' or 'max_message', or leave out 'prefault'"
                                 : "lower 'memory' of the queues, or 'size' of the areas");
  error.notes.push_back({most->memory_mark.known() ? most->memory_mark : most->mark,
                         cat(title(plan.graph, *most), prefault ? " takes " : " may hold ",
                             rough(Bytes{bound_of(plan, *most)}), prefault ? " before the start" : "")});
}

void check_counts(const Plan& plan, const Machine& machine, Diagnostics& diagnostics, PlanErrors& errors) {
  if (plan.spawns.size() > machine.processes_max) {
    errors.machine = true;
    diagnostics.error({},
                      cat("the graph has ", format_count(plan.spawns.size()),
                          " processes, this machine allows ", format_count(machine.processes_max), " more"),
                      "see 'ulimit -u' and /proc/sys/kernel/pid_max");
  }
  if (plan.descriptors > machine.files_max) {
    errors.machine = true;
    diagnostics.error(
        {},
        cat("the run needs ", format_count(plan.descriptors), " open files, this machine allows ",
            format_count(machine.files_max)),
        "raise the hard limit (ulimit -Hn), or write 'stdout: none, stderr: none' where nothing is logged");
  }
}

// Those of the logs count too, and are made before: they are counted, and the advice is about the others.
void check_pipes(const Plan& plan, const Machine& machine, Diagnostics& diagnostics) {
  constexpr std::uint64_t kOrdinary = 64 << 10;
  std::uint64_t channels = 0, logs = 0;
  const Channel* largest = nullptr;
  std::uint64_t most = 0;
  for (const Object& object : plan.objects) {
    const auto* pipe = std::get_if<PipeObject>(&object.what);
    if (pipe == nullptr) continue;
    const std::uint64_t size = pipe->capacity.value == 0 ? kOrdinary : pipe->capacity.value;
    channels = saturating_sum(channels, size);
    if (size > most && object.channel.valid()) largest = &plan.graph.at(object.channel);
    most = std::max(most, size);
  }
  for (const Spawn& spawn : plan.spawns)
    logs += kOrdinary * static_cast<std::uint64_t>(std::ranges::count(spawn.streams, StreamKind::kLog));
  if (largest == nullptr || saturating_sum(channels, logs) <= machine.pipes_soft.value) return;
  auto& warning = diagnostics.warning(
      {},
      cat("the graph's pipes hold ", rough(Bytes{channels}),
          logs == 0 ? "" : cat(", those of its logs ", rough(Bytes{logs})), ", and all pipes of this user ",
          rough(machine.pipes_soft), ": of those beyond that each holds 8 KiB, and none can be larger"),
      "raise /proc/sys/fs/pipe-user-pages-soft, lower 'capacity', or write 'stdout: none, stderr: none' "
      "where nothing is logged");
  warning.notes.push_back({largest->capacity_mark.known() ? largest->capacity_mark : largest->mark,
                           cat(title(plan.graph, *largest), " holds ", rough(Bytes{most}))});
}

// A rule counts what is declared; here only what a `discard` of ours adds can be too much.
void check_participants(const Plan& plan, Diagnostics& diagnostics) {
  std::uint64_t native = 0, ours = 0;
  for (const Spawn& spawn : plan.spawns) {
    if (spawn.participant == 0) continue;
    ++(plan.graph.at(spawn.process).builtin ? ours : native);
  }
  if (native > kMaxParticipants || native + ours <= kMaxParticipants) return;
  diagnostics.error(
      {}, cat(format_count(native + ours), " processes use queues or shared memory; a graph has room for ",
              format_count(kMaxParticipants)));
}

}  // namespace

void measure(Plan& plan) {
  plan.memory = {};
  for (const Channel& channel : plan.graph.channels)
    plan.memory.value = saturating_sum(plan.memory.value, bound_of(plan, channel));
  plan.descriptors = kRunnerItself;
  for (const Object& object : plan.objects) plan.descriptors += descriptors_of(object);
  for (const Channel& channel : plan.graph.channels)
    plan.descriptors += 2 * std::uint64_t{channel.outside.places};  // a pidfd and a connection each
  for (const Spawn& spawn : plan.spawns) {
    plan.descriptors += 1 + static_cast<std::uint64_t>(
                                std::ranges::count(spawn.streams, StreamKind::kLog));  // its pidfd, its log
    // What it says or is asked with: a socket, a pipe's end, a pidfd of a probe.
    if (spawn.ready || spawn.health) plan.descriptors += 2;
  }
  plan.descriptors = std::max(plan.descriptors, most_in_a_child(plan) + kSpare);
}

void check_limits(const Plan& plan, const Machine& machine, Diagnostics& diagnostics, PlanErrors& errors) {
  check_memory(plan, machine, diagnostics, errors);
  check_counts(plan, machine, diagnostics, errors);
  check_pipes(plan, machine, diagnostics);
  check_participants(plan, diagnostics);
}

}  // namespace procgraph
