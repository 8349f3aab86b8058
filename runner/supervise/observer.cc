#include "supervise/observer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/text.h"
#include "procgraph/admin.h"

namespace procgraph {
namespace {

using Group = std::vector<PartyIndex>;

// A pipe without a name has no entry of its own, and a pair of sockets no size.
std::string declared(const Channel& channel) {
  return channel.anonymous || channel.duplex ? "" : std::string(channel.kind->key);
}

}  // namespace

// One look: what is collected before anybody's waits can be told.
class Look {
 public:
  Look(const Observer& of, std::span<const SpawnLife> lives) : of_(of), lives_(lives) {}

  Sight operator()(std::span<const pid_t> strays) {
    for (const Spawn& spawn : of_.plan_.spawns) add(spawn);
    for (const pid_t stray : strays) add_family(stray, {}, "");
    for (PartyIndex party = 0; party < who_.size(); ++party) add_ends(party);
    add_sleepers();
    for (PartyIndex party = 0; party < who_.size(); ++party) add_waits(party);
    return std::move(sight_);
  }

 private:
  struct Who {
    pid_t pid = -1, parent = -1;
    SpawnId spawn;  // invalid: a stray
    std::vector<HeldEnd> ends{};
    bool unseen = false;  // we may not look at it
  };
  struct AtBell {
    ChannelId channel;
    Sleeper sleeper;
  };

  void add(const Spawn& spawn) {
    const SpawnLife& life = lives_[spawn.id.value];
    if (life.first > 0) return add_family(life.first, spawn.id, spawn.label);
    if (life.to_come) add_party({.spawn = spawn.id}, spawn.label);
  }

  void add_family(pid_t first, SpawnId spawn, const std::string& label) {
    for (const Descendant& one : descendants_of(first)) {
      const pid_t shown = of_.shown_pid_ ? of_.shown_pid_(one.pid) : one.pid;
      const bool first_of_spawn = one.pid == first && spawn.valid();
      const std::string command = first_of_spawn ? "" : escape(command_name(one.pid));
      add_party({.pid = one.pid, .parent = one.parent, .spawn = spawn},
                first_of_spawn  ? label
                : spawn.valid() ? fmt::format("{} ({}, pid {})", label, command, shown)
                                : fmt::format("{} (pid {})", command, shown));
    }
  }

  void add_party(Who who, std::string name) {
    if (who.spawn.valid()) of_spawn_[who.spawn].push_back(static_cast<PartyIndex>(who_.size()));
    if (!who.spawn.valid()) strays_.push_back(static_cast<PartyIndex>(who_.size()));
    const bool service = who.spawn.valid() && of_.plan_.graph.at(of_.plan_.at(who.spawn).process).service;
    sight_.waits.parties.push_back(
        {.name = std::move(name), .waits = {}, .doing = "has not started", .service = service});
    sight_.seen.push_back({.pid = who.pid});
    who_.push_back(std::move(who));
  }

  // Who is still to start gets what the plan says, and holds it already.
  void add_ends(PartyIndex party) {
    Who& who = who_[party];
    if (who.pid < 0) {
      for (const Inherit& inherit : of_.plan_.at(who.spawn).inherits) {
        const auto end = of_.ends_.find({inherit.object.value, inherit.end});
        if (end == of_.ends_.end()) continue;
        const bool both = inherit.end == End::kA || inherit.end == End::kB;
        hold(party, {.buffer = end->second,
                     .reads = both || inherit.end == End::kRead,
                     .writes = both || inherit.end == End::kWrite,
                     .socket = both});
      }
      return;
    }
    auto held = ends_held_by(who.pid);
    who.unseen = !held;
    if (who.unseen) unseen_.push_back(party);
    if (held) who.ends = std::move(*held);
    for (const HeldEnd& end : who.ends) hold(party, end);
  }

  // What is written to one side of a pair of sockets is read at the other one.
  void hold(PartyIndex party, const HeldEnd& end) {
    if (end.reads) add_once(readers_[end.buffer], party);
    if (!end.writes) return;
    const auto buffer = written_by(end);
    if (!buffer) return;
    add_once(writers_[*buffer], party);
    open_[*buffer].push_back({.party = party, .fd = end.fd});
  }

  static void add_once(Group& group, PartyIndex party) {
    if (group.empty() || group.back() != party) group.push_back(party);
  }

  // Nothing: a socket of which we do not know who is at the other side.
  [[nodiscard]] std::optional<KernelBuffer> written_by(const HeldEnd& end) const {
    if (!end.socket) return end.buffer;
    const auto known = of_.known_.find(end.buffer);
    if (known == of_.known_.end()) return std::nullopt;
    return KernelBuffer{known->second.peer};
  }

