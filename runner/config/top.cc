#include "config/top.h"

#include <fmt/format.h>

#include <array>

#include "config/channels.h"
#include "config/fields.h"
#include "config/process.h"

namespace procgraph::config {
namespace {

// Reports a key that another file has, too.
bool first_time(Reader& reader, const Field& field, Collected& all) {
  const auto [before, added] = all.once.emplace(field.row.name, field.key.mark);
  if (added) return true;
  reader.problems.error(field.key.mark, fmt::format("'{}' stands in two files", field.row.name))
      .notes.push_back({before->second, "first here"});
  return false;
}

void read_graph_name(Reader& reader, const Field& field, Collected& all) {
  const std::optional<Text> name = read_name(reader, field);
  if (name && all.spec.name.value.empty()) all.spec.name = *name;
}

void read_description(Reader& reader, const Field& field, Collected& all) {
  const std::optional<Text> text = read_text(reader, field);
  if (text && all.spec.description.empty()) all.spec.description = text->value;
}

void read_processes(Reader& reader, const Field& field, Collected& all) {
  if (missing(reader, field)) return;
  if (!field.value.is(YamlNode::Kind::kMap)) {
    mismatch(reader, field).hint = "write processes: {NAME: COMMAND}";
    return;
  }
  all.spec.processes.reserve(all.spec.processes.size() + field.value.entries().size());
  for (const Entry& entry : field.value.entries())
    all.spec.processes.push_back(read_process(reader, field, entry));
}

void read_pipeline(Reader& reader, const YamlNode& list, Collected& all) {
  PipelineSpec pipeline;
  bool good = true;
  for (const YamlNode* item : list.items()) {
    std::optional<Text> name = name_of(reader, *item, "a part of a pipeline");
    good = good && name.has_value();
    if (name) pipeline.names.push_back(std::move(*name));
  }
  if (good && pipeline.names.size() < 2) {
    reader.problems.error(list.mark, "a pipeline has at least two parts");
  } else if (good) {
    all.spec.pipelines.push_back(std::move(pipeline));
  }
}

void read_pipelines(Reader& reader, const Field& field, Collected& all) {
  if (missing(reader, field)) return;
  if (!field.value.is(YamlNode::Kind::kSequence)) {
    mismatch(reader, field).hint = "write pipelines: [[a, b, c]]";
    return;
  }
  for (const YamlNode* item : field.value.items()) {
    if (item->is(YamlNode::Kind::kSequence)) {
      read_pipeline(reader, *item, all);
      continue;
    }
    reader.problems.error(item->mark, fmt::format("a pipeline is a list of names, not {}", described(*item)),
                          "write pipelines: [[a, b, c]]");
    return;  // the same for all others
  }
}

void read_once(Reader& reader, const Field& field, Collected& all, Typed<Duration> Spec::*member,
               bool positive) {
  if (!first_time(reader, field, all)) return;
  all.spec.*member = positive ? read_positive_duration(reader, field) : read_duration(reader, field);
}

template <auto Member>
void flag_once(Reader& reader, const Field& field, Collected& all) {
  if (!first_time(reader, field, all)) return;
  if (Typed<bool> value = read_flag(reader, field)) all.spec.*Member = value->value;
}

constexpr std::array kLogsBindings{
    Binding<LogsSpec>{"dir",
                      [](Reader& r, const Field& f, LogsSpec& logs) {
                        if (auto path = read_path(r, f, Expander::Replica::kRefused)) logs.folder = *path;
                      }},
    Binding<LogsSpec>{"rotate",
                      [](Reader& r, const Field& f, LogsSpec& logs) {
                        if (auto size = read_bytes(r, f)) logs.rotate = size->value;
                      }},
    Binding<LogsSpec>{"keep",
                      [](Reader& r, const Field& f, LogsSpec& logs) {
                        if (auto count = read_whole(r, f))
                          logs.keep = static_cast<std::uint32_t>(count->value);
                      }},
    Binding<LogsSpec>{"format",
                      [](Reader& r, const Field& f, LogsSpec& logs) {
                        if (auto word = read_word(r, f)) logs.json = word->value == "json";
                      }},
};

void read_logs(Reader& reader, const Field& field, Collected& all) {
  if (!first_time(reader, field, all) || missing(reader, field)) return;
  if (!field.value.is(YamlNode::Kind::kMap)) {
    mismatch(reader, field).hint = "write logs: {dir: logs}";
    return;
  }
  LogsSpec logs;
  read_fields<LogsSpec>(reader, Place::kLogs, field.value, kLogsBindings, logs);
  if (field.value.find("dir") == nullptr) reader.problems.error(field.key.mark, "'logs' needs a 'dir'");
  all.spec.logs = std::move(logs);
}

Typed<Tier> read_tier(Reader& reader, const Field& field) {
  const std::optional<Text> word = read_word(reader, field);
  if (!word) return {};
  for (const Tier tier : {Tier::kGuard, Tier::kCgroup, Tier::kPidNamespace}) {
    if (name(tier) == word->value) return Marked<Tier>{tier, word->mark};
  }
  return {};
}

constexpr std::array kContainmentBindings{
    Binding<ContainmentSpec>{
        "tier", [](Reader& r, const Field& f, ContainmentSpec& spec) { spec.tier = read_tier(r, f); }},
    Binding<ContainmentSpec>{
        "require", [](Reader& r, const Field& f, ContainmentSpec& spec) { spec.require = read_tier(r, f); }},
};

void read_containment(Reader& reader, const Field& field, Collected& all) {
  if (!first_time(reader, field, all) || missing(reader, field)) return;
  if (!field.value.is(YamlNode::Kind::kMap)) {
    mismatch(reader, field).hint = "write containment: {tier: pid_namespace} or {require: cgroup}";
    return;
  }
  ContainmentSpec& spec = all.spec.containment;
  read_fields<ContainmentSpec>(reader, Place::kContainment, field.value, kContainmentBindings, spec);
  if (!spec.tier || !spec.require || spec.require->value <= spec.tier->value) return;
  reader.problems.error(spec.require->mark,
                        fmt::format("tier '{}' is required, but 'tier' asks for '{}', which holds less",
                                    name(spec.require->value), name(spec.tier->value)),
                        "leave 'tier' out: what is required is taken");
}

DeadlockPolicy policy_of(const Text& word) {
  for (const DeadlockPolicy policy : {DeadlockPolicy::kWarn, DeadlockPolicy::kFail}) {
    if (name(policy) == word.value) return policy;
  }
  return DeadlockPolicy::kGrow;
}

constexpr std::array kDeadlockBindings{
    Binding<DeadlockSpec>{"policy",
                          [](Reader& r, const Field& f, DeadlockSpec& deadlock) {
                            if (auto word = read_word(r, f)) deadlock.policy = policy_of(*word);
                          }},
    Binding<DeadlockSpec>{"budget",
                          [](Reader& r, const Field& f, DeadlockSpec& deadlock) {
                            if (auto size = read_bytes(r, f)) deadlock.budget = size->value;
                          }},
    Binding<DeadlockSpec>{"after",
                          [](Reader& r, const Field& f, DeadlockSpec& deadlock) {
                            if (auto time = read_positive_duration(r, f)) deadlock.after = time->value;
                          }},
};

void read_deadlock(Reader& reader, const Field& field, Collected& all) {
  if (!first_time(reader, field, all) || missing(reader, field)) return;
  if (!field.value.is(YamlNode::Kind::kMap)) {
    mismatch(reader, field).hint = "write deadlock: {policy: grow}, or warn, or fail";
    return;
  }
  read_fields<DeadlockSpec>(reader, Place::kDeadlock, field.value, kDeadlockBindings, all.spec.deadlock);
}

// Done before everything else of the file.
void already_read(Reader&, const Field&, Collected&) {}

constexpr std::array kTopBindings{
    Binding<Collected>{"name", read_graph_name},
    Binding<Collected>{"description", read_description},
    Binding<Collected>{"vars", already_read},
    Binding<Collected>{"include", already_read},
    Binding<Collected>{"defaults", already_read},
    Binding<Collected>{"processes", read_processes},
    Binding<Collected>{"pipelines", read_pipelines},
    Binding<Collected>{
        "queues", [](Reader& r, const Field& f, Collected& all) { read_queues(r, f, all.spec.channels); }},
    Binding<Collected>{
        "topics", [](Reader& r, const Field& f, Collected& all) { read_topics(r, f, all.spec.channels); }},
    Binding<Collected>{
        "pipes", [](Reader& r, const Field& f, Collected& all) { read_pipes(r, f, all.spec.channels); }},
    Binding<Collected>{"shared_memory", [](Reader& r, const Field& f,
                                           Collected& all) { read_areas(r, f, all.spec.channels); }},
    Binding<Collected>{
        "sockets", [](Reader& r, const Field& f, Collected& all) { read_sockets(r, f, all.spec.channels); }},
    Binding<Collected>{"logs", read_logs},
    Binding<Collected>{"containment", read_containment},
    Binding<Collected>{"deadlock", read_deadlock},
    Binding<Collected>{"timeout", [](Reader& r, const Field& f,
                                     Collected& all) { read_once(r, f, all, &Spec::timeout, true); }},
    Binding<Collected>{"grace", [](Reader& r, const Field& f,
                                   Collected& all) { read_once(r, f, all, &Spec::grace, false); }},
    Binding<Collected>{"keep_going", flag_once<&Spec::keep_going>},
    Binding<Collected>{"single", flag_once<&Spec::single>},
};

// A section of defaults, once it is known to be without a mistake: else each process would repeat it.
using Check = bool (*)(Reader&, const YamlNode&);

void read_section(Reader& reader, const Field& field, const YamlNode*& section, Check check) {
  if (missing(reader, field)) return;
  if (!field.value.is(YamlNode::Kind::kMap)) {
    mismatch(reader, field);
  } else if (check(reader, field.value)) {
    section = &field.value;
  }
}

struct Sections {
  Defaults found;  // not yet the reader's: a section is checked without the others
};

constexpr std::array kDefaultsBindings{
    Binding<Sections>{"processes",
                      [](Reader& r, const Field& f, Sections& s) {
                        read_section(r, f, s.found.processes, check_process_defaults);
                      }},
    Binding<Sections>{"queues",
                      [](Reader& r, const Field& f, Sections& s) {
                        read_section(r, f, s.found.queues, check_queue_defaults);
                      }},
    Binding<Sections>{"topics",
                      [](Reader& r, const Field& f, Sections& s) {
                        read_section(r, f, s.found.topics, check_topic_defaults);
                      }},
    Binding<Sections>{"pipes", [](Reader& r, const Field& f,
                                  Sections& s) { read_section(r, f, s.found.pipes, check_pipe_defaults); }},
    Binding<Sections>{"shared_memory",
                      [](Reader& r, const Field& f, Sections& s) {
                        read_section(r, f, s.found.shared_memory, check_area_defaults);
                      }},
    Binding<Sections>{"sockets",
                      [](Reader& r, const Field& f, Sections& s) {
                        read_section(r, f, s.found.sockets, check_socket_defaults);
                      }},
};

void read_defaults(Reader& reader, const YamlNode& root) {
  for (const Entry& entry : root.entries()) {
    if (entry.key->text() != "defaults") continue;
    const Field field{*find_key(Place::kTop, "defaults"), *entry.key, *entry.value};
    if (missing(reader, field)) return;
    if (!field.value.is(YamlNode::Kind::kMap)) {
      mismatch(reader, field);
      return;
    }
    Sections sections;
    read_fields<Sections>(reader, Place::kDefaults, field.value, kDefaultsBindings, sections);
    reader.defaults = sections.found;
  }
}

}  // namespace

void read_top(Reader& reader, const YamlNode& root, Collected& collected) {
  read_defaults(reader, root);
  read_fields<Collected>(reader, Place::kTop, root, kTopBindings, collected);
}

}  // namespace procgraph::config
