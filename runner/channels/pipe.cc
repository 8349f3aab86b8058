// The pipe: a byte stream of the kernel's own, from one process to another. A duplex one is a pair of
// sockets, one for each side.
#include "channels/kinds.h"
#include "graph/wording.h"
#include "plan/builder.h"

namespace procgraph {
namespace {

void fill(const ChannelSpec& spec, Channel& channel) {
  if (spec.capacity) {
    channel.capacity = spec.capacity->value;
    channel.capacity_mark = spec.capacity->mark;
  }
  channel.duplex = spec.duplex && spec.duplex->value;
}

void check(const Graph& graph, const Channel& channel, const World& world, Diagnostics& diagnostics) {
  if (!channel.capacity_mark.known()) return;
  const Bytes most = world.machine.pipe_max;
  if (channel.duplex) {
    diagnostics.error(channel.capacity_mark, cat("'capacity' of a duplex pipe is not supported yet"));
  } else if (channel.capacity > most.value) {
    diagnostics.error(channel.capacity_mark,
                      cat(title(graph, channel), " has a capacity of ", format(Bytes{channel.capacity}),
                          "; this machine allows ", format(most)),
                      "the limit is in /proc/sys/fs/pipe-max-size");
  }
}

void plan_for_replicas(const Graph& graph, const Channel& channel, PlanBuilder& builder) {
  const std::uint32_t replicas = graph.at(graph.at(channel.writers.front()).process).replicas;
  ObjectId first;
  for (std::uint32_t i = 0; i < replicas; ++i) {
    const ObjectId pipe = builder.object(channel.id, std::to_string(i), PipeObject{Bytes{channel.capacity}});
    if (i == 0) first = pipe;
  }
  for (const PortId port : channel.writers) builder.give_each(port, "fd", first, End::kWrite);
  for (const PortId port : channel.readers) builder.give_each(port, "fd", first, End::kRead);
}

void plan(const Graph& graph, const Channel& channel, PlanBuilder& builder) {
  if (channel.per_replica) return plan_for_replicas(graph, channel, builder);
  if (!channel.duplex) {
    const ObjectId pipe = builder.object(channel.id, "", PipeObject{Bytes{channel.capacity}});
    for (const PortId port : channel.writers) builder.give(port, "fd", pipe, End::kWrite);
    for (const PortId port : channel.readers) builder.give(port, "fd", pipe, End::kRead);
    return;
  }
  const ObjectId pair = builder.object(channel.id, "", SocketPairObject{});
  End end = End::kA;
  for (const PortId port : channel.readers) {
    if (graph.at(port).access == Access::kBoth) builder.give(port, "fd", pair, std::exchange(end, End::kB));
  }
}

std::vector<Death> deaths(const Graph& graph, const Channel& channel) {
  if (channel.duplex)
    return {{"either side", any_may_return(graph, channel.writers)
                                ? "one that may have another life goes on there, with what nobody has read"
                                : "the other one reads what is there, and then the end"},
            {"runner", "what is in it is gone"}};
  return {{"reader", any_may_return(graph, channel.readers)
                         ? "its next life reads on, from what nobody has read"
                         : "what nobody has read is gone, the writer gets SIGPIPE"},
          {"writer", any_may_return(graph, channel.writers) ? "its next life writes on behind what is there"
                                                            : "what is there is read, then the data ends"},
          {"runner", "what is in it is gone"}};
}

}  // namespace

const ChannelKind kPipeKind{
    .name = "pipe",
    .key = "pipes",
    .summary =
        "bytes from one process to another, through the kernel's own pipe; with 'duplex: true' both ways, "
        "through a pair of sockets",
    .survives =
        "a restart at either end, with the bytes that nobody has read; not the end of its reader for good",
    .bytes = true,
    .max_writers = 1,
    .max_readers = 1,
    .fill = fill,
    .check = check,
    .plan = plan,
    .deaths = deaths,
};

}  // namespace procgraph
