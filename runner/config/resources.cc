#include "config/resources.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/resources.h"
#include "config/fields.h"

namespace procgraph::config {
namespace {

using Replica = Expander::Replica;

template <auto Member>
void whole(Reader& reader, const Field& field, ResourcesSpec& resources) {
  resources.*Member = read_whole(reader, field);
}

template <auto Member>
void size(Reader& reader, const Field& field, ResourcesSpec& resources) {
  resources.*Member = read_bytes(reader, field);
}

void share(Reader& reader, const Field& field, ResourcesSpec& resources) {
  resources.cpu_share = read_percent(reader, field);
}

void read_cpu(Reader& reader, const Field& field, ResourcesSpec& resources) {
  resources.cpu = read_positive_duration(reader, field);
  if (!resources.cpu || resources.cpu->value % std::chrono::seconds(1) == Duration{}) return;
  mismatch(reader, field).hint = "the kernel counts whole seconds";
}

constexpr std::array kLimitBindings{
    Binding<ResourcesSpec>{"memory", size<&ResourcesSpec::memory>},
    Binding<ResourcesSpec>{"cpu", read_cpu},
    Binding<ResourcesSpec>{"cpu_share", share},
    Binding<ResourcesSpec>{"files", whole<&ResourcesSpec::files>},
    Binding<ResourcesSpec>{"processes", whole<&ResourcesSpec::processes>},
    Binding<ResourcesSpec>{"file_size", size<&ResourcesSpec::file_size>},
    Binding<ResourcesSpec>{"core", size<&ResourcesSpec::core>},
};

// Whether it will be a number or a range once ${replica} is known.
bool may_be_range(std::string text) {
  std::ranges::replace(text, kReplicaMark, '0');
  std::ranges::replace(text, kReplicasMark, '0');
  return parse_cpu_range(text).has_value();
}

void read_ranges(Reader& reader, const Field& field, const YamlNode& node, std::vector<Text>& cpus) {
  const std::optional<Text> text = text_of(reader, node, fmt::format("'{}'", field.row.name), Replica::kKept);
  if (!text) return;
  for (std::string_view rest = text->value;;) {
    const std::size_t comma = rest.find(',');
    const std::string range(rest.substr(0, comma));
    if (!may_be_range(range)) {
      mismatch(reader, {field.row, field.key, node});
      return;
    }
    cpus.push_back({range, text->mark});
    if (comma == std::string_view::npos) return;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace

void read_limits(Reader& reader, const Field& field, ProcessSpec& process) {
  if (missing(reader, field)) return;
  if (!field.value.is(YamlNode::Kind::kMap)) {
    mismatch(reader, field).hint = "write limits: {memory: 256MiB, files: 1000}";
    return;
  }
  read_fields<ResourcesSpec>(reader, Place::kLimits, field.value, kLimitBindings, process.resources);
}

void read_cpus(Reader& reader, const Field& field, ProcessSpec& process) {
  if (missing(reader, field)) return;
  if (!field.value.is(YamlNode::Kind::kSequence))
    return read_ranges(reader, field, field.value, process.resources.cpus);
  if (field.value.items().empty()) mismatch(reader, field, "an empty list");
  for (const YamlNode* item : field.value.items()) read_ranges(reader, field, *item, process.resources.cpus);
}

void read_nice(Reader& reader, const Field& field, ProcessSpec& process) {
  process.resources.nice = read_integer(reader, field);
}

void read_oom_score_adj(Reader& reader, const Field& field, ProcessSpec& process) {
  process.resources.oom_score_adj = read_integer(reader, field);
}

}  // namespace procgraph::config
