// What starts when everything else has ended.
#include "graph/channel_kind.h"
#include "graph/rules.h"
#include "graph/wording.h"

namespace procgraph {

// Shared memory alone outlives its processes in a way that is of use to somebody.
void finally_processes_have_nobody_left(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Port& port : graph.ports) {
    const Process& process = graph.at(port.process);
    const Channel& channel = graph.at(port.channel);
    if (!process.finally || (!channel.kind->flows && !channel.kind->served)) continue;
    diagnostics.error(port.mark,
                      cat("process ", quoted(process.name), " is at ", title(graph, channel),
                          ", and starts finally: whoever is at the other end has ended by then"),
                      "hand it over in a file, or in shared memory");
  }
}

void finally_processes_start_once(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Process& process : graph.processes) {
    if (!process.finally) continue;
    if (process.service) {
      diagnostics.error(process.mark,
                        cat("process ", quoted(process.name),
                            " starts finally and is a service: services are stopped before it starts"),
                        "take one of the two away");
    }
    if (process.restart.restarts()) {
      diagnostics.error(process.restart_mark,
                        cat("process ", quoted(process.name), " starts finally, and that is once"),
                        "write 'restart: never'");
    }
    for (const After& after : process.after) {
      if (!after.restart) continue;
      diagnostics.error(*after.restart,
                        cat("process ", quoted(process.name), " starts finally, and that is once"),
                        "leave 'restart' out");
    }
  }
}

void only_finally_processes_wait_for_one_another(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Process& process : graph.processes) {
    for (const After& after : process.after) {
      const Process& before = graph.at(after.process);
      if (process.finally || !before.finally) continue;
      diagnostics
          .error(after.mark, cat("process ", quoted(process.name), " never starts: ", quoted(before.name),
                                 " starts finally, when ", quoted(process.name), " has ended"))
          .notes.push_back({before.mark, "declared here"});
    }
  }
}

}  // namespace procgraph
