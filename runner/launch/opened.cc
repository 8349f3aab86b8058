#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "launch/launch.h"
#include "os/control_groups.h"
#include "os/launch_pad.h"
#include "os/named_files.h"
#include "os/objects.h"

namespace procgraph {
namespace {

constexpr std::size_t kEnds = 7;         // as many as End has values
constexpr std::uint64_t kCrowded = 256;  // so many descriptors make a start slower

constexpr std::size_t index(End end) {
  return static_cast<std::size_t>(end);
}

// One object as it is open: its ends, each with the number of spawns that are still to inherit it, and our
// map.
struct Open {
  std::array<Fd, kEnds> ends;
  std::array<std::uint32_t, kEnds> claims{};
  Mapping map;
  SocketAddress address;  // of a listener, as it is

  [[nodiscard]] bool wanted(End end) const { return claims[index(end)] > 0; }
  // Keeps an end only if somebody will inherit it: else its peer would never see the end.
  void keep(End end, Fd fd) {
    if (wanted(end)) ends[index(end)] = std::move(fd);
  }
};

// A unix socket without a path of its own lies in the run's folder, under its name.
SocketAddress placed(SocketAddress address, const std::string& name, const NamedFiles& files) {
  const bool nowhere = address.family == SocketAddress::Family::kUnix && address.path.empty();
  if (nowhere) address.path = files.folder() + '/' + name;
  return address;
}

class Opener {
 public:
  Opener(Kernel& kernel, const Object& object, Open& open, NamedFiles& files)
      : kernel_(kernel), object_(object), open_(open), files_(files) {}

  Result<void> operator()(const PipeObject& pipe) {
    auto ends = open_pipe(kernel_, object_.name, pipe.capacity);
    return keep(ends, End::kRead, End::kWrite);
  }

  Result<void> operator()(const SocketPairObject&) {
    auto ends = open_socket_pair(kernel_, object_.name);
    return keep(ends, End::kA, End::kB);
  }

  Result<void> operator()(const MemoryObject& memory) {
    auto writable = open_memory(kernel_, object_.name, memory.size);
    if (!writable) return writable.error();
    if (!memory.initial.empty()) {
      auto filled = fill_memory(kernel_, object_.name, writable->get(), memory.size, memory.initial);
      if (!filled) return filled;
    }
    if (memory.prefault) {
      auto map = Mapping::open(kernel_, object_.name, writable->get(), memory.size);
      if (!map) return map.error();
      if (auto taken = map->prefault(kernel_, object_.name); !taken) return taken;
    }
    if (memory.mapped) {
      auto map = Mapping::open(kernel_, object_.name, writable->get(), memory.size);
      if (!map) return map.error();
      open_.map = std::move(*map);
    }
    if (open_.wanted(End::kReadOnly)) {
      auto readable = open_read_only(kernel_, object_.name, writable->get());
      if (!readable) return readable.error();
      open_.keep(End::kReadOnly, std::move(*readable));
    }
    open_.keep(End::kReadWrite, std::move(*writable));
    return {};
  }

  Result<void> operator()(const FileObject& file) {
    if (auto done = open_end(file, End::kReadOnly, FileUse::kRead); !done) return done;
    return open_end(file, End::kReadWrite, file.append ? FileUse::kAppend : FileUse::kTruncate);
  }

  Result<void> operator()(const ListenerObject& listener) {
    SocketAddress address = placed(listener.address, object_.name, files_);
    auto fd = open_listener(kernel_, object_.name, address);
    if (!fd) return fd.error();
    if (!address.path.empty()) files_.add(address.path);
    open_.address = std::move(address);
    open_.keep(End::kListen, std::move(*fd));
    return {};
  }

 private:
  Result<void> keep(Result<Ends>& ends, End first, End second) {
    if (!ends) return ends.error();
    open_.keep(first, std::move(ends->read));
    open_.keep(second, std::move(ends->write));
    return {};
  }

  Result<void> open_end(const FileObject& file, End end, FileUse use) {
    if (!open_.wanted(end)) return {};
    auto fd = open_file(kernel_, file.path, use);
    if (!fd) return fd.error();
    open_.keep(end, std::move(*fd));
    return {};
  }

