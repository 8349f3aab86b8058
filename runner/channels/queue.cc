// The queue: messages in shared memory, each to exactly one reader. The runner makes the memory and repairs
// it; nodes do the rest.
#include "channels/kinds.h"
#include "graph/wording.h"
#include "plan/builder.h"
#include "procgraph/admin.h"

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
  const ObjectId control = builder.object(channel.id, "control", MemoryObject{Bytes{sizes->control}, true});
  const ObjectId payload = builder.object(channel.id, "payload", MemoryObject{Bytes{sizes->payload}, false});
  for (const auto* ports : {&channel.writers, &channel.readers}) {
    for (const PortId port : *ports) {
      builder.participant(port);
      builder.give(port, "control", control, End::kReadWrite);
      builder.give(port, "payload", payload,
                   graph.at(port).access == Access::kRead ? End::kReadOnly : End::kReadWrite);
    }
  }
}

// The roster is the graph's; whichever native channel is made first gives it its header, the others write the
// same again.
Result<void> init(const LiveChannel& live) {
  if (auto made = init_roster(live.roster); !made) return made;
  if (auto made = init_queue(live.control, shape_of(*live.channel)); !made) return made;
  if (live.channel->ended_from_start) end_of_writers(live.control, live.roster);
  return {};
}

ChannelSample sample_of(const LiveChannel& live) {
  const QueueSample now = sample(live.control);
  return {.waiting = now.waiting,
          .leased = now.leased,
          .put = now.put,
          .acknowledged = now.acknowledged,
          .redelivered = now.redelivered};
}

// Of a port beyond those that the roster has room for nothing is known.
bool has_opened(const LiveChannel& live, std::uint16_t participant, std::size_t port) {
  return port >= 64 || (opened_ports(live.roster, participant) >> port & 1U) != 0;
}

std::optional<Poisoning> poisoning_of(const LiveChannel& live) {
  const auto found = poisoned(live.control);
  if (!found) return {};
  return Poisoning{.finder = found->finder, .reason = found->reason};
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
    .reap = [](const LiveChannel& live,
               std::uint16_t participant) { reap(live.control, live.roster, participant); },
    .sidestep = [](const LiveChannel& live,
                   std::uint16_t participant) { sidestep(live.control, live.roster, participant); },
    .writer_gone = [](const LiveChannel& live,
                      std::uint16_t participant) { writer_gone(live.control, live.roster, participant); },
    .end_of_writers = [](const LiveChannel& live) { end_of_writers(live.control, live.roster); },
    .end_of_readers = [](const LiveChannel& live) { end_of_readers(live.control, live.roster); },
    .sample = sample_of,
    .has_opened = has_opened,
    .poisoned = poisoning_of,
};

}  // namespace procgraph