  void add_sleepers() {
    for (const Channel& channel : of_.plan_.graph.channels) {
      if (channel.kind->sleepers == nullptr) continue;
      for (const Sleeper& sleeper : channel.kind->sleepers(of_.opened_.live(channel.id)))
        at_bell_.emplace(sleeper.doorbell, AtBell{channel.id, sleeper});
    }
  }

  void add_waits(PartyIndex index) {
    Party& party = sight_.waits.parties[index];
    const Who& who = who_[index];
    if (who.pid < 0) return add_start(index);
    const auto threads = who.unseen ? std::nullopt : threads_of(who.pid);
    party.doing = "cannot be looked at";
    if (!threads) return;
    bool others = false;  // there is one that waits for others of the process
    for (const ThreadWait& thread : *threads) {
      sight_.seen[index].threads.emplace_back(thread.tid, thread.switches);
      others = others || thread.on == ThreadWait::On::kThreads;
      const std::string_view doing = add_thread(index, thread, *threads);
      if (doing.empty()) continue;
      party.waits.clear();
      party.doing = doing;
      return;
    }
    if (party.waits.empty()) {
      party.doing = others ? "waits for something else" : "runs";
    } else if (has_timers(who.pid)) {
      party.waits.clear();
      party.doing = "waits, with a timer set";
    }
  }

  void add_start(PartyIndex index) {
    std::vector<Group> ends;
    for (const SpawnId other : lives_[who_[index].spawn.value].after) {
      if (const auto found = of_spawn_.find(other); found != of_spawn_.end()) ends.push_back(found->second);
    }
    if (!ends.empty())
      sight_.waits.parties[index].waits.push_back({.what = Wait::For::kEnd, .needs = std::move(ends)});
  }

  // What the thread does that is no wait we know of; empty: it waits.
  std::string_view add_thread(PartyIndex index, const ThreadWait& thread,
                              const std::vector<ThreadWait>& all) {
    using On = ThreadWait::On;
    constexpr std::string_view kElse = "waits for something else";
    switch (thread.on) {
      case On::kNothing:
        return thread.doing;
      case On::kThreads:
        return "";
      case On::kChildren:
        return add_children(index, thread) ? "" : kElse;
      case On::kFutex:
        return add_bell(index, thread.address) ? "" : kElse;
      case On::kDescriptors:
        break;
    }
    const auto known = [&](const DescriptorWait& wait) {
      return add_descriptor(index, wait) || is_bridge(index, wait, all);
    };
    return std::ranges::all_of(thread.descriptors, known) ? "" : kElse;
  }

  // Who waits for descriptors and for channels at once has a thread at a doorbell, which sets a timer when it
  // is rung; what that thread waits for is told by itself. A child may have the timer too.
  bool is_bridge(PartyIndex index, const DescriptorWait& wait, const std::vector<ThreadWait>& all) const {
    const pid_t pid = who_[index].pid;
    if (wait.write || !is_unset_timer(pid, wait.fd)) return false;
    const auto at_a_bell = [&](const ThreadWait& thread) {
      return thread.on == ThreadWait::On::kFutex && bell_of(index, thread.address);
    };
    return std::ranges::any_of(all, at_a_bell) && std::ranges::find(who_, pid, &Who::parent) == who_.end();
  }

  bool add_children(PartyIndex index, const ThreadWait& thread) {
    Group children;
    for (PartyIndex i = 0; i < who_.size(); ++i) {
      const bool its = who_[i].pid > 0 && who_[i].parent == who_[index].pid;
      if (its && (!thread.child || *thread.child == who_[i].pid)) children.push_back(i);
    }
    if (children.empty()) return false;
    add_wait(index, {.what = Wait::For::kEnd, .needs = {std::move(children)}});
    return true;
  }

  void add_wait(PartyIndex index, Wait wait) {
    auto& waits = sight_.waits.parties[index].waits;
    if (std::ranges::find(waits, wait) == waits.end()) waits.push_back(std::move(wait));
  }

  bool add_descriptor(PartyIndex index, const DescriptorWait& wait) {
    const auto& ends = who_[index].ends;
    const auto end = std::ranges::find(ends, wait.fd, &HeldEnd::fd);
    if (end == ends.end() || (end->socket && !of_.known_.contains(end->buffer))) return false;
    const auto buffer = wait.write ? written_by(*end) : end->buffer;
    const Group& others = wait.write ? readers_[*buffer] : writers_[*buffer];
    add_wait(index, {.what = wait.write ? Wait::For::kRoom : Wait::For::kData,
                     .buffer = buffer_of(*buffer, who_[index].pid, wait.fd),
                     .needs = {with_unseen(others)}});
    return true;
  }