  Kernel& kernel_;
  const Object& object_;
  Open& open_;
  NamedFiles& files_;
};

std::uint64_t soft_files_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace

struct Opened::State {
  const Plan& plan;
  std::optional<LaunchPad> pad;  // where many descriptors will be open
  std::uint64_t files_limit = 0;
  std::vector<Open> objects;
  std::vector<bool> released;  // by spawn
  NamedFiles named;
  ControlGroups made;
  std::vector<std::vector<std::string>> groups;  // by spawn
  std::vector<std::string> own_groups;           // of version 2, by spawn
  std::string run_group, why_no_group;           // of the run, without limits
  std::vector<std::uint64_t> killed;             // by spawn: for want of memory, as far as it was told

  State(const Plan& of, pid_t runner)
      : plan(of),
        files_limit(soft_files_limit()),
        objects(of.objects.size()),
        released(of.spawns.size()),
        made(runner),
        groups(of.spawns.size()),
        own_groups(of.spawns.size()),
        killed(of.spawns.size()) {
    for (const Spawn& spawn : plan.spawns)
      for (const Inherit& inherit : spawn.inherits)
        ++objects[inherit.object.value].claims[index(inherit.end)];
    for (const Object& object : plan.objects)
      if (is_shared(object)) keep_open(objects[object.id.value]);
  }

  // Somebody may come from outside and want it, as long as the graph runs.
  [[nodiscard]] bool is_shared(const Object& object) const {
    const auto has_outside = [](const Channel& channel) { return channel.outside.any(); };
    if (object.id == plan.roster) return std::ranges::any_of(plan.graph.channels, has_outside);
    return object.channel.valid() && has_outside(plan.graph.at(object.channel));
  }

  static void keep_open(Open& open) {
    ++open.claims[index(End::kReadOnly)];
    ++open.claims[index(End::kReadWrite)];
  }

  [[nodiscard]] LiveChannel live(ChannelId id) const {
    LiveChannel live{.channel = &plan.graph.at(id)};
    for (const Object& object : plan.objects) {
      if (object.channel != id || objects[object.id.value].map.bytes().empty()) continue;
      (object.name.ends_with(".payload") ? live.payload : live.control) =
          objects[object.id.value].map.bytes();
    }
    live.roster = roster();
    return live;
  }

  [[nodiscard]] std::span<std::byte> roster() const {
    return plan.roster.valid() ? objects[plan.roster.value].map.bytes() : std::span<std::byte>();
  }

  Result<void> open(Kernel& kernel, bool files) {
    for (const Object& object : plan.objects) {
      if (std::holds_alternative<FileObject>(object.what) != files) continue;
      auto done = std::visit(Opener(kernel, object, objects[object.id.value], named), object.what);
      if (!done) return done;
    }
    return {};
  }

  // Where the file does not insist the guard is enough.
  Result<void> make_run_group() {
    auto folder = made.make({plan.containment.place, {}, {}}, "graph");
    const auto& required = plan.graph.containment.require;
    if (folder) {
      run_group = std::move(*folder);
    } else if (required && required->value >= Tier::kCgroup) {
      return folder.error();
    } else {
      why_no_group = folder.error().text();
    }
    return {};
  }

  // A name cannot be that of one of the kernel's files in the folder.
  Result<void> make_groups_of(const Spawn& spawn) {
    const std::string name = std::to_string(spawn.id.value) + "-" + spawn.label;
    std::string& own = own_groups[spawn.id.value];
    for (const ControlGroup& group : spawn.resources.groups) {
      auto folder = made.make(group, name);
      if (!folder) return folder.error();
      if (group.place.version == 2) own = *folder;
      groups[spawn.id.value].push_back(std::move(*folder));
    }
    if (run_group.empty() || !own.empty() || !plan.graph.at(spawn.process).may_return()) return {};
    auto folder = made.make({plan.containment.place, {}, {}}, name);
    if (!folder) return folder.error();
    own = std::move(*folder);
    return {};
  }

  Result<void> make_groups() {
    if (plan.containment.tier == Tier::kCgroup) {
      if (auto made_group = make_run_group(); !made_group) return made_group;
    }
    for (const Spawn& spawn : plan.spawns) {
      if (auto made_groups = make_groups_of(spawn); !made_groups) return made_groups;
    }
    return {};
  }

