#include <algorithm>
#include <initializer_list>
#include <map>
#include <utility>

#include "base/lookup.h"
#include "base/path.h"
#include "graph/digraph.h"
#include "graph/wording.h"
#include "plan/containment.h"
#include "plan/descriptors.h"
#include "plan/environment.h"
#include "plan/limits.h"
#include "plan/order.h"
#include "plan/resources.h"
#include "plan/run_folder.h"
#include "procgraph/admin.h"

namespace procgraph {
namespace {

// The passes share the world, the plan so far and where mistakes go. Pure: the world is a value.
class Planner {
 public:
  Planner(const Graph& graph, const World& world, Diagnostics& diagnostics, PlanErrors& errors)
      : world_(world),
        diagnostics_(diagnostics),
        errors_(errors),
        graph_(graph),
        objects_(graph),
        lookup_(world),
        environment_(world) {}

  Plan run() {
    make_objects();
    plan_.run_folder = choose_run_folder(graph_, world_, lookup_, diagnostics_, errors_);
    for (const Process& process : graph_.processes) spawn_all(process);
    plan_.objects = objects_.take();
    plan_.start_group = joined_by_byte_pipes(graph_);
    plan_.stop_rank = stop_ranks(graph_);
    plan_.can_hang = can_hang(graph_);
    plan_.containment = decide_containment(graph_.containment, world_, diagnostics_, errors_);
    plan_.graph = graph_;
    measure(plan_);
    check_limits(plan_, world_.machine, diagnostics_, errors_);
    return std::move(plan_);
  }

 private:
  Diagnostic& error(Mark mark, std::string message, std::string hint = {}) {
    failed_ = true;
    return diagnostics_.error(mark, std::move(message), std::move(hint));
  }

  void make_objects() {
    for (const Channel& channel : graph_.channels) channel.kind->plan(graph_, channel, objects_);
    if (objects_.any_takes_part())
      plan_.roster = objects_.add("roster", MemoryObject{Bytes{roster_size()}, true});
  }

  void spawn_all(const Process& process) {
    const ObjectId roster = objects_.takes_part(process.id) ? plan_.roster : ObjectId{};
    Descriptors descriptors = number_descriptors(graph_, process, objects_, roster, 0);
    failed_ = false;
    for (std::uint32_t replica = 0; replica < process.replicas; ++replica) {
      if (descriptors.own) descriptors = number_descriptors(graph_, process, objects_, roster, replica);
      Spawn& spawn = plan_.spawns.emplace_back();
      spawn.id = SpawnId{static_cast<std::uint32_t>(plan_.spawns.size() - 1)};
      spawn.process = process.id;
      spawn.replica = replica;
      spawn.label = label(process, replica);
      spawn.umask = process.umask;
      spawn.inherits = descriptors.inherits;
      spawn.listens = descriptors.listeners > 0;
      if (roster.valid())
        spawn.participant = static_cast<std::uint16_t>(std::min<unsigned>(++participants_, kMaxParticipants));
      fill_resources(process, spawn);
      fill_folder(process, spawn);
      fill_streams(process, spawn);
      fill_command(process, spawn, descriptors);
      if (failed_) break;  // the other replicas would only repeat it
    }
  }

  void fill_resources(const Process& process, Spawn& spawn) {
    const std::size_t before = diagnostics_.errors();
    spawn.resources = decide_resources(process, spawn.replica, world_.machine, diagnostics_);
    if (diagnostics_.errors() == before) return;
    failed_ = errors_.machine = true;
  }

  void fill_folder(const Process& process, Spawn& spawn) {
    spawn.cwd = fill_in(process.cwd, spawn.replica, process.replicas);
    const FileFacts& facts = lookup_.look(spawn.cwd);
    const char* wrong = facts.type == FileFacts::Type::kMissing     ? " does not exist"
                        : facts.type != FileFacts::Type::kDirectory ? " is not a folder"
                        : !facts.executable                         ? " may not be entered"
                                                                    : nullptr;
    if (wrong != nullptr) {
      error(process.cwd_mark,
            cat("the folder of process ", quoted(process.name), ", ", quoted(spawn.cwd), ',', wrong));
    }
  }

