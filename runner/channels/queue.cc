// The queue: messages in shared memory, each to exactly one reader. The runner makes the memory and repairs
// it; nodes do the rest.
#include "channels/kinds.h"
#include "channels/native.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

constexpr std::uint64_t kCapacity = 1024;
constexpr Bytes kMemory{16U << 20};

void fill(const ChannelSpec& spec, Channel& channel) {
  channel.capacity = kCapacity;
  channel.memory = kMemory;
  if (spec.capacity) {
    channel.capacity = spec.capacity->value;
    channel.capacity_mark = spec.capacity->mark;
  }
  if (spec.memory) {
    channel.memory = spec.memory->value;
    channel.memory_mark = spec.memory->mark;
  }
  channel.max_message = Bytes{channel.memory.value / 4};
  if (spec.max_message) {
    channel.max_message = spec.max_message->value;
    channel.max_message_mark = spec.max_message->mark;
  }
}

QueueShape shape_of(const Channel& channel) {
  return {.capacity = channel.capacity,
          .memory = channel.memory.value,
          .max_message = channel.max_message.value,
          .participants = channel.holders,
          .writers = channel.writing_holders};
}

void check_fits(const Graph& graph, const Channel& channel, Diagnostics& diagnostics) {
  if (channel.max_message <= channel.memory) return;
  auto& error =
      diagnostics.error(channel.max_message_mark,
                        cat("a message of ", format(channel.max_message), " does not fit into ",
                            title(graph, channel), ", whose memory is ", format(channel.memory)),
                        "raise 'memory', or lower 'max_message' (a quarter of 'memory' if left out)");
  if (channel.memory_mark.known()) error.notes.push_back({channel.memory_mark, "the memory is set here"});
}

void check(const Graph& graph, const Channel& channel, const World&, Diagnostics& diagnostics) {
  check_fits(graph, channel, diagnostics);
  if (channel.max_message > channel.memory || channel.holders > kMaxParticipants) return;  // said already
  if (const auto sizes = queue_sizes(shape_of(channel)); !sizes) {
    diagnostics.error(channel.mark, cat(title(graph, channel), " cannot be made: ", sizes.error().text()));
  }
}

void plan(const Graph& graph, const Channel& channel, PlanBuilder& builder) {
  const auto sizes = queue_sizes(shape_of(channel));
  if (!sizes) return;  // check() has said so
  native::plan(graph, channel, *sizes, builder);
}

Result<void> init(const LiveChannel& live) {
  if (auto made = init_queue(live.control, shape_of(*live.channel)); !made) return made;
  return native::finish(live);
}

ChannelSample sample_of(const LiveChannel& live) {
  const QueueSample now = sample(live.control);
  return {.waiting = now.waiting,
          .leased = now.leased,
          .put = now.put,
          .acknowledged = now.acknowledged,
          .redelivered = now.redelivered};
}

}  // namespace

const ChannelKind kQueueKind{
    .name = "queue",
    .key = "queues",
    .summary = "messages in shared memory; many writers, many readers, each message to exactly one of them",
    .survives =
        "the death of a reader (its messages come back) and of a writer; not that of the runner or the "
        "machine",
    .fill = fill,
    .check = check,
    .plan = plan,
    .init = init,
    .reap = native::reap,
    .sidestep = native::sidestep,
    .writer_gone = native::writer_gone,
    .end_of_writers = native::end_of_writers,
    .end_of_readers = native::end_of_readers,
    .sample = sample_of,
    .has_opened = native::has_opened,
    .poisoned = native::poisoned,
};

}  // namespace procgraph