  [[nodiscard]] const SocketAddress* listening(ChannelId id) const {
    for (const Object& object : plan.objects)
      if (object.channel == id) return &objects[object.id.value].address;
    return nullptr;
  }

  Result<void> init_channels() {
    for (const Channel& channel : plan.graph.channels)
      if (channel.kind != nullptr && channel.kind->init != nullptr)
        if (auto done = channel.kind->init(live(channel.id)); !done) return done;
    return {};
  }
};

Opened::Opened(std::unique_ptr<State> state) : state_(std::move(state)) {}
Opened::Opened(Opened&&) noexcept = default;
Opened& Opened::operator=(Opened&&) noexcept = default;
Opened::~Opened() = default;

Result<Opened> Opened::open(const Plan& plan, pid_t runner) {
  Kernel kernel;
  return open(plan, kernel, runner);
}

Result<Opened> Opened::open(const Plan& plan, Kernel& kernel, pid_t runner) {
  auto state = std::make_unique<State>(plan, runner);
  const std::uint64_t needed = plan.descriptors;
  bool has_pad = needed > kCrowded;
  auto raised = raise_file_limit(kernel, has_pad ? needed + LaunchPad::kDescriptors : needed);
  if (has_pad && !raised && raised.error().code == EMFILE) {  // this machine has room for what must be
    has_pad = false;
    raised = raise_file_limit(kernel, needed);
  }
  if (!raised) return raised.error();
  if (has_pad) state->pad.emplace();
  if (!plan.run_folder.empty()) {
    if (auto made = state->named.make_folder(kernel, plan.run_folder); !made) return made.error();
  }
  if (auto done = state->make_groups(); !done) return done.error();
  if (auto done = state->open(kernel, /*files=*/false); !done) return done.error();
  if (auto done = state->init_channels(); !done) return done.error();
  if (auto done = state->open(kernel, /*files=*/true); !done) return done.error();
  return Opened(std::move(state));
}

int Opened::fd(ObjectId object, End end) const {
  return state_->objects[object.value].ends[index(end)].get();
}

const Graph& Opened::graph() const {
  return state_->plan.graph;
}

SocketAddress Opened::address(ChannelId channel) const {
  const Channel& socket = state_->plan.graph.at(channel);
  if (const SocketAddress* open = state_->listening(channel)) return *open;
  return placed(socket.socket.address, socket.name, state_->named);
}

LiveChannel Opened::live(ChannelId channel) const {
  return state_->live(channel);
}

std::span<std::byte> Opened::roster() const {
  return state_->roster();
}

Opened::Shared Opened::shared(ChannelId channel) const {
  Shared shared{.roster = fd(state_->plan.roster, End::kReadWrite)};
  for (const Object& object : state_->plan.objects) {
    if (object.channel != channel) continue;
    if (object.name.ends_with(".payload")) {
      shared.readable = fd(object.id, End::kReadOnly);
      shared.writable = fd(object.id, End::kReadWrite);
    } else {
      shared.control = fd(object.id, End::kReadWrite);
    }
  }
  return shared;
}

void Opened::release(const Spawn& spawn) {
  if (state_->released[spawn.id.value]) return;
  state_->released[spawn.id.value] = true;
  for (const Inherit& inherit : spawn.inherits) {
    Open& open = state_->objects[inherit.object.value];
    if (--open.claims[index(inherit.end)] == 0) open.ends[index(inherit.end)].reset();
  }
}

const std::vector<std::string>& Opened::groups(const Spawn& spawn) const {
  return state_->groups[spawn.id.value];
}

const std::string& Opened::own_group(const Spawn& spawn) const {
  return state_->own_groups[spawn.id.value];
}

const std::string& Opened::group() const {
  return state_->run_group;
}

const std::string& Opened::why_no_group() const {
  return state_->why_no_group;
}

bool Opened::ran_out_of_memory(const Spawn& spawn) {
  std::uint64_t now = 0;
  for (const std::string& group : groups(spawn)) now += killed_for_memory(group);
  return now > std::exchange(state_->killed[spawn.id.value], now);
}

LaunchPad* Opened::pad() const {
  return state_->pad ? &*state_->pad : nullptr;
}

std::uint64_t Opened::files_limit() const {
  return state_->files_limit;
}

}  // namespace procgraph
