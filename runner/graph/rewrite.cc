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

Graph rewrite(Graph graph, const Spec& spec, ChannelKinds kinds) {
  for (const Rewrite one : kRewrites) one(graph, kinds);
  derive(graph, spec);
  return graph;
}

}  // namespace procgraph
