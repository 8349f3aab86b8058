#include "config/process.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/command.h"
#include "config/fields.h"
#include "config/files.h"
#include "config/per.h"
#include "config/ports.h"
#include "config/probes.h"
#include "config/resources.h"
#include "config/restart.h"

namespace procgraph::config {
namespace {

using Replica = Expander::Replica;

// Set by procgraph itself for each process (docs/node-protocol.md).
constexpr std::array<std::string_view, 19> kOurVariables{
    "PROCGRAPH_GRAPH",     "PROCGRAPH_PROCESS", "PROCGRAPH_REPLICA",
    "PROCGRAPH_REPLICAS",  "PROCGRAPH_PID",     "PROCGRAPH_PARTICIPANT",
    "PROCGRAPH_ROSTER",    "PROCGRAPH_PORTS",   "LISTEN_PID",
    "LISTEN_FDS",          "LISTEN_FDNAMES",    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",       "WATCHDOG_PID",      "PROCGRAPH_RESULT",
    "PROCGRAPH_EXIT_CODE", "PROCGRAPH_FAILED",  "PROCGRAPH_SEQUENCE",
    "PROCGRAPH_DELIVERY"};

bool is_ours(const std::string& variable) {
  return std::find(kOurVariables.begin(), kOurVariables.end(), variable) != kOurVariables.end();
}

void read_env(Reader& reader, const Field& field, ProcessSpec& process) {
  if (missing(reader, field)) return;
  if (!field.value.is(YamlNode::Kind::kMap)) {
    mismatch(reader, field).hint = "write env: {NAME: value}";
    return;
  }
  for (const Entry& entry : field.value.entries()) {
    const Text name{std::string(entry.key->text()), entry.key->mark};
    if (!valid_variable(name.value)) {
      reader.problems.error(name.mark, fmt::format("a variable cannot be called '{}'", name.value),
                            "a name has letters, digits and '_', and does not begin with a digit");
    } else if (is_ours(name.value)) {
      reader.problems.error(name.mark, fmt::format("procgraph itself sets '{}'", name.value));
    } else if (entry.value->is(YamlNode::Kind::kNull)) {
      reader.problems.error(entry.value->mark, fmt::format("variable '{}' has no value", name.value),
                            "an empty one is written \"\"");
    } else if (auto value =
                   text_of(reader, *entry.value, fmt::format("variable '{}'", name.value), Replica::kKept)) {
      process.env.push_back({name, *value});
    }
  }
}

void read_env_file(Reader& reader, const Field& field, ProcessSpec& process) {
  if (missing(reader, field)) return;
  const YamlNode* const alone[] = {&field.value};
  const auto paths = field.value.is(YamlNode::Kind::kSequence) ? field.value.items()
                                                               : std::span<const YamlNode* const>(alone);
  for (const YamlNode* item : paths) {
    const std::optional<Text> path = read_path(reader, {field.row, field.key, *item}, Replica::kRefused);
    if (!path) continue;
    for (EnvironmentEntry& entry : reader.files.read_variables(reader.folder, *path)) {
      if (is_ours(entry.name.value)) {
        reader.problems.error(entry.name.mark, fmt::format("procgraph itself sets '{}'", entry.name.value))
            .notes.push_back({path->mark, "the file is named here"});
      } else {
        process.env_file.push_back(std::move(entry));
      }
    }
  }
}

constexpr std::array kStopBindings{
    Binding<StopSpec>{"signal",
                      [](Reader& reader, const Field& field, StopSpec& stop) {
                        if (auto signal = read_signal(reader, field)) stop.signal = *signal;
                      }},
    Binding<StopSpec>{"grace",
                      [](Reader& reader, const Field& field, StopSpec& stop) {
                        if (auto grace = read_duration(reader, field)) stop.grace = *grace;
                      }},
};

void read_stop(Reader& reader, const Field& field, ProcessSpec& process) {
  constexpr int kTerm = 15;
  if (missing(reader, field)) return;
  if (!field.value.is(YamlNode::Kind::kMap)) {
    mismatch(reader, field).hint = "write stop: {signal: TERM, grace: 10s}";
    return;
  }
  StopSpec stop{{kTerm, {}}, {std::chrono::seconds(10), {}}};
  read_fields<StopSpec>(reader, Place::kStop, field.value, kStopBindings, stop);
  process.stop = stop;
}

void read_on_failure(Reader& reader, const Field& field, ProcessSpec& process) {
  const std::optional<Text> word = read_word(reader, field);
  if (!word) return;
  for (OnFailure value : {OnFailure::kStop, OnFailure::kFinish, OnFailure::kIgnore}) {
    if (name(value) == word->value) process.on_failure = value;
  }
}

template <auto Member>
void flag(Reader& reader, const Field& field, ProcessSpec& process) {
  if (Typed<bool> value = read_flag(reader, field)) process.*Member = value->value;
}

template <auto Member>
void stream(Reader& reader, const Field& field, ProcessSpec& process) {
  process.*Member = read_stream(reader, field);
}

template <auto Member>
void ports(Reader& reader, const Field& field, ProcessSpec& process) {
  process.*Member = read_ports(reader, field);
}

constexpr std::array kProcessBindings{
    Binding<ProcessSpec>{"command",
                         [](Reader& r, const Field& f, ProcessSpec& p) { p.command = read_command(r, f); }},
    Binding<ProcessSpec>{"shell",
                         [](Reader& r, const Field& f, ProcessSpec& p) { p.command = read_script(r, f); }},
    Binding<ProcessSpec>{"reads", ports<&ProcessSpec::reads>},
    Binding<ProcessSpec>{"writes", ports<&ProcessSpec::writes>},
    Binding<ProcessSpec>{
        "serves", [](Reader& r, const Field& f, ProcessSpec& p) { p.serves = read_socket_ports(r, f); }},
    Binding<ProcessSpec>{
        "connects", [](Reader& r, const Field& f, ProcessSpec& p) { p.connects = read_socket_ports(r, f); }},
    Binding<ProcessSpec>{"stdin", stream<&ProcessSpec::in>},
    Binding<ProcessSpec>{"stdout", stream<&ProcessSpec::out>},
    Binding<ProcessSpec>{"stderr", stream<&ProcessSpec::err>},
    Binding<ProcessSpec>{"replicas",
                         [](Reader& r, const Field& f, ProcessSpec& p) { p.replicas = read_replicas(r, f); }},
    Binding<ProcessSpec>{
        "min_replicas", [](Reader& r, const Field& f, ProcessSpec& p) { p.min_replicas = read_whole(r, f); }},
    Binding<ProcessSpec>{"env", read_env},
    Binding<ProcessSpec>{"env_file", read_env_file},
    Binding<ProcessSpec>{"clean_env", flag<&ProcessSpec::clean_env>},
    Binding<ProcessSpec>{"cwd",
                         [](Reader& r, const Field& f, ProcessSpec& p) {
                           if (auto path = read_path(r, f, Replica::kKept)) p.cwd = *path;
                         }},
    Binding<ProcessSpec>{"umask",
                         [](Reader& r, const Field& f, ProcessSpec& p) { p.umask = read_mode(r, f); }},
    Binding<ProcessSpec>{"after",
                         [](Reader& r, const Field& f, ProcessSpec& p) { p.after = read_after(r, f); }},
    Binding<ProcessSpec>{"finally", flag<&ProcessSpec::finally>},
    Binding<ProcessSpec>{"ready",
                         [](Reader& r, const Field& f, ProcessSpec& p) { p.ready = read_ready(r, f); }},
    Binding<ProcessSpec>{"health",
                         [](Reader& r, const Field& f, ProcessSpec& p) { p.health = read_health(r, f); }},
    Binding<ProcessSpec>{"service", flag<&ProcessSpec::service>},
    Binding<ProcessSpec>{"on_failure", read_on_failure},
    Binding<ProcessSpec>{"ok_codes",
                         [](Reader& r, const Field& f, ProcessSpec& p) { p.ok_codes = read_codes(r, f); }},
    Binding<ProcessSpec>{"restart",
                         [](Reader& r, const Field& f, ProcessSpec& p) { p.restart = read_restart(r, f); }},
    Binding<ProcessSpec>{"stop", read_stop},
    Binding<ProcessSpec>{"timeout", [](Reader& r, const Field& f,
                                       ProcessSpec& p) { p.timeout = read_positive_duration(r, f); }},
    Binding<ProcessSpec>{"limits", read_limits},
    Binding<ProcessSpec>{"cpus", read_cpus},
    Binding<ProcessSpec>{"nice", read_nice},
    Binding<ProcessSpec>{"oom_score_adj", read_oom_score_adj},
    Binding<ProcessSpec>{"per", [](Reader& r, const Field& f, ProcessSpec& p) { p.per = read_per(r, f); }},
    Binding<ProcessSpec>{"ordered",
                         [](Reader& r, const Field& f, ProcessSpec& p) { p.ordered = read_ordered(r, f); }},
    Binding<ProcessSpec>{"enabled", flag<&ProcessSpec::enabled>},
    Binding<ProcessSpec>{"description",
                         [](Reader& r, const Field& f, ProcessSpec& p) {
                           if (auto text = read_text(r, f)) p.description = text->value;
                         }},
};

const Entry* entry_of(const YamlNode& map, std::string_view key) {
  for (const Entry& entry : map.entries()) {
    if (entry.key->text() == key) return &entry;
  }
  return nullptr;
}

// What a process says itself, command or shell, hides the other one of the defaults.
const YamlNode* with_process_defaults(Reader& reader, const YamlNode& own) {
  const YamlNode* all = with_defaults(reader, own, reader.defaults.processes);
  const bool speaks = own.find("command") != nullptr || own.find("shell") != nullptr;
  if (all == &own || !speaks) return all;
  std::vector<Entry> entries(all->entries().begin(), all->entries().end());
  std::erase_if(entries, [&](const Entry& entry) {
    const std::string_view key = entry.key->text();
    return (key == "command" || key == "shell") && own.find(key) == nullptr;
  });
  return reader.tree.map(YamlNode(own), entries);
}

// One of the two, not both.
void check_command(Reader& reader, const Text& name, const YamlNode& map) {
  const Entry* command = entry_of(map, "command");
  const Entry* shell = entry_of(map, "shell");
  if (command != nullptr && shell != nullptr) {
    reader.problems
        .error(shell->key->mark, fmt::format("process '{}' has a command and a shell script", name.value))
        .notes.push_back({command->key->mark, "the command is here"});
  }
  if (command == nullptr && shell == nullptr) {
    reader.problems.error(name.mark, fmt::format("process '{}' has no command", name.value),
                          "write command: or shell:");
  }
}

const YamlNode* process_map(Reader& reader, const Field& processes, const Text& name, const YamlNode& value) {
  switch (value.kind) {
    case YamlNode::Kind::kMap:
      return &value;
    case YamlNode::Kind::kScalar:
      return single(reader, "command", value);
    case YamlNode::Kind::kSequence:
      reader.problems.error(value.mark,
                            fmt::format("process '{}' must be a command or a map, not a list", name.value),
                            "write command: [WORD, …]");
      return nullptr;
    case YamlNode::Kind::kNull:
      reader.problems.error(name.mark, fmt::format("process '{}' has no command", name.value),
                            fmt::format("as in {}: {{{}: sort -u}}", processes.row.name, name.value));
      return nullptr;
  }
  return nullptr;
}

}  // namespace

ProcessSpec read_process(Reader& reader, const Field& processes, const Entry& entry) {
  ProcessSpec process;
  process.name = {std::string(entry.key->text()), entry.key->mark};
  process.folder = reader.folder;
  if (!check_name(reader, process.name, "a process")) return process;
  const YamlNode* own = process_map(reader, processes, process.name, *entry.value);
  if (own == nullptr) return process;
  const YamlNode* map = with_process_defaults(reader, *own);
  check_command(reader, process.name, *map);
  read_fields<ProcessSpec>(reader, Place::kProcess, *map, kProcessBindings, process);
  return process;
}

bool check_process_defaults(Reader& reader, const YamlNode& map) {
  const std::size_t before = reader.problems.errors();
  ProcessSpec unused;
  read_fields<ProcessSpec>(reader, Place::kProcess, map, kProcessBindings, unused);
  return reader.problems.errors() == before;
}

}  // namespace procgraph::config