  void fill_streams(const Process& process, Spawn& spawn) {
    for (std::size_t i = 0; i < process.streams.size(); ++i) {
      const Stream& stream = process.streams[i];
      spawn.streams[i] = stream.kind;
      if (stream.kind != StreamKind::kFile) continue;
      const std::string path = fill_in(stream.file, spawn.replica, process.replicas);
      check_file(process, stream, path, i == 0);
      const ObjectId file = open_file(process, stream, path, i == 0);
      spawn.inherits.push_back({static_cast<int>(i), file, i == 0 ? End::kReadOnly : End::kReadWrite});
    }
    std::ranges::sort(spawn.inherits, {}, &Inherit::fd);
  }

  void check_file(const Process& process, const Stream& stream, const std::string& path, bool input) {
    const char* wrong = nullptr;
    const FileFacts facts = lookup_.look(path);
    if (facts.type == FileFacts::Type::kDirectory) {
      wrong = " is a folder";
    } else if (input) {
      wrong = facts.type == FileFacts::Type::kMissing ? " does not exist"
              : !facts.readable                       ? " may not be read"
                                                      : nullptr;
    } else if (lookup_.look(folder(path)).type != FileFacts::Type::kDirectory) {
      wrong = " cannot be made: its folder does not exist";
    }
    if (wrong != nullptr) {
      error(stream.mark, cat("file ", quoted(path), ", ", input ? "stdin" : "output", " of process ",
                             quoted(process.name), ',', wrong));
    }
  }

  // Writers of one file share one open description, so that they do not write over each other. Each reader
  // has its own place in it.
  ObjectId open_file(const Process& process, const Stream& stream, const std::string& path, bool input) {
    if (input) return objects_.add(path, FileObject{path, false});
    const auto [place, fresh] = written_.try_emplace(path, Written{{}, &stream});
    if (fresh) {
      place->second.object = objects_.add(path, FileObject{path, stream.append});
    } else if (place->second.first->append != stream.append) {
      error(
          stream.mark,
          cat("process ", quoted(process.name), stream.append ? " appends to " : " truncates ", quoted(path),
              stream.append ? ", which is truncated elsewhere" : ", which is appended to elsewhere"),
          "give both the same 'append:'")
          .notes.push_back({place->second.first->mark, "named here too"});
    }
    return place->second.object;
  }

  void fill_command(const Process& process, Spawn& spawn, const Descriptors& descriptors) {
    Variables variables = environment_.declared(process, spawn.replica);
    const std::string path = environment_.path(process, variables);
    add_ours(process, spawn, descriptors, variables);
    spawn.env = environment_.block(process, sorted(std::move(variables)));
    if (process.ready) spawn.ready = decide(process, process.ready->probe, spawn.replica, path);
    if (process.health) spawn.health = decide(process, process.health->probe, spawn.replica, path);

    const CommandSpec& command = process.command;
    if (command.words.empty()) return;
    if (command.shell) {
      spawn.argv = {"/bin/sh", "-c", command.words[0].value};
      spawn.program = find_program(process, {spawn.argv[0], command.folder, path, false}, command.mark);
      return;
    }
    for (const Text& word : command.words)
      spawn.argv.push_back(fill_in(word.value, spawn.replica, process.replicas));
    spawn.program =
        find_program(process, {spawn.argv[0], command.folder, path, process.builtin}, command.words[0].mark);
    if (process.each) add_each(process, spawn, *process.each, path);
  }

