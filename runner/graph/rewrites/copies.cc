// Some readers of a topic take from a queue of their own: replicas, who share what their process reads,
// processes that run once per message or whose results have an order, and readers whose messages may become
// dead letters or be held for too long, which is what queues are good at. A `copy` of ours reads the topic in
// the process's place and puts everything into the queue, which has no name.
#include <algorithm>
#include <string>
#include <vector>

#include "graph/draft.h"
#include "graph/rewrite.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

constexpr const char* kCopy = "copy";
constexpr const char *kIn = "in", *kOut = "out";  // its ports

std::vector<PortId> readers_with_queues(const Graph& graph) {
  std::vector<PortId> readers;
  for (const Port& port : graph.ports) {
    const Channel& channel = graph.at(port.channel);
    if (!channel.kind->to_each || port.access != Access::kRead) continue;
    const bool shares = graph.at(port.process).replicas > 1 && !port.subscription.is_broadcast();
    const Process& process = graph.at(port.process);
    if (shares || process.per || process.ordered || channel.gives_queues()) readers.push_back(port.id);
  }
  return readers;
}

// Of several ports of one process at one topic each bears its own name.
std::string label_of(const Graph& graph, const Port& port) {
  const std::string& process = graph.at(port.process).name;
  const std::string& topic = graph.at(port.channel).name;
  return port.name == topic ? process : cat(process, '.', port.name);
}

// As long as the reader may be behind, and no larger than the topic; what the topic does with messages that
// their readers leave it does too. Their age counts from when they were put into the topic.
ChannelId add_queue(Graph& graph, const ChannelKind& kind, const Channel& topic, const ReaderPlace& place,
                    const std::string& label) {
  Channel queue{.id = ChannelId{static_cast<std::uint32_t>(graph.channels.size())},
                .name = cat(topic.name, '|', label),
                .kind = &kind,
                .mark = graph.at(place.port).mark,
                .anonymous = true};
  queue.capacity = place.history;
  queue.max_message = topic.max_message;
  queue.policies = topic.policies;
  queue.dead_letter = topic.dead_letter;
  queue.framing = topic.framing;
  const bool all = place.history > topic.memory.value / std::max<std::uint64_t>(topic.max_message.value, 1);
  queue.memory = all ? topic.memory : Bytes{place.history * topic.max_message.value};
  graph.channels.push_back(std::move(queue));
  return graph.channels.back().id;
}

void give_queue(Graph& graph, const ChannelKind& queue_kind, PortId id) {
  const ChannelId topic = graph.at(id).channel;
  const std::string label = label_of(graph, graph.at(id));
  const auto place = *std::ranges::find(graph.at(topic).places, id, &ReaderPlace::port);
  const ChannelId queue = add_queue(graph, queue_kind, Channel(graph.at(topic)), place, label);
  const ProcessId copy = add_process(graph, node_of_ours(graph, graph.at(graph.at(id).process),
                                                         cat(kCopy, ':', graph.at(topic).name, ':', label),
                                                         {kCopy, kIn, kOut}, graph.at(id).mark));

  Port in{.process = copy, .channel = topic, .name = kIn, .access = Access::kRead, .mark = graph.at(id).mark};
  in.subscription = std::exchange(graph.at(id).subscription, {});
  add_port(graph, std::move(in));
  add_port(
      graph,
      {.process = copy, .channel = queue, .name = kOut, .access = Access::kWrite, .mark = graph.at(id).mark});

  std::erase(graph.at(topic).readers, id);
  graph.at(id).channel = queue;
  graph.at(queue).readers.push_back(id);
}

}  // namespace

void give_readers_queues(Graph& graph, ChannelKinds kinds) {
  const ChannelKind* queue = find_kind(kinds, "queue");
  for (const PortId id : readers_with_queues(graph)) give_queue(graph, *queue, id);
  for (Channel& channel : graph.channels) {
    if (channel.kind->to_each) channel.dead_letter = {};  // its readers' queues send them
  }
}

}  // namespace procgraph
