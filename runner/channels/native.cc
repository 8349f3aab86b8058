#include "channels/native.h"

#include "graph/wording.h"
#include "plan/builder.h"

namespace procgraph::native {

void plan(const Graph& graph, const Channel& channel, const QueueSizes& sizes, const Memory& memory,
          PlanBuilder& builder) {
  const auto object = [&](std::string name, std::uint64_t size, bool mapped) {
    return builder.object(channel.id, std::move(name),
                          MemoryObject{.size = Bytes{size}, .mapped = mapped, .prefault = memory.prefault});
  };
  const ObjectId control = object("control", sizes.control, true);
  const ObjectId payload = object("payload", sizes.payload, memory.payload_mapped);
  for (const auto* ports : {&channel.writers, &channel.readers}) {
    for (const PortId port : *ports) {
      builder.participant(port);
      if (graph.at(port).ordered) builder.tell(port, "ordered", 1);
      builder.give(port, "control", control, End::kReadWrite);
      builder.give(port, "payload", payload,
                   graph.at(port).access == Access::kRead ? End::kReadOnly : End::kReadWrite);
    }
  }
}

std::vector<Death> deaths(std::string reader) {
  return {{"reader", std::move(reader)},
          {"writer", "what it had put stays, what it was filling was never put"},
          {"runner", "what is in it is gone"}};
}

Result<void> finish(const LiveChannel& live) {
  if (auto made = init_roster(live.roster, native::wake_cost()); !made) return made;
  if (live.channel->ended_from_start) end_of_writers(live);
  return {};
}

std::chrono::nanoseconds wake_cost() {
  static const std::chrono::nanoseconds cost = measure_wake_cost();
  return cost;
}

std::string reason(const Error& error, const Channel& channel) {
  const std::string text = error.text(), kind = cat(channel.kind->name, ": ");
  return text.starts_with(kind) ? text.substr(kind.size()) : text;
}

Reaped reaped(const Recovery& recovery) {
  return {.returned = recovery.returned,
          .dead = recovery.dead,
          .gone = recovery.gone,
          .undone = recovery.undone,
          .freed = recovery.freed,
          .torn = recovery.torn};
}

Reaped reap(const LiveChannel& live, std::uint16_t participant) {
  return reaped(procgraph::reap(live.control, live.roster, participant));
}

void sidestep(const LiveChannel& live, std::uint16_t participant) {
  procgraph::sidestep(live.control, live.roster, participant);
}

void writer_gone(const LiveChannel& live, std::uint16_t participant) {
  procgraph::writer_gone(live.control, live.roster, participant);
}

void end_of_writers(const LiveChannel& live) {
  procgraph::end_of_writers(live.control, live.roster);
}

void end_of_readers(const LiveChannel& live) {
  procgraph::end_of_readers(live.control, live.roster);
}

bool queue_ended(const LiveChannel& live, std::uint32_t) {
  return is_draining(live.control) && sample(live.control).waiting == 0;
}

bool topic_ended(const LiveChannel& live, std::uint32_t place) {
  if (!is_draining(live.control)) return false;
  const TopicSample now = sample_topic(live.control);
  return place >= now.readers.size() || now.readers[place].waiting == 0;
}

bool has_opened(const LiveChannel& live, std::uint16_t participant, std::size_t port) {
  return port >= 64 || (opened_ports(live.roster, participant) >> port & 1U) != 0;
}

std::optional<Poisoning> poisoned(const LiveChannel& live) {
  const auto found = procgraph::poisoned(live.control);
  if (!found) return {};
  return Poisoning{.finder = found->finder, .reason = found->reason};
}

std::vector<Sleeper> sleepers(const LiveChannel& live) {
  std::vector<Sleeper> found;
  for (const SleepingThread& thread : sleeping_threads(live.control))
    found.push_back({.doorbell = thread.doorbell,
                     .writes = thread.what != SleepingThread::For::kMessage,
                     .loans = thread.what == SleepingThread::For::kMemory});
  for (const std::uint32_t doorbell : stirring_doorbells(live.control))
    found.push_back({.doorbell = doorbell, .stirs = true});
  return found;
}

Room room(const LiveChannel& live, Bound bound, std::uint64_t fill) {
  const QueueBounds now = bound == Bound::kBytes ? memory_bounds(live.control) : bounds(live.control);
  return {.fill = fill, .capacity = now.capacity, .most = now.most};
}

void enlarge(const LiveChannel& live, Bound bound, std::uint64_t to) {
  if (bound == Bound::kBytes) {
    raise_memory(live.control, live.roster, to);
  } else {
    raise_capacity(live.control, live.roster, to);
  }
}

}  // namespace procgraph::native
