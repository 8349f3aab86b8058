// A plain program at a queue or a topic: it reads or writes bytes, so there is a pipe at its port, and
// between that and the channel a `relay` of ours, which is a part of the process: each replica has its own,
// with a pipe of its own.
#include <algorithm>
#include <string>
#include <utility>

#include "graph/draft.h"
#include "graph/rewrite.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

constexpr const char* kRelay = "relay";
constexpr Bytes kPage{4096};  // the smallest pipe

// Several take from it, and each is to get its part.
bool is_shared(const Graph& graph, const Channel& channel) {
  if (channel.kind->to_each) return false;
  std::uint64_t readers = channel.outside.reads ? 1 : 0;
  for (const PortId id : channel.readers) readers += graph.at(graph.at(id).process).replicas;
  return readers > 1;
}

// In the direction of the data: from the channel to the process, or the other way round.
std::string name_of(const Graph& graph, const Port& port) {
  const std::string& channel = graph.at(port.channel).name;
  const std::string program = cat(graph.at(port.process).name, '.', port.name);
  const bool reads = port.access == Access::kRead;
  return cat(kRelay, ':', reads ? channel : program, ':', reads ? program : channel);
}

std::vector<std::string> words_for(const Graph& graph, const Port& port) {
  const FramingSpec* framing = framing_of(graph, port);
  std::vector<std::string> words{kRelay, framing == nullptr ? "lines" : framing->word};
  if (framing != nullptr && framing->size.value > 0) words.push_back(std::to_string(framing->size.value));
  if (is_shared(graph, graph.at(port.channel))) words.emplace_back("shared");
  return words;
}

ProcessId add_relay(Graph& graph, const Port& port) {
  const Process& whole = graph.at(port.process);
  Process relay = node_of_ours(graph, whole, name_of(graph, port), words_for(graph, port), port.mark);
  relay.part_of = whole.id;
  relay.replicas = whole.replicas;
  relay.min_replicas = whole.min_replicas;
  return add_process(graph, std::move(relay));
}

// Where a queue is shared a reader's pipe is small: what is in it nobody else can have.
ChannelId add_pipe(Graph& graph, const ChannelKind& kind, const Port& port, const Process& relay) {
  const bool reads = port.access == Access::kRead;
  const std::string& program = graph.at(port.process).name;
  Channel pipe{.id = ChannelId{static_cast<std::uint32_t>(graph.channels.size())},
               .name = cat(reads ? relay.name : program, '|', reads ? program : relay.name),
               .kind = &kind,
               .mark = port.mark,
               .anonymous = true,
               .per_replica = relay.replicas > 1};
  if (reads && is_shared(graph, graph.at(port.channel))) pipe.capacity = kPage.value;
  graph.channels.push_back(std::move(pipe));
  return graph.channels.back().id;
}

void put_relay(Graph& graph, const ChannelKind& pipe_kind, PortId id) {
  const Port port = graph.at(id);
  const bool reads = port.access == Access::kRead;
  const ProcessId relay = add_relay(graph, port);
  const ChannelId pipe = add_pipe(graph, pipe_kind, port, Process(graph.at(relay)));

  Port end{.process = relay, .channel = port.channel, .name = reads ? "in" : "out", .access = port.access};
  end.wait = std::exchange(graph.at(id).wait, WaitMode::kDefault);
  end.subscription = std::exchange(graph.at(id).subscription, {});
  end.mark = port.mark;
  add_port(graph, std::move(end));
  connect_stream(graph, relay, reads ? 1 : 0, pipe, port.mark);

  std::erase(reads ? graph.at(port.channel).readers : graph.at(port.channel).writers, id);
  graph.at(id).channel = pipe;
  (reads ? graph.at(pipe).readers : graph.at(pipe).writers).push_back(id);
}

}  // namespace

void give_streams_relays(Graph& graph, ChannelKinds kinds) {
  const ChannelKind* pipe = find_kind(kinds, "pipe");
  const auto declared = static_cast<std::uint32_t>(graph.ports.size());
  for (PortId id{0}; id.value < declared; ++id.value) {
    if (needs_relay(graph, graph.at(id))) put_relay(graph, *pipe, id);
  }
}

}  // namespace procgraph
