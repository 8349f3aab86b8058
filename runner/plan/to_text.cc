// `procgraph plan`: what is made, what is started with what, in which order. Every text that came from a file
// is escaped.
#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "graph/wording.h"
#include "plan/describe.h"

namespace procgraph {
namespace {

constexpr std::size_t kLineWidth = 100;

std::string heading(const Plan& plan) {
  std::string line =
      cat("graph ", escape(plan.graph.name), ": ", counted(plan.spawns.size(), "process", "processes"), ", ",
          counted(plan.graph.channels.size(), "channel", "channels"), ", ",
          counted(plan.descriptors, "open file", "open files"));
  if (plan.memory.value != 0) line += cat(", at most ", rough(plan.memory), " in channels");
  line += '\n';
  return plan.graph.single ? line + "single: no other run of this name at a time\n" : line;
}

std::string logs(const Plan& plan) {
  if (!plan.graph.logs) return {};
  const LogsSpec& logs = *plan.graph.logs;
  return cat("logs in ", escape(logs.folder.value), logs.json ? ", as JSON" : "", ": files of up to ",
             format(logs.rotate), ", ", counted(logs.keep, "older one", "older ones"), " of each kept\n");
}

std::string containment(const Plan& plan) {
  const ContainmentSpec& asked = plan.graph.containment;
  if (!asked.tier && !asked.require) return {};
  return cat("contained by ", name(plan.containment.tier), '\n');
}

std::string deadlock(const Plan& plan) {
  if (!plan.can_hang) return {};
  const DeadlockSpec& deadlock = plan.graph.deadlock;
  const std::string budget =
      deadlock.policy == DeadlockPolicy::kGrow ? cat(", by up to ", format(deadlock.budget)) : "";
  return cat("may hang: looked at every ", format_duration(deadlock.after),
             "; deadlock: ", name(deadlock.policy), budget, '\n');
}

std::string listening(const ListenerObject& listener) {
  const SocketAddress& address = listener.address;
  if (address.family == SocketAddress::Family::kTcp)
    return address.port == 0 ? cat(address.host, ", a port that the kernel chooses") : format(address);
  return address.path.empty() ? "unix, in the run's folder" : escape(address.path);
}

std::string details(const Object& object) {
  if (const auto* pipe = std::get_if<PipeObject>(&object.what))
    return pipe->capacity.value == 0 ? "" : format(pipe->capacity);
  if (const auto* memory = std::get_if<MemoryObject>(&object.what)) {
    return cat(rough(memory->size), " reserved", memory->mapped ? ", mapped by the runner too" : "",
               memory->initial.empty() ? "" : cat(", begins as ", escape(memory->initial)),
               memory->prefault ? ", taken before the start" : "");
  }
  if (const auto* listener = std::get_if<ListenerObject>(&object.what)) return listening(*listener);
  const auto* file = std::get_if<FileObject>(&object.what);
  return file != nullptr && file->append ? "appended to" : "";
}

void trim_right(std::string& text) {
  text.erase(text.find_last_not_of(' ') + 1);
}

std::string objects(const Plan& plan) {
  if (plan.objects.empty()) return {};
  std::size_t widest = 0;
  for (const Object& object : plan.objects) widest = std::max(widest, width(escape(object.name)));
  std::string out = "\nobjects\n";
  for (const Object& object : plan.objects) {
    std::string line = cat("  ", padded(escape(object.name), widest), "  ",
                           padded(std::string(sort_of(object)), 11), "  ", details(object));
    trim_right(line);
    out += line + '\n';
  }
  return out;
}

std::string outside(const Plan& plan) {
  std::size_t widest = 0;
  for (const Channel& channel : plan.graph.channels)
    if (channel.outside.any()) widest = std::max(widest, width(channel.name));
  if (widest == 0) return {};
  std::string out = "\noutside\n";
  for (const Channel& channel : plan.graph.channels) {
    if (!channel.outside.any()) continue;
    out += cat("  ", padded(channel.name, widest), "  ", from_outside(channel), " by up to ",
               counted(channel.outside.places, "process", "processes"), " at a time\n");
  }
  return out;
}

// "  key  "
std::string lead(std::string_view key) {
  return cat("  ", padded(std::string(key), 8), ' ');
}

// "a, b, c" behind the line's beginning, broken where the line is full.
void names(std::string& out, std::string line, std::span<const std::string> list,
           std::string_view tail = {}) {
  const std::size_t indent = line.size();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string piece = i + 1 < list.size() ? list[i] + ',' : cat(list[i], tail);
    if (width(line) > indent && width(line) + width(piece) > kLineWidth) {
      trim_right(line);
      out += line + '\n';
      line.assign(indent, ' ');
    }
    line += piece + ' ';
  }
  trim_right(line);
  out += line + '\n';
}

// Channels of which the same can be said stand together.
std::string deaths(const Plan& plan) {
  std::vector<std::pair<std::string, std::vector<std::string>>> told;  // what is said, of which channels
  for (const Channel& channel : plan.graph.channels) {
    if (channel.kind->deaths == nullptr) continue;
    std::string text;
    for (const Death& death : channel.kind->deaths(plan.graph, channel))
      text += cat("    ", padded(std::string(death.of), 11), "  ", death.then, '\n');
    const auto same = std::ranges::find(told, text, &std::pair<std::string, std::vector<std::string>>::first);
    (same == told.end() ? told.emplace_back(text, std::vector<std::string>{}) : *same)
        .second.push_back(channel.name);
  }
  std::string out;
  for (const auto& [text, channels] : told) {
    names(out, "  ", channels);
    out += text;
  }
  return out.empty() ? out : "\nwhen one dies\n" + out;
}

void row(std::string& out, std::string_view key, std::string_view value) {
  out += cat("    ", padded(std::string(key), 8), ' ', value, '\n');
}

void descriptors(std::string& out, const Plan& plan, const Spawn& spawn) {
  std::map<int, std::string> rows;
  for (int fd = 0; fd < 3; ++fd) rows[fd] = name(spawn.streams[static_cast<std::size_t>(fd)]);
  if (spawn.ready && spawn.ready->kind == ProbeKind::kFd) rows[spawn.ready->fd] = "write       readiness";
  for (const Inherit& inherit : spawn.inherits) {
    rows[inherit.fd] =
        cat(padded(std::string(name(inherit.end)), 10), "  ", escape(plan.at(inherit.object).name));
  }
  for (const auto& [fd, what] : rows) row(out, std::to_string(fd), what);
}

// All of PROCGRAPH_PORTS' ports stand below each other; what every process gets is said once, at the end.
void environment(std::string& out, const Plan& plan, const Spawn& spawn) {
  std::string_view key = "env";
  if (plan.graph.at(spawn.process).clean_env) row(out, std::exchange(key, ""), "(clean)");
  for (const std::string& entry : own_environment(plan, spawn)) {
    constexpr std::string_view kEverybody[] = {
        "PROCGRAPH_GRAPH=", "PROCGRAPH_PROCESS=", "PROCGRAPH_REPLICA=", "PROCGRAPH_REPLICAS="};
    if (std::ranges::any_of(kEverybody, [&](std::string_view prefix) { return entry.starts_with(prefix); }))
      continue;
    std::string value = escape(entry);
    if (entry.starts_with("PROCGRAPH_PORTS=")) {
      for (std::size_t at = 0; (at = value.find(' ', at)) != std::string::npos; at += 30) {
        value.replace(at, 1, cat('\n', std::string(13 + std::string_view("PROCGRAPH_PORTS=").size(), ' ')));
      }
    }
    row(out, std::exchange(key, ""), value);
  }
}

// What the process may use, and how it ranks.
void resources(std::string& out, const Plan& plan, const Spawn& spawn) {
  const Resources& decided = spawn.resources;
  if (!decided.cpus.empty()) row(out, "cpus", format_cpus(decided.cpus));
  if (decided.nice) row(out, "nice", std::to_string(*decided.nice));
  if (decided.insists_on_oom_score_adj) row(out, "oom", std::to_string(*decided.oom_score_adj));
  std::string list;
  for (const NamedLimit& limit : limits_of(plan.graph.at(spawn.process).resources))
    list += cat(list.empty() ? "" : ", ", limit.name, ' ', limit.text);
  if (!list.empty()) row(out, "limits", list);
  for (const ControlGroup& group : decided.groups)
    row(out, "cgroup", cat("of version ", group.place.version, ", in ", escape(group.place.folder)));
}

std::string command_line(const Spawn& spawn) {
  std::vector<std::string> words = spawn.argv;
  if (words.empty()) return spawn.program;
  words[0] = spawn.program;
  for (std::string& word : words) word = shown(word);
  return escape(shell_join(words));
}

// "on_failure, after 1s, doubling up to 30s, at most 5 in 1m"
std::string restarts(const RestartPolicy& policy) {
  std::string text = cat(name(policy.when), ", after ", format_duration(policy.first));
  if (policy.most != policy.first) text += cat(", doubling up to ", format_duration(policy.most));
  if (policy.max)
    text += cat(", at most ", std::to_string(policy.max->count), " in ", format_duration(policy.max->within));
  for (std::size_t i = 0; i < policy.except.size(); ++i)
    text += cat(i == 0 ? ", not after exit code " : ", ", std::to_string(policy.except[i]));
  return text;
}

std::string how_often(const Probe& probe, const HealthSpec& health) {
  const std::string what = escape(title(probe));
  if (probe.kind == ProbeKind::kWatchdog) return cat(what, ", each ", format_duration(health.timeout));
  return cat(what, ", each ", format_duration(health.interval), ", within ", format_duration(health.timeout),
             "; ", counted(health.retries, "failure counts", "failures in a row count"));
}

void process(std::string& out, const Plan& plan, const Spawn& spawn) {
  const Process& process = plan.graph.at(spawn.process);
  out += cat("  ", spawn.label,
             process.service   ? " (service)"
             : process.finally ? " (finally)"
             : process.step    ? " (step)"
                               : "",
             process.builtin ? " (ours)" : "", '\n');
  if (process.min_replicas)
    row(out, "copies",
        cat(format_count(process.replicas), ", of which ", format_count(*process.min_replicas),
            " must not fail"));
  row(out, "command", command_line(spawn));
  row(out, "folder", escape(spawn.cwd));
  if (spawn.umask) {
    std::string octal;
    for (unsigned mask = *spawn.umask; mask != 0; mask /= 8)
      octal.insert(octal.begin(), static_cast<char>('0' + mask % 8));
    row(out, "umask", cat('0', octal));
  }
  if (spawn.ready)
    row(out, "ready", cat(escape(title(*spawn.ready)), ", within ", format_duration(process.ready->timeout)));
  if (spawn.health) row(out, "health", how_often(*spawn.health, *process.health));
  if (process.restart.restarts()) row(out, "restart", restarts(process.restart));
  resources(out, plan, spawn);
  descriptors(out, plan, spawn);
  environment(out, plan, spawn);
}

// Replicas differ in their number only: the first stands for all.
std::string processes(const Plan& plan) {
  std::string out = "\nprocesses\n";
  for (std::size_t i = 0; i < plan.spawns.size();) {
    const Spawn& first = plan.spawns[i];
    std::size_t end = i + 1;
    while (end < plan.spawns.size() && plan.spawns[end].process == first.process) ++end;
    process(out, plan, first);
    if (end - i == 2)
      out += cat("  ", plan.spawns[i + 1].label, ": as ", first.label, ", but for the numbers\n");
    if (end - i > 2)
      out += cat("  ", plan.spawns[i + 1].label, " … ", plan.spawns[end - 1].label, ": as ", first.label,
                 ", but for the numbers\n");
    i = end;
  }
  out +=
      "  every process also gets PROCGRAPH_GRAPH, _PROCESS, _REPLICA, _REPLICAS and _PID, participants "
      "_ATTACH too\n";
  return out;
}

std::string waits(const Graph& graph, const std::vector<const Process*>& group) {
  std::string text;
  for (const Process* process : group) {
    for (const After& after : process->after) {
      text += cat(text.empty() ? ": when " : ", ", graph.at(after.process).name, ' ', name(after.condition),
                  after.restart ? ", and again whenever that is started again" : "");
    }
  }
  return text;
}

// Groups without a condition start at once, in one line; each other one has its own.
std::string start(const Plan& plan) {
  std::vector<std::vector<const Process*>> groups;
  for (const Process& process : plan.graph.processes) {
    if (process.finally) continue;
    const std::uint32_t group = plan.start_group[process.id.value];
    if (groups.size() <= group) groups.resize(group + 1);
    groups[group].push_back(&process);
  }
  std::vector<std::string> at_once;
  std::string later;
  for (const auto& group : groups) {
    std::vector<std::string> members;
    for (const Process* process : group) members.push_back(process->name);
    if (group.empty()) continue;
    const std::string condition = waits(plan.graph, group);
    if (condition.empty()) {
      at_once.insert(at_once.end(), members.begin(), members.end());
    } else {
      names(later, lead(""), members, condition);
    }
  }
  std::string out = "\nstart\n";
  if (!at_once.empty()) names(out, lead("at once"), at_once);
  return out + later;
}

std::string stop(const Plan& plan) {
  std::string out = "\nstop\n";
  std::size_t step = 0;
  for (const auto& members : names_by(plan.graph, plan.stop_rank))
    names(out, lead(std::to_string(++step)), members);
  return out;
}

// When all others have ended; how long each may run then.
std::string finally(const Plan& plan) {
  std::string out;
  for (const Process& process : plan.graph.processes) {
    if (!process.finally) continue;
    const std::string within =
        cat(", for up to ", format_duration(process.timeout.value_or(plan.graph.grace)));
    names(out, lead(""), std::array{process.name}, waits(plan.graph, {&process}) + within);
  }
  return out.empty() ? out : "\nfinally\n" + out;
}

}  // namespace

std::string to_text(const Plan& plan) {
  std::string out = heading(plan) + containment(plan) + deadlock(plan) + logs(plan);
  for (const std::string& note : plan.graph.notes) out += cat("note: ", escape(note), '\n');
  return out + objects(plan) + outside(plan) + processes(plan) + start(plan) + stop(plan) + finally(plan) +
         deaths(plan);
}

}  // namespace procgraph
