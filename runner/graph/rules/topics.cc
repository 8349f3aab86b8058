// Topics: what a reader may say for itself, and readers for whom writers wait although they come late.
#include <algorithm>

#include "graph/channel_kind.h"
#include "graph/digraph.h"
#include "graph/rules.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

void only_for_readers_of_topics(const Graph& graph, const Port& port, std::string_view key, Mark mark,
                                Diagnostics& diagnostics) {
  const Channel& channel = graph.at(port.channel);
  const bool reads = port.access != Access::kWrite;
  std::string hint;
  if (channel.kind->to_each) {
    hint = cat("give it to the processes that read ", quoted(channel.name), ", or to the topic itself");
  } else if (key == "broadcast" && reads) {
    hint = cat("make ", quoted(channel.name), " a topic: then every replica can get every message");
  }
  auto& error = diagnostics.error(
      mark,
      cat(quoted(key), " is for a port that reads a topic; process ", quoted(graph.at(port.process).name),
          reads ? " reads " : " writes ", title(graph, channel)),
      std::move(hint));
  error.notes.push_back({channel.mark, "declared here"});
}

bool is_written_by(const Graph& graph, const Channel& channel, ProcessId process) {
  return std::ranges::any_of(channel.writers, [&](PortId id) { return graph.at(id).process == process; });
}

struct Late {
  const Channel* channel;
  const ReaderPlace* place;
  const After* after;
};

void report(const Graph& graph, const Late& late, bool writer, Diagnostics& diagnostics) {
  const Process& reader = graph.at(graph.at(late.place->port).process);
  const std::string topic = title(graph, *late.channel);
  const std::string before = quoted(graph.at(late.after->process).name);
  auto& warning = diagnostics.warning(
      late.after->mark,
      cat("process ", quoted(reader.name), " reads ", topic, ", but starts only when ", before,
          writer ? ", which writes it, has ended: with more than "
                 : ", which gets what passes through it, has ended: with more than ",
          counted(late.place->history, "message", "messages"), writer ? " both" : " all", " wait for ever"),
      cat("start it earlier, let it read with 'when_full: drop_oldest', or raise 'history' of ",
          quoted(late.channel->name)));
  warning.notes.push_back({late.channel->mark, "declared here"});
}

// Readers for whom writers wait, and that wait for the end of another process.
std::vector<Late> late_readers(const Graph& graph) {
  std::vector<Late> late;
  for (const Channel& channel : graph.channels) {
    for (const ReaderPlace& place : channel.places) {
      if (place.policy != ReaderPolicy::kBlock || place.replica != 0) continue;
      for (const After& after : graph.at(graph.at(place.port).process).after) {
        if (after.condition >= Condition::kFinished) late.push_back({&channel, &place, &after});
      }
    }
  }
  return late;
}

}  // namespace

void only_readers_of_topics_have_policies(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Port& port : graph.ports) {
    const auto& [when_full, history, broadcast] = port.subscription;
    if (graph.at(port.channel).kind->to_each && port.access == Access::kRead) {
      if (!history || !when_full || when_full->value != ReaderPolicy::kLatest) continue;
      diagnostics
          .error(history->mark, "'history' means nothing beside 'when_full: latest', which keeps one message",
                 "for the newest few write 'when_full: drop_oldest'")
          .notes.push_back({when_full->mark, "set here"});
      continue;
    }
    if (when_full) only_for_readers_of_topics(graph, port, "when_full", when_full->mark, diagnostics);
    if (history) only_for_readers_of_topics(graph, port, "history", history->mark, diagnostics);
    if (broadcast) only_for_readers_of_topics(graph, port, "broadcast", broadcast->mark, diagnostics);
  }
}

void topics_do_not_wait_for_readers_that_wait_for_them(const Graph& graph, const World&,
                                                       Diagnostics& diagnostics) {
  const std::vector<Late> late = late_readers(graph);
  if (late.empty()) return;
  const Digraph flow = data_flow(graph, Duplex::kLeftOut);
  const Components parts = components(flow);
  std::vector<Edge> queries;
  for (const Late& one : late) {
    queries.emplace_back(parts.of[graph.processes.size() + one.channel->id.value],
                         parts.of[one.after->process.value]);
  }
  const std::vector<bool> reached = reaches(condense(flow, parts), queries);
  for (std::size_t i = 0; i < late.size(); ++i) {
    const bool writer = is_written_by(graph, *late[i].channel, late[i].after->process);
    if (writer || reached[i]) report(graph, late[i], writer, diagnostics);
  }
}

}  // namespace procgraph
