// The topic: messages in shared memory, each to every reader. The runner makes the memory and repairs it;
// nodes do the rest.
#include <algorithm>
#include <span>

#include "channels/kinds.h"
#include "channels/native.h"
#include "channels/topic_rules.h"
#include "graph/wording.h"
#include "plan/builder.h"

namespace procgraph {
namespace {

constexpr std::uint64_t kHistory = 64;
constexpr Bytes kMaxMessage{256U << 10};

Bytes product(std::uint64_t count, Bytes size) {
  return Bytes{size.value != 0 && count > ~std::uint64_t{0} / size.value ? ~std::uint64_t{0}
                                                                         : count * size.value};
}

void fill(const ChannelSpec& spec, Channel& channel) {
  channel.capacity = kHistory;
  channel.max_message = kMaxMessage;
  if (spec.history) {
    channel.capacity = spec.history->value;
    channel.capacity_mark = spec.history->mark;
  }
  if (spec.max_message) {
    channel.max_message = spec.max_message->value;
    channel.max_message_mark = spec.max_message->mark;
  }
  channel.memory = product(channel.capacity, channel.max_message);
  if (spec.memory) {
    channel.memory = spec.memory->value;
    channel.memory_mark = spec.memory->mark;
  }
  if (spec.when_full) channel.policy = spec.when_full->value;
  channel.policies = spec.policies;
}

// What all its readers have in common.
TopicReader reader_of(const Channel& channel) {
  const PolicySpec& typed = channel.policies;
  TopicReader reader{.at_most_once = typed.delivery && typed.delivery->value == "at_most_once"};
  if (typed.expire) reader.expire = typed.expire->value;
  return reader;
}

// Address space for what history and memory may be raised to; where there is not that much, they stay as they
// are. Writers wait only for readers that block.
TopicShape with_growth(const Channel& channel, const TopicShape& shape) {
  constexpr std::uint64_t kTimes = 64, kPlaces = 8192;
  const bool waits = std::ranges::any_of(shape.readers, &TopicReader::gates);
  if (channel.growth.value == 0 || !waits) return shape;
  TopicShape larger = shape;
  larger.max_history = std::max(shape.history, std::min(kTimes * std::min(shape.history, kPlaces), kPlaces));
  larger.max_memory = shape.memory + channel.growth.value;
  return topic_sizes(larger) ? larger : shape;
}

TopicShape shape_of(const Channel& channel) {
  TopicShape shape{.history = channel.capacity,
                   .memory = channel.memory.value,
                   .max_message = channel.max_message.value,
                   .participants = channel.holders + channel.outside.places,
                   .writers = channel.outside.writes ? 0 : channel.writing_holders};  // 0: the runner says
  TopicReader reader = reader_of(channel);
  for (const ReaderPlace& place : channel.places) {
    reader.gates = place.policy == ReaderPolicy::kBlock;
    reader.history = place.history;
    shape.readers.push_back(reader);
  }
  if (channel.outside.reads) {
    reader.gates = false;
    reader.history = 0;
    reader.outside = true;
    shape.readers.resize(shape.readers.size() + channel.outside.places, reader);
  }
  return with_growth(channel, shape);
}

void check(const Graph& graph, const Channel& channel, const World&, Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.errors();
  check_topic(graph, channel, diagnostics);
  // The rest would only repeat it.
  if (diagnostics.errors() > before || channel.holders > kMaxParticipants) return;
  if (const auto sizes = topic_sizes(shape_of(channel)); !sizes) {
    diagnostics.error(channel.mark,
                      cat(title(graph, channel), " cannot be made: ", native::reason(sizes.error(), channel)),
                      "lower its 'history', 'max_message' or 'memory'");
  }
}

void plan(const Graph& graph, const Channel& channel, PlanBuilder& builder) {
  const auto sizes = topic_sizes(shape_of(channel));
  if (!sizes) return;  // check() has said so
  native::plan(graph, channel, *sizes, {}, builder);
  for (std::uint32_t i = 0; i < channel.places.size(); ++i) {
    if (channel.places[i].replica == 0) builder.tell(channel.places[i].port, "reader", i);
  }
}

Result<void> init(const LiveChannel& live) {
  if (auto made = init_topic(live.control, shape_of(*live.channel)); !made) return made;
  return native::finish(live);
}

std::uint32_t place_outside(const LiveChannel& live, std::uint32_t outsider) {
  return static_cast<std::uint32_t>(live.channel->places.size()) + outsider;
}

std::uint32_t open(const LiveChannel& live, std::uint32_t outsider, std::uint16_t participant) {
  const std::uint32_t place = place_outside(live, outsider);
  // Refused only where somebody has overwritten it: whoever comes finds that too.
  static_cast<void>(open_place(live.control, place, participant, live.channel->outside.replay));
  return place;
}

void empty(const LiveChannel& live, std::uint32_t outsider) {
  empty_place(live.control, live.roster, place_outside(live, outsider));
}

std::vector<Death> deaths(const Graph& graph, const Channel& channel) {
  const bool once = channel.policies.delivery && channel.policies.delivery->value == "at_most_once";
  if (!any_may_return(graph, channel.readers))
    return native::deaths("it holds nothing up, and the others miss nothing");
  return native::deaths(once ? "its next life goes on behind what it held"
                             : "its next life goes on at the first message that it had not acknowledged");
}

// Of all readers of the graph together.
ChannelSample sample_of(const LiveChannel& live) {
  const TopicSample now = sample_topic(live.control);
  ChannelSample sum{.put = now.put, .bytes = now.bytes};
  const std::size_t ours = std::min(now.readers.size(), live.channel->places.size());
  for (const TopicReaderSample& reader : std::span(now.readers).first(ours)) {
    sum.waiting += reader.waiting;
    sum.leased += reader.leased;
    sum.acknowledged += reader.acknowledged;
    sum.redelivered += reader.redelivered;
    sum.missed += reader.missed;
    sum.expired += reader.expired;
    sum.got += reader.acknowledged + reader.leased + reader.redelivered;
  }
  return sum;
}

// As far behind as the last of those is for whom writers wait.
std::uint64_t longest_behind(const LiveChannel& live, const TopicSample& now) {
  std::uint64_t behind = 0;
  const std::size_t ours = std::min(now.readers.size(), live.channel->places.size());
  for (std::size_t i = 0; i < ours; ++i) {
    const TopicReaderSample& reader = now.readers[i];
    if (live.channel->places[i].policy == ReaderPolicy::kBlock && !reader.gone)
      behind = std::max(behind, reader.waiting + reader.leased);
  }
  return behind;
}

}  // namespace

const ChannelKind kTopicKind{
    .name = "topic",
    .key = "topics",
    .summary =
        "messages in shared memory; many writers, many readers, each message to every reading process (its "
        "replicas share what it gets, unless its port says 'broadcast: true')",
    .survives =
        "the death of a reader (it goes on at its first unacknowledged message) and of a writer; not that of "
        "the runner or the machine",
    .to_each = true,
    .fill = fill,
    .check = check,
    .plan = plan,
    .deaths = deaths,
    .init = init,
    .reap = native::reap,
    .sidestep = native::sidestep,
    .writer_gone = native::writer_gone,
    .reader_gone = [](const LiveChannel& live,
                      std::uint32_t place) { reader_gone(live.control, live.roster, place); },
    .open_place = open,
    .empty_place = empty,
    .end_of_writers = native::end_of_writers,
    .end_of_readers = native::end_of_readers,
    .ended = native::topic_ended,
    .sample = sample_of,
    .has_opened = native::has_opened,
    .poisoned = native::poisoned,
    .sleepers = native::sleepers,
    .behind = [](const LiveChannel& live) { return readers_behind(live.control); },
    .capacity_key = "history",
    .room =
        [](const LiveChannel& live, Bound bound) {
          const TopicSample now = sample_topic(live.control);
          return native::room(live, bound, bound == Bound::kBytes ? now.bytes : longest_behind(live, now));
        },
    .enlarge = native::enlarge,
};

}  // namespace procgraph
