#include "config/manifests.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "base/lookup.h"
#include "base/text.h"
#include "config/fields.h"
#include "config/files.h"

namespace procgraph {

using namespace config;

namespace {

constexpr Bytes kMostOfManifest{64U << 10};
constexpr const char* kDefaultPath = "/usr/local/bin:/usr/bin:/bin";  // where there is no PATH at all

std::string text(Reader& reader, const Field& field) {
  auto value = read_text(reader, field);
  return value ? std::move(value->value) : std::string();
}

// A word, or a list of them.
std::vector<std::string> read_kinds(Reader& reader, const Field& field) {
  const YamlNode* const alone[] = {&field.value};
  const bool list = field.value.is(YamlNode::Kind::kSequence);
  std::vector<std::string> kinds;
  for (const YamlNode* item : list ? field.value.items() : std::span<const YamlNode* const>(alone)) {
    if (auto kind = read_word(reader, {field.row, field.key, *item})) kinds.push_back(std::move(kind->value));
  }
  return kinds;
}

constexpr std::array kPortBindings{
    Binding<ManifestPort>{"description", [](Reader& reader, const Field& field,
                                            ManifestPort& port) { port.description = text(reader, field); }},
    Binding<ManifestPort>{"kinds", [](Reader& reader, const Field& field,
                                      ManifestPort& port) { port.kinds = read_kinds(reader, field); }},
    Binding<ManifestPort>{"optional",
                          [](Reader& reader, const Field& field, ManifestPort& port) {
                            if (auto flag = read_flag(reader, field)) port.optional = flag->value;
                          }},
};

std::optional<std::vector<ManifestPort>> read_ports(Reader& reader, const Field& field) {
  if (missing(reader, field)) return {};
  if (!field.value.is(YamlNode::Kind::kMap)) {
    mismatch(reader, field).hint = fmt::format("write {}: {{in: {{}}}}", field.row.name);
    return {};
  }
  std::vector<ManifestPort> ports;
  for (const Entry& entry : field.value.entries()) {
    ManifestPort port{.name = {std::string(entry.key->text()), entry.key->mark}};
    if (port.name.value != kAnyPort && !check_name(reader, port.name, "a port")) continue;
    if (entry.value->is(YamlNode::Kind::kMap)) {
      read_fields<ManifestPort>(reader, Place::kManifestPort, *entry.value, kPortBindings, port);
    } else if (!entry.value->is(YamlNode::Kind::kNull)) {
      reader.problems.error(
          entry.value->mark,
          fmt::format("port '{}' takes a map, not {}", port.name.value, described(*entry.value)),
          fmt::format("a port without more to say is written {}: {{}}", port.name.value));
    }
    ports.push_back(std::move(port));
  }
  return ports;
}

Inputs read_inputs(Reader& reader, const Field& field) {
  const auto word = read_word(reader, field);
  if (!word) return Inputs::kUnknown;
  return word->value == "any"        ? Inputs::kAny
         : word->value == "in_order" ? Inputs::kInOrder
                                     : Inputs::kLockstep;
}

Output read_output(Reader& reader, const Field& field) {
  const auto word = read_word(reader, field);
  if (!word) return Output::kUnknown;
  return word->value == "at_end" ? Output::kAtEnd : Output::kWithInput;
}

constexpr std::array kManifestBindings{
    Binding<Manifest>{"description", [](Reader& reader, const Field& field,
                                        Manifest& manifest) { manifest.description = text(reader, field); }},
    Binding<Manifest>{"reads", [](Reader& reader, const Field& field,
                                  Manifest& manifest) { manifest.reads = read_ports(reader, field); }},
    Binding<Manifest>{"writes", [](Reader& reader, const Field& field,
                                   Manifest& manifest) { manifest.writes = read_ports(reader, field); }},
    Binding<Manifest>{"inputs", [](Reader& reader, const Field& field,
                                   Manifest& manifest) { manifest.inputs = read_inputs(reader, field); }},
    Binding<Manifest>{"output", [](Reader& reader, const Field& field,
                                   Manifest& manifest) { manifest.output = read_output(reader, field); }},
    Binding<Manifest>{"filters",
                      [](Reader& reader, const Field& field, Manifest& manifest) {
                        if (auto flag = read_flag(reader, field)) manifest.filters = flag->value;
                      }},
};

// As a person would type it.
std::string shown(const World& world, const std::string& path) {
  return path.starts_with(world.cwd + '/') ? path.substr(world.cwd.size() + 1) : path;
}

// The PATH that the process will get.
std::string path_of(const ProcessSpec& process, const World& world) {
  for (const auto* entries : {&process.env, &process.env_file}) {
    const auto found = std::find_if(entries->rbegin(), entries->rend(),
                                    [](const EnvironmentEntry& entry) { return entry.name.value == "PATH"; });
    if (found != entries->rend()) return found->value.value;
  }
  const auto inherited = world.environment.find("PATH");
  return inherited == world.environment.end() ? kDefaultPath : inherited->second;
}

}  // namespace

struct Manifests::State {
  State(const World& the_world, Sources& sources)
      : world(the_world), problems(diagnostics), files(nothing, the_world, sources, problems) {}

  std::optional<Manifest> read(const std::string& path) {
    const FileFacts facts = world.look(path);
    if (facts.type == FileFacts::Type::kMissing) return {};
    const std::size_t before = problems.errors();
    const auto file = files.read_other(shown(world, path), path, kMostOfManifest);
    if (!file) return {};
    Manifest manifest{.mark = {.file = file->index, .line = 1, .column = 1}};
    Reader reader = files.reader(*file);
    read_fields<Manifest>(reader, Place::kManifest, *file->root, kManifestBindings, manifest);
    return problems.errors() == before ? std::optional(std::move(manifest)) : std::nullopt;
  }

  const World& world;
  LoadRequest nothing;
  Diagnostics diagnostics;
  Problems problems;
  Files files;
  std::map<std::string, std::optional<Manifest>> read_ones;  // by the program's path
};

Manifests::Manifests(const World& world, Sources& sources)
    : state_(std::make_unique<State>(world, sources)) {}
Manifests::~Manifests() = default;

const Manifest* Manifests::find(const std::string& program) {
  const auto [place, fresh] = state_->read_ones.try_emplace(program);
  if (fresh) place->second = state_->read(program + std::string(kManifestEnding));
  return place->second ? &*place->second : nullptr;
}

void Manifests::tell(Diagnostics& diagnostics) const {
  for (Diagnostic& each : state_->diagnostics.sorted())
    diagnostics.warning(each.mark, std::move(each.message), std::move(each.hint)).notes =
        std::move(each.notes);
}

void describe(Spec& spec, const World& world, Sources& sources, Diagnostics& diagnostics) {
  Lookup lookup(world);
  Manifests manifests(world, sources);
  for (ProcessSpec& process : spec.processes) {
    if (!process.command || process.command->shell || process.command->words.empty()) continue;
    const std::string& word = process.command->words[0].value;
    if (word.find_first_of({kReplicaMark, kReplicasMark}) != std::string::npos) continue;
    const auto found = lookup.find({word, process.command->folder, path_of(process, world), false});
    const auto* program = std::get_if<std::string>(&found);  // the plan says so where there is none
    const Manifest* manifest = program == nullptr ? nullptr : manifests.find(*program);
    if (manifest != nullptr) process.manifest = *manifest;
  }
  manifests.tell(diagnostics);
}

}  // namespace procgraph
