// Rewrites: what the file says in short is written out in a graph, as nodes of ours and the channels between
// them. The plan shows them; whatever comes after knows nothing of them.
#pragma once

#include "config/spec.h"
#include "graph/channel_kind.h"
#include "graph/graph.h"

namespace procgraph {

// Of a graph that was checked and selected.
[[nodiscard]] Graph rewrite(Graph graph, const Spec& spec, ChannelKinds kinds);

// The rewrites, one each; a new one is a function here and a row in rewrite.cc.
// rewrites/copies.cc: readers of a topic that take from a queue of their own.
void give_readers_queues(Graph& graph, ChannelKinds kinds);
// rewrites/orders.cc: processes of nodes whose results leave in the order of their input.
void put_answers_in_order(Graph& graph, ChannelKinds kinds);
// rewrites/pools.cc: processes that run once per message.
void run_pools(Graph& graph, ChannelKinds kinds);
// rewrites/relays.cc: programs that read or write bytes at a queue or a topic.
void give_streams_relays(Graph& graph, ChannelKinds kinds);

}  // namespace procgraph
