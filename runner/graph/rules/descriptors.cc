// Numbers of descriptors that the file fixes, and standard streams.
#include <unordered_map>

#include "graph/channel_kind.h"
#include "graph/rules.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

void check_number(const Graph& graph, const Port& port, const World& world,
                  std::unordered_map<int, PortId>& taken, Diagnostics& diagnostics) {
  const std::string& process = graph.at(port.process).name;
  const int fd = *port.fd;
  if (static_cast<std::uint64_t>(fd) >= world.machine.files_max) {
    diagnostics.error(port.mark,
                      cat("process ", quoted(process), " gives port ", quoted(port.name), " descriptor ", fd,
                          ", beyond this machine's limit"),
                      cat("the largest is ", world.machine.files_max - 1, " (ulimit -Hn)"));
    return;
  }
  if (!graph.at(port.channel).kind->bytes && !needs_relay(graph, port)) {
    const bool flows = graph.at(port.channel).kind->flows;
    diagnostics.error(
        port.mark,
        cat("process ", quoted(process), " gives port ", quoted(port.name), " descriptor ", fd, ", but ",
            with_article(graph.at(port.channel).kind->title()), " has several descriptors"),
        cat("leave 'fd' out: the SDK finds them by the port's name",
            flows ? "; for a program that knows no SDK, say 'framing: lines' beside it" : ""));
    return;
  }
  const auto [before, fresh] = taken.try_emplace(fd, port.id);
  if (fresh) return;
  auto& error = diagnostics.error(
      port.mark, cat("process ", quoted(process), " gives descriptor ", fd, " to two ports, ",
                     quoted(graph.at(before->second).name), " and ", quoted(port.name)));
  error.notes.push_back({graph.at(before->second).mark, "given here first"});
}

}  // namespace

void fixed_descriptors_are_free_and_possible(const Graph& graph, const World& world,
                                             Diagnostics& diagnostics) {
  std::unordered_map<int, PortId> taken;
  for (const Process& process : graph.processes) {
    taken.clear();
    for (const PortId id : process.ports) {
      if (!graph.at(id).stream && graph.at(id).fd)
        check_number(graph, graph.at(id), world, taken, diagnostics);
    }
  }
}

void ready_descriptors_are_free(const Graph& graph, const World& world, Diagnostics& diagnostics) {
  constexpr int kFirst = 3;
  for (const Process& process : graph.processes) {
    if (!process.ready || !process.ready->probe.fd) continue;
    const auto [fd, mark] = *process.ready->probe.fd;
    if (static_cast<std::uint64_t>(fd) >= world.machine.files_max) {
      diagnostics.error(mark,
                        cat("process ", quoted(process.name), " says that it is ready on descriptor ", fd,
                            ", beyond this machine's limit"),
                        cat("the largest is ", world.machine.files_max - 1, " (ulimit -Hn)"));
    }
    int listeners = 0;
    for (const PortId id : process.ports) {
      const Port& port = graph.at(id);
      const bool serves = graph.at(port.channel).kind->served && port.access == Access::kRead;
      listeners += serves && !graph.at(port.channel).socket.opened_by_server ? 1 : 0;
      if (port.stream || port.fd != fd) continue;
      diagnostics
          .error(mark, cat("process ", quoted(process.name), " says that it is ready on descriptor ", fd,
                           ", which is its port ", quoted(port.name)))
          .notes.push_back({port.mark, "given here"});
    }
    if (fd >= kFirst + listeners) continue;
    diagnostics.error(
        mark,
        cat("process ", quoted(process.name), " says that it is ready on descriptor ", fd,
            ", which is a listening socket's"),
        cat("the sockets of 'serves' come first, from 3 on; the next free number is ", kFirst + listeners));
  }
}

// Only what procgraph reads itself has lines.
void watched_logs_are_logs(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Process& process : graph.processes) {
    if (!process.ready || process.ready->probe.kind != ProbeKind::kLog) continue;
    if (process.streams[1].kind == StreamKind::kLog || process.streams[2].kind == StreamKind::kLog) continue;
    diagnostics.error(process.ready->probe.mark,
                      cat("the log of process ", quoted(process.name),
                          " is to tell when it is ready, but neither its stdout nor its stderr is a log"),
                      "leave out 'stdout' or 'stderr', or write 'ready: notify'");
  }
}

void streams_carry_data(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Port& port : graph.ports) {
    const Channel& channel = graph.at(port.channel);
    if (!port.stream || channel.kind->flows) continue;
    const bool reads = port.access == Access::kRead;
    diagnostics
        .error(port.mark,
               cat(port.name, " of process ", quoted(graph.at(port.process).name), " is ",
                   title(graph, channel), ", which is no stream"),
               cat("name it in '", reads ? "reads" : "writes", "', and map it"))
        .notes.push_back({channel.mark, "declared here"});
  }
}

void standard_input_is_inherited_once(const Graph& graph, const World&, Diagnostics& diagnostics) {
  const Process* first = nullptr;
  for (const Process& process : graph.processes) {
    const Stream& in = process.streams[0];
    if (in.kind != StreamKind::kInherit) continue;
    if (process.replicas > 1) {
      diagnostics.error(
          in.mark,
          cat("process ", quoted(process.name), " has ", format_count(process.replicas),
              " replicas and cannot inherit stdin"),
          "one process can have the terminal's input; let it fill a queue that the replicas share");
    }
    if (first != nullptr) {
      auto& error = diagnostics.error(
          in.mark,
          cat("processes ", quoted(first->name), " and ", quoted(process.name), " both inherit stdin"),
          "one process at most can have the terminal's input");
      error.notes.push_back({first->streams[0].mark, "inherited here too"});
    }
    if (first == nullptr) first = &process;
  }
}

}  // namespace procgraph
