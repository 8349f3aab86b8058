// Framings: only where messages become bytes, and only such as the channel's messages have room for.
#include <algorithm>
#include <vector>

#include "graph/channel_kind.h"
#include "graph/rules.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

void refuse(const Graph& graph, const Port& port, Diagnostics& diagnostics) {
  const Channel& channel = graph.at(port.channel);
  const bool messages = channel.kind->native() && channel.kind->flows;
  auto& error = diagnostics.error(
      port.framing->mark,
      cat("a framing for port ", quoted(port.name), " of process ", quoted(graph.at(port.process).name),
          messages ? ", which has no stream" : cat(": ", title(graph, channel), " carries no messages")),
      messages ? "leave it out: a program that uses the SDK gets whole messages; a plain one wants 'stdin', "
                 "'stdout', or 'fd: N' beside it"
      : channel.kind->bytes ? "leave it out: the bytes arrive as they are; or make it a queue"
                            : "leave it out");
  if (!messages) error.notes.push_back({channel.mark, "declared here"});
}

void check_size(const Graph& graph, const Channel& channel, const FramingSpec& framing,
                Diagnostics& diagnostics) {
  if (framing.size <= channel.max_message) return;
  auto& error = diagnostics.error(
      framing.mark,
      cat(framing.word == "record" ? "records of " : "chunks of ", format(framing.size), " do not fit into ",
          title(graph, channel), ", whose max_message is ", format(channel.max_message)),
      "raise 'max_message', or make them smaller");
  error.notes.push_back(
      {channel.max_message_mark.known() ? channel.max_message_mark : channel.mark, "set here"});
}

// Who skips messages of a stream that is cut anywhere gets a stream with holes.
void check_losses(const Graph& graph, const Port& port, const FramingSpec& framing,
                  Diagnostics& diagnostics) {
  const Channel& channel = graph.at(port.channel);
  if (!channel.kind->to_each || port.access != Access::kRead || framing.word != "chunks") return;
  const ReaderPolicy policy =
      port.subscription.when_full ? port.subscription.when_full->value : channel.policy;
  if (policy == ReaderPolicy::kBlock) return;
  diagnostics.warning(
      port.mark,
      cat("process ", quoted(graph.at(port.process).name), " may miss chunks of ", title(graph, channel),
          " (when_full: ", name(policy), "), and then gets bytes that do not belong together"),
      "write 'when_full: block', or a framing that keeps messages apart");
}

}  // namespace

void framings_are_for_plain_programs(const Graph& graph, const World&, Diagnostics& diagnostics) {
  std::vector<bool> used(graph.channels.size(), false);
  for (const Port& port : graph.ports) {
    const bool relayed = needs_relay(graph, port);
    if (port.framing && !relayed) refuse(graph, port, diagnostics);
    if (relayed) used[port.channel.value] = true;
  }
  for (const Channel& channel : graph.channels) {
    if (!channel.framing || used[channel.id.value] || graph.incomplete) continue;
    diagnostics.warning(
        channel.framing->mark,
        cat("nobody reads or writes ", title(graph, channel), " as bytes, so that its framing says nothing"),
        "leave it out; it is for 'stdin', 'stdout', 'stderr' and ports with 'fd: N'");
  }
}

void framings_fit_their_channels(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Channel& channel : graph.channels) {
    if (channel.framing) check_size(graph, channel, *channel.framing, diagnostics);
  }
  for (const Port& port : graph.ports) {
    if (!needs_relay(graph, port)) continue;
    if (port.framing) check_size(graph, graph.at(port.channel), *port.framing, diagnostics);
    if (const FramingSpec* framing = framing_of(graph, port))
      check_losses(graph, port, *framing, diagnostics);
  }
}

void plain_programs_find_room(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Port& port : graph.ports) {
    const Process& process = graph.at(port.process);
    const Channel& channel = graph.at(port.channel);
    const auto& when_full = channel.policies.when_full;
    const bool rejects = when_full && when_full->value == "reject";
    if (port.access != Access::kWrite || !rejects || process.per || !needs_relay(graph, port)) continue;
    diagnostics
        .warning(port.mark,
                 cat("process ", quoted(process.name), " is a plain program at ", title(graph, channel),
                     ", which rejects what finds no room: the first that does ends it"),
                 "let it wait ('when_full: block'), or go on without ('drop_newest')")
        .notes.push_back({when_full->mark, "said here"});
  }
}

}  // namespace procgraph
