// A process of nodes whose results are to leave in the order of its input: an `order` of ours stands at both
// of its ends. It reads the process's queue, hands each message to the copies through a queue of theirs, gets
// what they answer through another one, and puts that in order. What fails too often comes back to it, and is
// rejected in its turn.
#include <algorithm>
#include <string>
#include <utility>

#include "graph/draft.h"
#include "graph/rewrite.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

constexpr const char* kOrder = "order";

PortId port_of_messages(const Graph& graph, const Process& process, Access access) {
  for (const PortId id : process.ports) {
    const ChannelKind& kind = *graph.at(graph.at(id).channel).kind;
    if (graph.at(id).access == access && kind.flows && !kind.bytes) return id;
  }
  return {};
}

ChannelId add_queue(Graph& graph, const ChannelKind& kind, std::string name, const Channel& like, Mark mark) {
  Channel queue{.id = ChannelId{static_cast<std::uint32_t>(graph.channels.size())},
                .name = std::move(name),
                .kind = &kind,
                .mark = mark,
                .anonymous = true};
  queue.capacity = like.capacity;
  queue.max_message = like.max_message;
  queue.memory = like.memory;
  graph.channels.push_back(std::move(queue));
  return graph.channels.back().id;
}

// From its channel to that one.
void move(Graph& graph, PortId id, ChannelId to) {
  const bool reads = graph.at(id).access == Access::kRead;
  Channel& from = graph.at(graph.at(id).channel);
  std::erase(reads ? from.readers : from.writers, id);
  graph.at(id).channel = to;
  graph.at(id).ordered = true;
  (reads ? graph.at(to).readers : graph.at(to).writers).push_back(id);
}

void give_port(Graph& graph, ProcessId order, ChannelId channel, const char* name, Access access, Mark mark) {
  add_port(graph, {.process = order, .channel = channel, .name = name, .access = access, .mark = mark});
}

// How the queue has its messages tried, and for how long one is held, is said of the copies' queue now: the
// order holds them all. A message that may be delivered once may be tried once.
void move_policies(Channel& from, Channel& to) {
  const bool once = from.policies.delivery && from.policies.delivery->value == "at_most_once";
  to.policies.max_deliveries = from.policies.max_deliveries;
  if (once) to.policies.max_deliveries = {1, from.policies.delivery->mark};
  to.policies.lease_timeout = std::exchange(from.policies.lease_timeout, {});
}

void put_order(Graph& graph, const ChannelKind& queue, ProcessId id) {
  const Process process = graph.at(id);
  const Mark mark = process.ordered->mark;
  const PortId in = port_of_messages(graph, process, Access::kRead);
  const PortId out = port_of_messages(graph, process, Access::kWrite);
  const ChannelId source = graph.at(in).channel, target = graph.at(out).channel;

  const ProcessId order =
      add_process(graph, node_of_ours(graph, process, cat(kOrder, ':', process.name),
                                      {kOrder, std::to_string(process.ordered->window)}, mark));
  const std::string& name = graph.at(order).name;
  const ChannelId work =
      add_queue(graph, queue, cat(name, '|', process.name), Channel(graph.at(source)), mark);
  const ChannelId answers =
      add_queue(graph, queue, cat(process.name, '|', name), Channel(graph.at(target)), mark);
  const ChannelId failed =
      add_queue(graph, queue, cat(process.name, "|failed"), Channel(graph.at(source)), mark);
  move_policies(graph.at(source), graph.at(work));
  graph.at(work).dead_letter = failed;

  move(graph, in, work);
  move(graph, out, answers);
  give_port(graph, order, source, "in", Access::kRead, graph.at(in).mark);
  give_port(graph, order, work, "work", Access::kWrite, mark);
  give_port(graph, order, answers, "answers", Access::kRead, mark);
  give_port(graph, order, failed, "failed", Access::kRead, mark);
  give_port(graph, order, target, "out", Access::kWrite, graph.at(out).mark);
}

}  // namespace

void put_answers_in_order(Graph& graph, ChannelKinds kinds) {
  const ChannelKind* queue = find_kind(kinds, "queue");
  const auto declared = static_cast<std::uint32_t>(graph.processes.size());
  for (ProcessId id{0}; id.value < declared; ++id.value) {
    if (graph.at(id).ordered && !graph.at(id).per) put_order(graph, *queue, id);
  }
}

}  // namespace procgraph
