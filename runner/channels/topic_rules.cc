#include "channels/topic_rules.h"

#include <string_view>
#include <utility>

#include "channels/queue_rules.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

void check_message_fits(const Graph& graph, const Channel& channel, Diagnostics& diagnostics) {
  auto& error =
      diagnostics.error(channel.max_message_mark.known() ? channel.max_message_mark : channel.memory_mark,
                        cat("a message of ", format(channel.max_message), " does not fit into ",
                            title(graph, channel), ", whose memory is ", format(channel.memory)),
                        "raise 'memory' ('history' × 'max_message' if left out), or lower 'max_message'");
  if (channel.max_message_mark.known() && channel.memory_mark.known())
    error.notes.push_back({channel.memory_mark, "the memory is set here"});
}

void check_histories(const Graph& graph, const Channel& channel, Diagnostics& diagnostics) {
  for (const PortId id : channel.readers) {
    const auto& own = graph.at(id).subscription.history;
    if (!own || own->value <= channel.capacity) continue;
    auto& error =
        diagnostics.error(own->mark,
                          cat("process ", quoted(graph.at(graph.at(id).process).name), " wants to be up to ",
                              format_count(own->value), " messages behind in ", title(graph, channel),
                              ", which keeps ", format_count(channel.capacity)),
                          cat("raise 'history' of ", quoted(channel.name), ", or lower it here"));
    error.notes.push_back({channel.capacity_mark.known() ? channel.capacity_mark : channel.mark,
                           channel.capacity_mark.known() ? "set here" : "declared here"});
  }
}

void check_replay(const Graph& graph, const Channel& channel, Diagnostics& diagnostics) {
  const OutsideEnd& outside = channel.outside;
  if (!outside.replay_mark.known()) return;
  if (!outside.reads) {
    auto& error = diagnostics.error(
        outside.replay_mark,
        cat("'replay' is for readers from outside, to which ", title(graph, channel), " is not open"),
        "write 'external: read' or 'both' beside it, or leave it out");
    if (outside.mark.known()) error.notes.push_back({outside.mark, "open to writers only here"});
    return;
  }
  if (outside.replay <= channel.capacity) return;
  auto& error = diagnostics.error(
      outside.replay_mark,
      cat("readers from outside want the last ", format_count(outside.replay), " messages of ",
          title(graph, channel), ", which keeps ", format_count(channel.capacity)),
      cat("raise 'history' of ", quoted(channel.name), ", or lower 'replay'"));
  if (channel.capacity_mark.known()) error.notes.push_back({channel.capacity_mark, "set here"});
}

// The key for which its readers have queues of their own.
std::pair<std::string_view, Mark> key_of_queues(const PolicySpec& policies) {
  if (policies.dead_letter) return {"dead_letter", policies.dead_letter->mark};
  if (policies.max_deliveries) return {"max_deliveries", policies.max_deliveries->mark};
  return {"lease_timeout", policies.lease_timeout->mark};
}

void check_queues(const Graph& graph, const Channel& channel, Diagnostics& diagnostics) {
  if (!channel.gives_queues()) return;
  const auto [key, mark] = key_of_queues(channel.policies);
  if (channel.readers.empty() && !graph.incomplete) {
    diagnostics.error(
        mark,
        cat(quoted(key), " of ", title(graph, channel), " is for readers of this graph, and it has none"),
        "no reader from outside holds a topic up: leave it out");
  }
  for (const PortId id : channel.readers) {
    const Port& port = graph.at(id);
    if (!port.subscription.is_broadcast() || graph.at(port.process).replicas == 1) continue;
    auto& error = diagnostics.error(
        port.subscription.broadcast->mark,
        cat("every replica of ", quoted(graph.at(port.process).name), " would need a queue of its own, for ",
            title(graph, channel), " has ", quoted(key)),
        "let the replicas share the messages, or write as many processes");
    error.notes.push_back({mark, "set here"});
  }
}

}  // namespace

void check_topic(const Graph& graph, const Channel& channel, Diagnostics& diagnostics) {
  if (channel.max_message > channel.memory) check_message_fits(graph, channel, diagnostics);
  check_histories(graph, channel, diagnostics);
  check_replay(graph, channel, diagnostics);
  nothing_comes_back_at_most_once(graph, channel, diagnostics);
  check_queues(graph, channel, diagnostics);
}

}  // namespace procgraph
