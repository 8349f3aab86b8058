// Processes that run once per message.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "graph/channel_kind.h"
#include "graph/rules.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

bool carries_messages(const Graph& graph, const Port& port) {
  const ChannelKind& kind = *graph.at(port.channel).kind;
  return kind.flows && !kind.bytes;
}

std::vector<const Port*> ports_of_messages(const Graph& graph, const Process& process, Access access) {
  std::vector<const Port*> found;
  for (const PortId id : process.ports) {
    if (graph.at(id).access == access && graph.at(id).fd != 2 && carries_messages(graph, graph.at(id)))
      found.push_back(&graph.at(id));
  }
  return found;
}

// Of a process that runs once per message, with the words "process 'p', which runs once per message,".
class Checker {
 public:
  Checker(const Graph& graph, const Process& process, Diagnostics& diagnostics)
      : graph_(graph), process_(process), diagnostics_(diagnostics) {}

  void check() {
    check_input();
    check_output();
    check_ports();
    check_keys();
    check_words();
  }

 private:
  Diagnostic& error(Mark mark, const std::string& what, std::string hint) {
    auto& said = diagnostics_.error(
        mark, cat("process ", quoted(process_.name), ", which runs once per message, ", what),
        std::move(hint));
    if (!(mark == process_.per->mark)) said.notes.push_back({process_.per->mark, "said here"});
    return said;
  }

  void check_input() {
    const auto in = ports_of_messages(graph_, process_, Access::kRead);
    const auto reads = [&](PortId id) { return graph_.at(id).access == Access::kRead; };
    if (in.empty() && std::ranges::none_of(process_.ports, reads) && !graph_.incomplete) {
      error(process_.per->mark, "reads no queue and no topic", "write 'reads: QUEUE', or 'stdin: QUEUE'");
    } else if (in.size() > 1) {
      error(in[1]->mark,
            cat("reads ", quoted(graph_.at(in[0]->channel).name), " and ",
                quoted(graph_.at(in[1]->channel).name)),
            "its messages come from one queue, which may have many writers");
    }
    for (const Port* port : in) {
      if (port->subscription.is_broadcast())
        error(port->subscription.broadcast->mark,
              "is one reader of the topic: 'broadcast' has no meaning there", "leave it out");
    }
    const Stream& stdin_stream = process_.streams[0];
    const bool fed = stdin_stream.kind == StreamKind::kFile || stdin_stream.kind == StreamKind::kInherit;
    if (fed) error(stdin_stream.mark, "gets the message as its stdin", "leave out 'stdin'");
  }

  void check_output() {
    const auto out = ports_of_messages(graph_, process_, Access::kWrite);
    const Stream& stdout_stream = process_.streams[1];
    if (out.size() > 1) {
      error(out[1]->mark,
            cat("writes ", quoted(graph_.at(out[0]->channel).name), " and ",
                quoted(graph_.at(out[1]->channel).name)),
            "what a run prints goes to one channel; a topic has many readers");
    } else if (out.size() == 1 && !out[0]->stream && stdout_stream.mark.known()) {
      error(stdout_stream.mark,
            cat("prints its results, which go to ", quoted(graph_.at(out[0]->channel).name)),
            "name one of them only");
    }
  }

  // A run is no node: it has no ports of its own.
  void check_ports() {
    for (const PortId id : process_.ports) {
      const Port& port = graph_.at(id);
      const Channel& channel = graph_.at(port.channel);
      if (carries_messages(graph_, port)) continue;
      if (channel.kind->served && port.access == Access::kWrite) continue;  // an address
      if (port.stream && port.access == Access::kWrite) continue;           // its output
      std::string hint = cat("its message is all that it reads, and what it prints all that it writes");
      if (channel.kind->bytes)
        hint = port.access == Access::kRead ? "messages come from a queue or a topic"
                                            : cat("write 'stdout: ", channel.name, "'");
      error(port.mark, cat("has ", title(graph_, channel), " at its port ", quoted(port.name)),
            std::move(hint));
    }
  }

  void check_keys() {
    const auto refuse = [&](Mark mark, const char* key, const char* hint) {
      error(mark, cat("has '", key, "', which has no meaning there"), hint);
    };
    if (process_.ready)
      refuse(process_.ready->probe.mark, "ready", "each run is a short life of its own; leave it out");
    if (process_.health) refuse(process_.health->probe.mark, "health", "'timeout' bounds each run");
    if (process_.restart.when != Restart::kNever)
      refuse(process_.restart_mark, "restart",
             "a message whose run failed comes back by itself: 'max_deliveries' of its queue says how often");
    if (process_.min_replicas)
      refuse(process_.min_replicas_mark, "min_replicas", "'replicas' are its runs at a time; leave it out");
    const auto not_yet = [&](Mark mark, const char* limit) {
      error(mark, cat("has a limit of ", limit, ", which is not supported yet"),
            "it takes a cgroup, which would hold all of its runs together; leave it out");
    };
    if (process_.resources.memory) not_yet(process_.resources.memory->mark, "memory");
    if (process_.resources.processes) not_yet(process_.resources.processes->mark, "processes");
    if (process_.resources.cpu_share) not_yet(process_.resources.cpu_share->mark, "its share of a CPU");
  }