  // Nobody but those whom we do not see: it is theirs.
  [[nodiscard]] Group with_unseen(Group group) const {
    group.insert(group.end(), unseen_.begin(), unseen_.end());
    std::ranges::sort(group);
    group.erase(std::unique(group.begin(), group.end()), group.end());
    return group;
  }

  // A pipe that a process has made itself is one without a name.
  BufferIndex buffer_of(KernelBuffer buffer, pid_t holder, int fd) {
    const auto [found, first] =
        kernels_.try_emplace(buffer, static_cast<BufferIndex>(sight_.waits.buffers.size()));
    if (!first) return found->second;
    const auto known = of_.known_.find(buffer);
    if (known == of_.known_.end()) {
      sight_.waits.buffers.push_back(
          {.name = fmt::format("pipe:{}", buffer.inode), .title = "a pipe of its own"});
    } else {
      const Channel& channel = of_.plan_.graph.at(known->second.channel);
      sight_.waits.buffers.push_back(
          {.name = channel.name, .title = title(of_.plan_.graph, channel), .declared = declared(channel)});
    }
    sight_.waits.buffers.back().written_by = open_[buffer];
    const bool pipe = known == of_.known_.end() || known->second.peer == 0;
    sight_.places.push_back({.holder = pipe ? holder : -1, .fd = pipe ? fd : -1, .inode = buffer.inode});
    return found->second;
  }

  // Its bounds are two, each of which can be full.
  BufferIndex buffer_of(const Channel& channel, Bound bound) {
    const auto [found, first] = natives_.try_emplace(std::pair(channel.id, bound),
                                                     static_cast<BufferIndex>(sight_.waits.buffers.size()));
    if (!first) return found->second;
    const std::string name = title(of_.plan_.graph, channel);
    const bool bytes = bound == Bound::kBytes;
    sight_.waits.buffers.push_back({.name = channel.name,
                                    .title = bytes ? "the memory of " + name : name,
                                    .bytes = bytes,
                                    .declared = declared(channel),
                                    .key = std::string(bytes ? "memory" : channel.kind->capacity_key)});
    sight_.places.push_back({.channel = channel.id, .bound = bound});
    return found->second;
  }

  [[nodiscard]] std::optional<std::uint32_t> bell_of(PartyIndex index, std::uint64_t address) const {
    const auto offset = offset_in_file(who_[index].pid, address, of_.roster_);
    return offset ? doorbell_at(*offset) : std::nullopt;
  }

  // At a doorbell for which nobody stands anywhere only others of the process wait for it, or it for them.
  bool add_bell(PartyIndex index, std::uint64_t address) {
    const auto bell = bell_of(index, address);
    if (!bell) return false;
    const auto [first, last] = at_bell_.equal_range(*bell);
    for (auto at = first; at != last; ++at) {
      if (at->second.sleeper.stirs) return false;
    }
    for (auto at = first; at != last; ++at) add_sleeper(index, at->second);
    return true;
  }

  // A message comes back when a reader gives it back, so that readers wait for each other while one is out.
  void add_sleeper(PartyIndex index, const AtBell& at) {
    const Channel& channel = of_.plan_.graph.at(at.channel);
    Wait wait{.what = at.sleeper.writes ? Wait::For::kRoom : Wait::For::kData,
              .buffer = buffer_of(channel, at.sleeper.loans ? Bound::kBytes : Bound::kMessages)};
    if (!at.sleeper.writes) {
      Group others = channel.outside.writes || channel.takes_letters ? Group{} : at_ends(channel.writers);
      if (!others.empty() && is_out(channel)) append(others, at_ends(channel.readers));
      wait.needs.push_back(others.empty() ? Group{} : with_strays(std::move(others)));
    } else if (channel.kind->behind != nullptr && !at.sleeper.loans) {
      for (const std::uint32_t place : channel.kind->behind(of_.opened_.live(channel.id)))
        wait.needs.push_back(at_place(channel, place));
    } else {
      Group others = channel.outside.reads ? Group{} : at_ends(channel.readers);
      if (!others.empty() && at.sleeper.loans) append(others, at_ends(channel.writers));
      wait.needs.push_back(others.empty() ? Group{} : with_strays(std::move(others)));
    }
    add_wait(index, std::move(wait));
  }

  [[nodiscard]] bool is_out(const Channel& channel) const {
    return channel.kind->sample != nullptr && channel.kind->sample(of_.opened_.live(channel.id)).leased > 0;
  }

  static void append(Group& group, const Group& more) { group.insert(group.end(), more.begin(), more.end()); }

  [[nodiscard]] Group with_strays(Group group) const {
    append(group, strays_);
    return with_unseen(std::move(group));
  }

