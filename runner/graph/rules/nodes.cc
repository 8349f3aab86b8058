// What a process is and what it is given.
#include <algorithm>
#include <unordered_map>

#include "base/path.h"
#include "graph/channel_kind.h"
#include "graph/rules.h"
#include "graph/traits.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

// /dev/fd/N or /proc/self/fd/N among the words: the program opens a descriptor by its number.
bool opens_descriptors(const CommandSpec& command) {
  return std::ranges::any_of(command.words,
                             [](const Text& word) { return word.value.find("/fd/") != std::string::npos; });
}

constexpr std::uint64_t kMaxParticipants = 4095;

}  // namespace

void plain_programs_use_streams(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Process& process : graph.processes) {
    if (process.per || !is_plain_program(process.command) || opens_descriptors(process.command)) continue;
    for (const PortId id : process.ports) {
      const Port& port = graph.at(id);
      if (port.stream || port.fd || !graph.at(port.channel).kind->flows) continue;
      diagnostics.warning(
          port.mark, cat(quoted(process.command.words[0].value), " never opens its port ", quoted(port.name)),
          stream_instead(graph, port));
    }
  }
}

void there_are_as_many_copies_as_must_be_left(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Process& process : graph.processes) {
    if (process.per || !process.min_replicas || *process.min_replicas <= process.replicas) continue;
    auto& error = diagnostics.error(
        process.min_replicas_mark,
        cat("of process ", quoted(process.name), ' ', counted(*process.min_replicas, "copy", "copies"),
            " must be left, and there ", process.replicas == 1 ? "is " : "are ",
            process.replicas == 1 ? "one" : format_count(process.replicas)),
        "write 'replicas' with as many or more");
    if (process.replicas_mark.known()) error.notes.push_back({process.replicas_mark, "said here"});
  }
}

void participants_fit_the_roster(const Graph& graph, const World&, Diagnostics& diagnostics) {
  std::uint64_t participants = 0;
  const Process* most = nullptr;
  for (const Process& process : graph.processes) {
    const bool native = std::ranges::any_of(
        process.ports, [&](PortId id) { return graph.at(graph.at(id).channel).kind->native(); });
    if (!native) continue;
    participants += process.replicas;
    if (most == nullptr || most->replicas < process.replicas) most = &process;
  }
  if (participants <= kMaxParticipants) return;
  diagnostics.error(
      most->replicas_mark.known() ? most->replicas_mark : most->mark,
      cat(format_count(participants), " processes use queues or shared memory; a graph has room for ",
          format_count(kMaxParticipants)),
      cat("most are replicas of ", quoted(most->name)));
}

}  // namespace procgraph
