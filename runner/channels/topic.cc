// The topic: messages in shared memory, each to every reader. The runner makes the memory and repairs it;
// nodes do the rest.
#include <algorithm>
#include <span>

#include "channels/kinds.h"
#include "channels/native.h"
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
}

TopicShape shape_of(const Channel& channel) {
  TopicShape shape{.history = channel.capacity,
                   .memory = channel.memory.value,
                   .max_message = channel.max_message.value,
                   .participants = channel.holders + channel.outside.places,
                   .writers = channel.outside.writes ? 0 : channel.writing_holders};  // 0: the runner says
  for (const ReaderPlace& place : channel.places)
    shape.readers.push_back({.gates = place.policy == ReaderPolicy::kBlock, .history = place.history});
  if (channel.outside.reads)
    shape.readers.resize(shape.readers.size() + channel.outside.places, {.gates = false, .outside = true});
  return shape;
}

void check_message_fits(const Graph& graph, const Channel& channel, Diagnostics& diagnostics) {
  auto& error =
      diagnostics.error(channel.max_message_mark.known() ? channel.max_message_mark : channel.memory_mark,
                        cat("a message of ", format(channel.max_message), " does not fit into ",
                            title(graph, channel), ", whose memory is ", format(channel.memory)),
                        "raise 'memory' ('history' × 'max_message' if left out), or lower 'max_message'");
  if (channel.max_message_mark.known() && channel.memory_mark.known())
    error.notes.push_back({channel.memory_mark, "the memory is set here"});
}

// True if a reader wants more history than there is.
bool check_histories(const Graph& graph, const Channel& channel, Diagnostics& diagnostics) {
  bool wrong = false;
  for (const PortId id : channel.readers) {
    const auto& own = graph.at(id).subscription.history;
    if (!own || own->value <= channel.capacity) continue;
    wrong = true;
    auto& error =
        diagnostics.error(own->mark,
                          cat("process ", quoted(graph.at(graph.at(id).process).name), " wants to be up to ",
                              format_count(own->value), " messages behind in ", title(graph, channel),
                              ", which keeps ", format_count(channel.capacity)),
                          cat("raise 'history' of ", quoted(channel.name), ", or lower it here"));
    error.notes.push_back({channel.capacity_mark.known() ? channel.capacity_mark : channel.mark,
                           channel.capacity_mark.known() ? "set here" : "declared here"});
  }
  return wrong;
}

// True if readers from outside want more than there is, or there are none.
bool check_replay(const Graph& graph, const Channel& channel, Diagnostics& diagnostics) {
  const OutsideEnd& outside = channel.outside;
  if (!outside.replay_mark.known()) return false;
  if (!outside.reads) {
    auto& error = diagnostics.error(
        outside.replay_mark,
        cat("'replay' is for readers from outside, to which ", title(graph, channel), " is not open"),
        "write 'external: read' or 'both' beside it, or leave it out");
    if (outside.mark.known()) error.notes.push_back({outside.mark, "open to writers only here"});
    return true;
  }
  if (outside.replay <= channel.capacity) return false;
  auto& error = diagnostics.error(
      outside.replay_mark,
      cat("readers from outside want the last ", format_count(outside.replay), " messages of ",
          title(graph, channel), ", which keeps ", format_count(channel.capacity)),
      cat("raise 'history' of ", quoted(channel.name), ", or lower 'replay'"));
  if (channel.capacity_mark.known()) error.notes.push_back({channel.capacity_mark, "set here"});
  return true;
}

void check(const Graph& graph, const Channel& channel, const World&, Diagnostics& diagnostics) {
  if (channel.max_message > channel.memory) return check_message_fits(graph, channel, diagnostics);
  if (check_histories(graph, channel, diagnostics) || check_replay(graph, channel, diagnostics)) return;
  if (channel.holders > kMaxParticipants) return;  // said already
  if (const auto sizes = topic_sizes(shape_of(channel)); !sizes) {
    diagnostics.error(channel.mark, cat(title(graph, channel), " cannot be made: ", sizes.error().text()),
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
    sum.got += reader.acknowledged + reader.leased + reader.redelivered;
  }
  return sum;
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
};

}  // namespace procgraph
