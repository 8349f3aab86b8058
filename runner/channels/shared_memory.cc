// Shared memory: an area that its writers map writable and its readers read-only, with a control region that
// all of them write. The runner makes both and frees what the dead had locked; nodes do the rest.
#include "channels/kinds.h"
#include "channels/native.h"
#include "graph/wording.h"
#include "plan/builder.h"
#include "procgraph/admin.h"

namespace procgraph {
namespace {

constexpr Bytes kSizeForSync{4096};  // of an area that is declared for its objects

void fill(const ChannelSpec& spec, Channel& channel) {
  channel.area = {
      .lock = spec.lock, .initial = spec.initial.value, .initial_mark = spec.initial.mark, .sync = {}};
  for (const Text& name : spec.sync) channel.area.sync.push_back(name.value);
  if (spec.size) {
    channel.memory = spec.size->value;
    channel.memory_mark = spec.size->mark;
  } else if (!spec.sync.empty()) {
    channel.memory = kSizeForSync;
  }
}

AreaShape shape_of(const Channel& channel) {
  return {.size = channel.memory.value, .lock = channel.area.lock, .sync = channel.area.sync};
}

void check_ends(const Graph& graph, const Channel& channel, Diagnostics& diagnostics) {
  if (graph.incomplete || !channel.writers.empty()) return;
  if (channel.readers.empty()) {
    diagnostics.error(channel.mark, cat(title(graph, channel), " is declared but no process uses it"),
                      cat("give a process 'writes: ", channel.name, "', or remove it"));
  } else if (channel.area.initial.empty() && channel.area.sync.empty()) {
    auto& error = diagnostics.error(
        channel.mark, cat(title(graph, channel), " is read but nobody writes it: it would stay all zeros"),
        cat("give a process 'writes: ", channel.name, "', or the area 'initial: FILE'"));
    for (const PortId id : channel.readers) {
      const Port& port = graph.at(id);
      error.notes.push_back({port.mark, cat("read here by ", quoted(graph.at(port.process).name))});
    }
  }
}

void check_initial(const Graph& graph, const Channel& channel, const World& world, Diagnostics& diagnostics) {
  if (channel.area.initial.empty()) return;
  const FileFacts facts = world.look(channel.area.initial);
  const auto wrong = [&](const std::string& what) {
    diagnostics.error(
        channel.area.initial_mark,
        cat("file ", quoted(channel.area.initial), ", the beginning of ", title(graph, channel), ", ", what));
  };
  if (facts.type == FileFacts::Type::kMissing) {
    wrong("does not exist");
  } else if (facts.type != FileFacts::Type::kRegular) {
    wrong("is no file with a size");
  } else if (!facts.readable) {
    wrong("may not be read");
  } else if (facts.size > channel.memory) {
    wrong(cat("has ", format_count(facts.size.value), " bytes; the area has ",
              format_count(channel.memory.value)));
  }
}

void check(const Graph& graph, const Channel& channel, const World& world, Diagnostics& diagnostics) {
  check_ends(graph, channel, diagnostics);
  if (channel.memory.value == 0) {
    diagnostics.error(channel.mark, cat(title(graph, channel), " has no size"),
                      cat("write ", channel.name, ": { size: 4KiB }"));
    return;
  }
  check_initial(graph, channel, world, diagnostics);
  if (const auto sizes = area_sizes(shape_of(channel)); !sizes)
    diagnostics.error(channel.memory_mark.known() ? channel.memory_mark : channel.mark,
                      cat(title(graph, channel), " cannot be made: ", sizes.error().text()));
}

void plan(const Graph& graph, const Channel& channel, PlanBuilder& builder) {
  const auto sizes = area_sizes(shape_of(channel));
  if (!sizes) return;  // check() has said so
  const ObjectId control = builder.object(channel.id, "control", MemoryObject{Bytes{sizes->control}, true});
  const ObjectId data = builder.object(
      channel.id, "data", MemoryObject{.size = Bytes{sizes->data}, .initial = channel.area.initial});
  for (const auto* ports : {&channel.writers, &channel.readers}) {
    for (const PortId port : *ports) {
      builder.participant(port);
      builder.give(port, "control", control, End::kReadWrite);
      builder.give(port, "payload", data,
                   graph.at(port).access == Access::kRead ? End::kReadOnly : End::kReadWrite);
    }
  }
}

std::vector<Death> deaths(const Graph&, const Channel&) {
  return {
      {"process",
       "what it had locked is free, and the next holder is told; a write that it had begun reads as torn"},
      {"runner", "what is in it is gone"}};
}

Result<void> init(const LiveChannel& live) {
  if (auto made = init_roster(live.roster, native::wake_cost()); !made) return made;
  return init_area(live.control, shape_of(*live.channel));
}

std::optional<Poisoning> poisoned(const LiveChannel& live) {
  const auto found = poisoned_area(live.control, shape_of(*live.channel));
  if (!found) return {};
  return Poisoning{.finder = found->finder, .reason = found->reason};
}

}  // namespace

const ChannelKind kSharedMemoryKind{
    .name = "shared_memory",
    .noun = "area",
    .key = "shared_memory",
    .summary =
        "an area of memory that its writers map writable and its readers read-only, with a lock and named "
        "locks, events and semaphores",
    .survives =
        "the death of any process: what it had locked is free, and the next holder is told; not that of the "
        "runner or the machine",
    .flows = false,
    .fill = fill,
    .check = check,
    .plan = plan,
    .deaths = deaths,
    .init = init,
    .reap = [](const LiveChannel& live,
               std::uint16_t participant) { return native::reaped(reap_area(live.control, participant)); },
    .sidestep = [](const LiveChannel& live, std::uint16_t) { sidestep_area(live.control); },
    .poisoned = poisoned,
};

}  // namespace procgraph