  [[nodiscard]] Group at_ends(const std::vector<PortId>& ports) const {
    const Graph& graph = of_.plan_.graph;
    Group group;
    for (const auto& [spawn, parties] : of_spawn_) {
      const ProcessId process = of_.plan_.at(spawn).process;
      const auto its = [&](PortId port) { return graph.at(port).process == process; };
      if (std::ranges::any_of(ports, its)) append(group, parties);
    }
    return group;
  }

  [[nodiscard]] Group at_place(const Channel& channel, std::uint32_t place) const {
    if (place >= channel.places.size()) return {};
    const ReaderPlace& reader = channel.places[place];
    Group group;
    for (const auto& [id, parties] : of_spawn_) {
      const Spawn& spawn = of_.plan_.at(id);
      if (spawn.process == of_.plan_.graph.at(reader.port).process && spawn.replica == reader.replica)
        append(group, parties);
    }
    return group.empty() ? group : with_strays(std::move(group));
  }

  const Observer& of_;
  const std::span<const SpawnLife> lives_;
  Sight sight_;
  std::vector<Who> who_;  // by party
  std::map<SpawnId, Group> of_spawn_;
  Group strays_, unseen_;
  std::map<KernelBuffer, Group> readers_, writers_;
  std::map<KernelBuffer, std::vector<OpenEnd>> open_;
  std::map<KernelBuffer, BufferIndex> kernels_;
  std::map<std::pair<ChannelId, Bound>, BufferIndex> natives_;
  std::multimap<std::uint32_t, AtBell> at_bell_;
};

Waits stood_still(const Sight& before, const Sight& now) {
  Waits waits = now.waits;
  std::map<std::string_view, PartyIndex> earlier;
  for (PartyIndex party = 0; party < before.seen.size(); ++party)
    earlier.emplace(before.waits.parties[party].name, party);
  for (PartyIndex party = 0; party < waits.parties.size(); ++party) {
    const auto found = earlier.find(waits.parties[party].name);
    const bool same = found != earlier.end() && before.seen[found->second] == now.seen[party] &&
                      !before.waits.parties[found->second].waits.empty();
    if (same || waits.parties[party].waits.empty()) continue;
    waits.parties[party].waits.clear();
    waits.parties[party].doing = "has moved";
  }
  return waits;
}

Observer::Observer(const Plan& plan, const Opened& opened, std::function<pid_t(pid_t)> shown_pid)
    : plan_(plan), opened_(opened), shown_pid_(std::move(shown_pid)) {
  const auto learn = [&](const Object& object, End end) -> std::optional<KernelBuffer> {
    const auto buffer = buffer_behind(opened.fd(object.id, end));
    if (buffer) ends_.emplace(std::pair(object.id.value, end), *buffer);
    return buffer;
  };
  for (const Object& object : plan.objects) {
    if (std::holds_alternative<PipeObject>(object.what)) {
      for (const End end : {End::kRead, End::kWrite})
        if (const auto pipe = learn(object, end)) known_[*pipe] = {.channel = object.channel};
    } else if (std::holds_alternative<SocketPairObject>(object.what)) {
      const auto a = learn(object, End::kA), b = learn(object, End::kB);
      if (!a || !b) continue;
      known_[*a] = {.channel = object.channel, .peer = b->inode};
      known_[*b] = {.channel = object.channel, .peer = a->inode};
    }
  }
}

Sight Observer::look(std::span<const SpawnLife> lives, std::span<const pid_t> strays) {
  if (roster_ == 0 && !opened_.roster().empty()) roster_ = mapped_file(opened_.roster().data());
  return Look(*this, lives)(strays);
}

void Observer::measure(Sight& sight, BufferIndex index) const {
  Buffer& buffer = sight.waits.buffers[index];
  const Sight::Place& place = sight.places[index];
  if (place.holder > 0) {
    const auto level = pipe_level(place.holder, place.fd);
    if (!level) return;
    buffer.fill = level->fill;
    buffer.capacity = level->capacity;
    buffer.most = std::max(level->capacity, most_pipe_capacity());
  } else if (place.channel.valid()) {
    const Room room = plan_.graph.at(place.channel).kind->room(opened_.live(place.channel), place.bound);
    buffer.fill = room.fill;
    buffer.capacity = room.capacity;
    buffer.most = room.most;
  }
}

int Observer::enlarge(const Sight& sight, BufferIndex index, std::uint64_t capacity) const {
  const Sight::Place& place = sight.places[index];
  if (place.holder > 0) return enlarge_pipe(place.holder, place.fd, capacity);
  if (!place.channel.valid()) return ENOTSUP;
  plan_.graph.at(place.channel).kind->enlarge(opened_.live(place.channel), place.bound, capacity);
  return 0;
}

}  // namespace procgraph
