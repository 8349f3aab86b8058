// The queue: messages in shared memory, each to exactly one reader. The runner makes the memory and repairs
// it; nodes do the rest.
#include <algorithm>
#include <array>

#include "channels/kinds.h"
#include "channels/native.h"
#include "channels/queue_rules.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

constexpr std::uint64_t kCapacity = 1024;
constexpr Bytes kMemory{16U << 20};
constexpr std::uint64_t kGrowth = 64;  // times the capacity, where nothing is said

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
  channel.policies = spec.policies;
}

Overflow overflow_of(const PolicySpec& policy) {
  constexpr std::array<std::string_view, 5> kWords{"block", "drop_newest", "drop_oldest", "reject", "grow"};
  if (!policy.when_full) return Overflow::kBlock;
  return static_cast<Overflow>(std::ranges::find(kWords, policy.when_full->value) - kWords.begin());
}

QueuePolicy policy_of(const PolicySpec& typed) {
  QueuePolicy policy{.when_full = overflow_of(typed), .max_deliveries = kMaxDeliveries};
  policy.at_most_once = typed.delivery && typed.delivery->value == "at_most_once";
  if (typed.max_deliveries) policy.max_deliveries = static_cast<std::uint32_t>(typed.max_deliveries->value);
  if (typed.expire) policy.expire = typed.expire->value;
  if (typed.lease_timeout) policy.lease_timeout = typed.lease_timeout->value;
  if (typed.retry) {
    policy.retry_first = typed.retry->first;
    policy.retry_most = typed.retry->most;
  }
  return policy;
}

// Address space for what the memory may be raised to; where there is not that much, it stays as it is.
QueueShape with_growth(const Channel& channel, const QueueShape& shape) {
  if (channel.growth.value == 0 || shape.prefault || shape.policy.when_full != Overflow::kBlock) return shape;
  QueueShape larger = shape;
  larger.max_memory = std::max(shape.max_memory, shape.memory) + channel.growth.value;
  return queue_sizes(larger) ? larger : shape;
}

QueueShape shape_of(const Channel& channel) {
  const PolicySpec& typed = channel.policies;
  QueueShape shape{.capacity = channel.capacity,
                   .memory = channel.memory.value,
                   .max_message = channel.max_message.value,
                   .participants = channel.holders + channel.outside.places,
                   .writers = channel.outside.writes ? 0 : channel.writing_holders,  // 0: the runner says
                   .prefault = typed.prefault,
                   .policy = policy_of(typed)};
  if (shape.policy.when_full == Overflow::kGrow) {
    constexpr std::uint64_t kMost = (1U << 24U) - 1;
    shape.max_capacity = typed.max_capacity
                             ? typed.max_capacity->value
                             : std::max(std::min(kGrowth * channel.capacity, kMost / 16), channel.capacity);
    if (typed.max_memory) shape.max_memory = typed.max_memory->value.value;
  }
  if (channel.takes_letters) {
    const Bytes longer{std::max(channel.largest_letter, channel.max_message).value -
                       channel.max_message.value};
    shape.letter_room = longer.value + kLetterRoom;
    shape.memory = std::max(shape.memory, shape.max_message + shape.letter_room);
    shape.max_memory = std::max(shape.max_memory, shape.memory);
    shape.writers = 0;  // the runner is one too, and says when it has done
  }
  return with_growth(channel, shape);
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
  const std::size_t before = diagnostics.errors();
  check_fits(graph, channel, diagnostics);
  check_policy(graph, channel, diagnostics);
  // The rest would only repeat it.
  if (diagnostics.errors() > before || channel.holders > kMaxParticipants) return;
  if (const auto sizes = queue_sizes(shape_of(channel)); !sizes) {
    diagnostics.error(channel.mark, cat(title(graph, channel),
                                        " cannot be made: ", native::reason(sizes.error(), channel)));
  }
}

// The runner moves messages between a queue and that of its dead letters.
bool runner_reads(const Channel& channel) {
  return channel.takes_letters || channel.dead_letter.valid();
}

void plan(const Graph& graph, const Channel& channel, PlanBuilder& builder) {
  const auto sizes = queue_sizes(shape_of(channel));
  if (!sizes) return;  // check() has said so
  native::plan(graph, channel, *sizes, {channel.policies.prefault, runner_reads(channel)}, builder);
}

std::vector<Death> deaths(const Graph& graph, const Channel& channel) {
  const QueuePolicy policy = policy_of(channel.policies);
  std::string held = "what it held is gone";
  if (!policy.at_most_once) {
    held = cat("what it held comes back, to any reader; after ",
               counted(policy.max_deliveries, "delivery", "deliveries"),
               channel.dead_letter.valid() ? cat(" it goes to ", graph.at(channel.dead_letter).name)
                                           : std::string(" it ends the graph"));
  }
  return native::deaths(std::move(held));
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
          .redelivered = now.redelivered,
          .got = now.got,
          .dropped = now.dropped,
          .refused = now.refused,
          .expired = now.expired,
          .dead = now.dead,
          .parked = now.parked,
          .bytes = now.bytes,
          .deepest = now.deepest,
          .blocked = now.blocked};
}

// Moves what can be moved. Without a place for dead letters the first one is the graph's end.
void bury(const LiveChannel& live, const Attention& attention, Needs& needs) {
  for (const DeadMessage& dead : parked(live.control)) {
    const DeadLetter letter{.cause = std::string(dead.cause),
                            .queue = live.channel->name,
                            .process = attention.name_of(dead.participant),
                            .deliveries = dead.deliveries,
                            .sequence = dead.sequence};
    if (const auto& to = attention.dead_letters) {
      const bool moved = move_dead({live.control, live.payload, live.roster},
                                   {to->control, to->payload, to->roster}, letter);
      needs.kept = needs.kept || !moved;
      if (!moved) continue;
    }
    needs.dead.push_back({letter.process, letter.sequence, letter.deliveries, dead.cause});
    if (!attention.dead_letters) return;
  }
}

Needs attend(const LiveChannel& live, const Attention& attention) {
  Leases held = leases(live.control, attention.now, attention.amnesty);
  Needs needs{
      .overdue = std::move(held.overdue), .dead = {}, .look = held.look, .parks = parks(live.control)};
  if (needs.parks != attention.parks || attention.kept) bury(live, attention, needs);
  needs.finished = finished(live.control);
  return needs;
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
    .deaths = deaths,
    .init = init,
    .reap = native::reap,
    .sidestep = native::sidestep,
    .writer_gone = native::writer_gone,
    .end_of_writers = native::end_of_writers,
    .end_of_readers = native::end_of_readers,
    .ended = native::queue_ended,
    .attend = attend,
    .sample = sample_of,
    .has_opened = native::has_opened,
    .poisoned = native::poisoned,
    .sleepers = native::sleepers,
    .capacity_key = "capacity",
    .room =
        [](const LiveChannel& live, Bound bound) {
          const QueueSample now = sample(live.control);
          return native::room(live, bound, bound == Bound::kBytes ? now.bytes : now.waiting);
        },
    .enlarge = native::enlarge,
};

}  // namespace procgraph