  // What a pool runs is looked up here, as any command is; the kernel's limits are for its runs, not for it.
  void add_each(const Process& process, Spawn& spawn, const CommandSpec& each, const std::string& path) {
    const auto add = [&](std::initializer_list<std::string> words) {
      spawn.argv.insert(spawn.argv.end(), words);
    };
    for (const ResourceLimit& limit : std::exchange(spawn.resources.limits, {}))
      add({"--limit", cat(name(limit.resource), '=', limit.soft, ':', limit.hard)});
    std::vector<std::string> words;
    if (each.shell) words = {"/bin/sh", "-c"};
    for (const Text& word : each.words) words.push_back(word.value);
    add({"--program", find_program(process, {words[0], each.folder, path, false}, each.words[0].mark), "--"});
    spawn.argv.insert(spawn.argv.end(), words.begin(), words.end());
  }

  Probe decide(const Process& process, const ProbeSpec& spec, std::uint32_t replica,
               const std::string& path) {
    const auto filled = [&](const std::string& text) { return fill_in(text, replica, process.replicas); };
    Probe probe{.kind = spec.kind,
                .fd = spec.fd ? spec.fd->value : -1,
                .address = filled(spec.address.value),
                .path = filled(spec.path),
                .least_status = spec.least_status,
                .most_status = spec.most_status,
                .pattern = spec.pattern};
    for (const Text& word : spec.command.words) probe.argv.push_back(filled(word.value));
    if (!probe.argv.empty()) {
      probe.program = find_program(process, {probe.argv[0], spec.command.folder, path, false},
                                   spec.command.words[0].mark);
    }
    return probe;
  }

  std::string find_program(const Process& process, const Wanted& wanted, Mark mark) {
    auto found = lookup_.find(wanted);
    if (auto* program = std::get_if<std::string>(&found)) return std::move(*program);
    auto& [reason, hint] = std::get<NotFound>(found);
    if (wanted.builtin) errors_.machine = true;
    error(mark, cat("program ", quoted(wanted.word), " of process ", quoted(process.name), ' ', reason),
          std::move(hint));
    return {};
  }

  void add_ours(const Process& process, const Spawn& spawn, const Descriptors& descriptors,
                Variables& variables) const {
    const auto add = [&](const char* name, std::string value) {
      variables.emplace_back(name, std::move(value));
    };
    add("PROCGRAPH_GRAPH", graph_.name);
    add("PROCGRAPH_PROCESS", process.name);
    add("PROCGRAPH_REPLICA", std::to_string(spawn.replica));
    add("PROCGRAPH_REPLICAS", std::to_string(process.replicas));
    if (spawn.participant != 0) add("PROCGRAPH_PARTICIPANT", std::to_string(spawn.participant));
    if (descriptors.roster >= 0) add("PROCGRAPH_ROSTER", std::to_string(descriptors.roster));
    if (!descriptors.ports.empty()) add("PROCGRAPH_PORTS", descriptors.ports);
    if (descriptors.listeners > 0) {
      add("LISTEN_FDS", std::to_string(descriptors.listeners));
      add("LISTEN_FDNAMES", descriptors.listen_names);
    }
    if (process.health && process.health->probe.kind == ProbeKind::kWatchdog)
      add("WATCHDOG_USEC", std::to_string(process.health->timeout / std::chrono::microseconds(1)));
    for (const PortId id : process.ports) {
      const Port& port = graph_.at(id);
      if (port.variable.empty()) continue;
      variables.emplace_back(port.variable, socket_reference(graph_.at(port.channel).name, "address"));
    }
  }

  struct Written {
    ObjectId object;
    const Stream* first;
  };

  const World& world_;
  Diagnostics& diagnostics_;
  PlanErrors& errors_;
  const Graph& graph_;
  Objects objects_;
  Lookup lookup_;
  Environment environment_;
  Plan plan_;
  std::map<std::string, Written> written_;
  unsigned participants_ = 0;
  bool failed_ = false;  // a mistake was found in the process at hand
};

}  // namespace

Plan make_plan(const Graph& graph, const World& world, Diagnostics& diagnostics, PlanErrors& errors) {
  return Planner(graph, world, diagnostics, errors).run();
}

}  // namespace procgraph