  void check_words() {
    const auto has_mark = [](const std::string& text) {
      return text.find(kReplicaMark) != text.npos || text.find(kReplicasMark) != text.npos;
    };
    std::vector<Text> texts = process_.command.words;
    for (const EnvironmentEntry& entry : process_.env) texts.push_back(entry.value);
    texts.push_back({process_.cwd, process_.cwd_mark});
    for (const Stream& stream : process_.streams) texts.push_back({stream.file, stream.mark});
    texts.insert(texts.end(), process_.resources.cpus.begin(), process_.resources.cpus.end());
    const auto numbered = std::ranges::find_if(texts, has_mark, &Text::value);
    if (numbered != texts.end())
      error(numbered->mark, "has no copies: '${replica}' and '${replicas}' have no meaning there",
            "its runs find PROCGRAPH_REPLICA in their environment, from 0 to one less than 'replicas'");
    const auto message = std::ranges::find(process_.command.words, "{}", &Text::value);
    if (process_.per->messages > 1 && message != process_.command.words.end() && !process_.command.shell)
      error(message->mark,
            cat("gets up to ", format_count(process_.per->messages), " of them: '{}' stands for one"),
            "read them from stdin, a line each, or write 'per: message'");
  }

  const Graph& graph_;
  const Process& process_;
  Diagnostics& diagnostics_;
};

// A program of the SDK says of what it puts which message it answers; it has one of each end.
bool check_ordered_node(const Graph& graph, const Process& process, const std::string& who,
                        Diagnostics& diagnostics) {
  const auto plain = std::ranges::find_if(
      process.ports, [&](PortId id) { return graph.at(id).fd != 2 && needs_relay(graph, graph.at(id)); });
  if (plain != process.ports.end()) {
    const Port& port = graph.at(*plain);
    diagnostics.error(port.mark,
                      cat(who, ", but it is a plain program at ", title(graph, graph.at(port.channel)),
                          ": nobody can tell which line answers which"),
                      "add 'per: message', or leave out 'ordered'");
    return false;
  }
  const std::size_t before = diagnostics.errors();
  for (const Access access : {Access::kRead, Access::kWrite}) {
    const auto ports = ports_of_messages(graph, process, access);
    if (ports.size() == 1 || (ports.empty() && graph.incomplete)) continue;
    const bool reads = access == Access::kRead;
    auto& error = diagnostics.error(
        process.ordered->mark,
        cat(who, ", so it ", reads ? "reads one queue or topic" : "writes one queue or topic", ", and not ",
            ports.empty() ? std::string("none") : std::to_string(ports.size())),
        "leave out 'ordered', or add 'per: message' for a command that is run once for each");
    for (const Port* port : ports) error.notes.push_back({port->mark, reads ? "read here" : "written here"});
  }
  return diagnostics.errors() == before;
}

// Its queue, as far as it can be told: of a topic each reader has one of its own.
void check_order(const Graph& graph, const Process& process, Diagnostics& diagnostics) {
  const std::string who = cat("results of process ", quoted(process.name), " leave in order");
  if (!process.per && !check_ordered_node(graph, process, who, diagnostics)) return;
  for (const Port* in : ports_of_messages(graph, process, Access::kRead)) {
    const Channel& channel = graph.at(in->channel);
    if (channel.policies.retry)
      diagnostics
          .error(channel.policies.retry->mark,
                 cat(who, ": a message that failed is tried again at once, 'retry' of ",
                     title(graph, channel), " has no meaning"),
                 "leave out one of them")
          .notes.push_back({process.ordered->mark, "said here"});
    if (channel.kind->to_each || (channel.readers.size() == 1 && !channel.outside.reads)) continue;
    auto& error = diagnostics.error(process.ordered->mark,
                                    cat(who, ", so it must be the only reader of ", title(graph, channel)),
                                    "what another reader takes has no result here, and may come back late");
    for (const PortId id : channel.readers) {
      if (graph.at(id).process != process.id) error.notes.push_back({graph.at(id).mark, "read here too"});
    }
    if (channel.outside.reads) error.notes.push_back({channel.outside.mark, "read from outside"});
  }
}

}  // namespace

void processes_per_message_have_one_input(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Process& process : graph.processes) {
    if (process.per) Checker(graph, process, diagnostics).check();
  }
}

void ordered_results_have_an_order(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Process& process : graph.processes) {
    if (process.ordered) check_order(graph, process, diagnostics);
  }
}

void codes_that_reject_are_those_of_runs(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Channel& channel : graph.channels) {
    if (channel.policies.reject_codes.empty()) continue;
    const auto runs = [&](PortId id) { return graph.at(graph.at(id).process).per.has_value(); };
    if (std::ranges::any_of(channel.readers, runs)) continue;
    diagnostics.warning(channel.policies.reject_codes_mark,
                        cat("'reject_codes' of ", title(graph, channel),
                            " has no meaning: no process that reads it runs once per message"),
                        "they are exit codes of a process with 'per: message'");
  }
}

}  // namespace procgraph
