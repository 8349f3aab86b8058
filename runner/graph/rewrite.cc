#include "graph/rewrite.h"

#include <utility>

#include "graph/draft.h"

namespace procgraph {
namespace {

using Rewrite = void (*)(Graph&, ChannelKinds);

constexpr Rewrite kRewrites[] = {
    give_readers_queues,
    put_answers_in_order,  // some of them out of such a queue
    run_pools,
    give_streams_relays,  // some of them at those queues
};

}  // namespace

Process node_of_ours(const Graph& graph, const Process& whole, std::string name,
                     const std::vector<std::string>& words, Mark mark) {
  Process node{.name = std::move(name), .mark = mark, .builtin = true};
  for (const std::string& word : words) node.command.words.push_back({word, mark});
  node.command.mark = node.cwd_mark = mark;
  node.command.folder = node.cwd = graph.folder;
  node.streams[0].kind = StreamKind::kNone;
  node.service = whole.service;
  node.on_failure = whole.on_failure;
  node.grace = whole.grace;
  return node;
}

ProcessId add_process(Graph& graph, Process process) {
  process.id = ProcessId{static_cast<std::uint32_t>(graph.processes.size())};
  graph.processes.push_back(std::move(process));
  return graph.processes.back().id;
}

Graph rewrite(Graph graph, const Spec& spec, ChannelKinds kinds) {
  for (const Rewrite one : kRewrites) one(graph, kinds);
  derive(graph, spec);
  return graph;
}

}  // namespace procgraph
