#include "config/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/path.h"
#include "config/dotenv.h"
#include "config/guard.h"
#include "config/keys.h"
#include "config/read.h"

namespace procgraph::config {
namespace {

constexpr std::string_view kStandardInput = "-";
constexpr std::size_t kMostFiles = 1'000;
constexpr std::size_t kMostLevels = 32;  // of includes

// What is wrong with a path as a file to read; empty: nothing.
std::string_view objection(const FileFacts& facts) {
  switch (facts.type) {
    case FileFacts::Type::kMissing:
      return "there is no such file";
    case FileFacts::Type::kDirectory:
      return "this is a folder, not a file";
    case FileFacts::Type::kOther:
      return "this is not a regular file";
    case FileFacts::Type::kRegular:
      break;
  }
  return facts.readable ? "" : "the file may not be read";
}

// How an included file is shown: beside the file that includes it, as that is shown.
std::string shown_beside(const std::string& from, const std::string& path) {
  const std::string base = folder(from);
  return path.starts_with('/') || base == "." ? path : base + "/" + path;
}

Field top_field(std::string_view name, const YamlNode& root) {
  for (const Entry& entry : root.entries()) {
    if (entry.key->text() == name) return {*find_key(Place::kTop, name), *entry.key, *entry.value};
  }
  return {*find_key(Place::kTop, name), root, root};
}

}  // namespace

std::vector<File> Files::read_all() {
  bool first = true;
  for (const std::string& name : request_.files) {
    const bool standard_input = name == kStandardInput;
    const Wanted wanted{standard_input ? "<stdin>" : name,
                        standard_input ? world_.cwd + "/<stdin>" : absolute(world_.cwd, name),
                        {}};
    if (std::exchange(first, false)) add_dotenv(folder(wanted.path));
    add(wanted);
  }
  return std::move(files_);
}

Reader Files::reader(const File& file) {
  return {problems_, expander_, tree_, budget_, world_.machine, file.folder, {}, *this};
}

void Files::add(const Wanted& wanted) {
  if (in_a_circle(wanted) || std::find(seen_.begin(), seen_.end(), wanted.path) != seen_.end()) return;
  if (seen_.size() == kMostFiles || chain_.size() == kMostLevels) {
    refuse(wanted, "more than 1,000 files, or more than 32 that include each other in turn");
    return;
  }
  seen_.push_back(wanted.path);
  const std::optional<File> file = parse(wanted, "a graph file", "the smallest begins with processes:");
  if (!file) return;
  files_.push_back(*file);
  Reader reading = reader(*file);
  define_vars(reading, *file->root);
  chain_.push_back(wanted);
  include(reading, *file->root, wanted);
  chain_.pop_back();
}

std::optional<File> Files::read_other(const std::string& shown, const std::string& path, Bytes most) {
  const Wanted wanted{shown, path, {}};
  if (world_.look(path).size > most) {
    refuse(wanted, fmt::format("the file is larger than {}", format(most)));
    return {};
  }
  return parse(wanted, "such a file", "");
}

std::optional<File> Files::parse(const Wanted& wanted, std::string_view what, std::string_view hint) {
  Source source{wanted.shown, {}};
  if (!open(wanted, source) || !spend(wanted, source)) return {};
  File file{static_cast<std::uint32_t>(sources_.size()), wanted.path, folder(wanted.path), nullptr};
  const bool good = guard(source, file.index, problems_);
  sources_.push_back(std::move(source));
  if (!good) return {};
  const std::size_t before = problems_.errors();
  file.root = read(sources_.back(), file.index, tree_, budget_, problems_);
  if (file.root == nullptr || !file.root->is(YamlNode::Kind::kMap)) {
    const bool empty = file.root == nullptr || file.root->is(YamlNode::Kind::kNull);
    if (problems_.errors() == before) {
      problems_.error(empty ? Mark{.file = file.index} : file.root->mark,
                      empty ? "the file is empty"
                            : fmt::format("{} is a map of keys, not {}", what, described(*file.root)),
                      std::string(hint));
    }
    return {};
  }
  return file;
}

void Files::add_dotenv(const std::string& folder) {
  const std::string path = absolute(folder, ".env");
  if (world_.look(path).type == FileFacts::Type::kMissing) return;
  const std::string& first = request_.files.front();
  const Wanted wanted{first == kStandardInput ? ".env" : shown_beside(first, ".env"), path, {}};
  Source source{wanted.shown, {}};
  if (!open(wanted, source)) return;
  std::map<std::string, std::string> values;
  for (EnvironmentEntry& entry : parse_variables(std::move(source)))
    values.insert_or_assign(std::move(entry.name.value), std::move(entry.value.value));
  variables_.add_dotenv(std::move(values));
}

std::vector<EnvironmentEntry> Files::parse_variables(Source source) {
  const auto index = static_cast<std::uint32_t>(sources_.size());
  const bool good = guard(source, index, problems_);
  sources_.push_back(std::move(source));
  return good ? parse_dotenv(sources_.back(), index, problems_) : std::vector<EnvironmentEntry>{};
}

std::vector<EnvironmentEntry> Files::read_variables(const std::string& folder, const Text& path) {
  const bool inside = path.value.starts_with(folder + "/");
  const std::string& from = sources_[path.mark.file].name;
  const Wanted wanted{inside ? shown_beside(from, path.value.substr(folder.size() + 1)) : path.value,
                      path.value, path.mark, "read"};
  auto known = variable_files_.find(path.value);
  if (known == variable_files_.end()) {
    Source source{wanted.shown, {}};
    if (!open(wanted, source)) return {};
    known = variable_files_.emplace(path.value, VariableFile{std::move(source)}).first;
  }
  VariableFile& file = known->second;
  if (!spend(wanted, file.source)) return {};
  if (!std::exchange(file.parsed, true)) file.entries = parse_variables(file.source);
  return file.entries;
}

bool Files::in_a_circle(const Wanted& wanted) {
  auto same = [&](const Wanted& other) { return other.path == wanted.path; };
  const auto begin = std::find_if(chain_.begin(), chain_.end(), same);
  if (begin == chain_.end()) return false;
  std::string circle;
  for (auto at = begin; at != chain_.end(); ++at) circle += at->shown + " → ";
  problems_.error(wanted.mark, fmt::format("these files include each other: {}{}", circle, wanted.shown));
  return true;
}

bool Files::open(const Wanted& wanted, Source& source) {
  if (wanted.shown == "<stdin>" && request_.stdin_text) {
    source.text = *request_.stdin_text;
    return true;
  }
  const FileFacts facts = world_.look(wanted.path);
  if (std::string_view reason = objection(facts); !reason.empty()) return refuse(wanted, std::string(reason));
  Result<std::string> text = world_.read_file(wanted.path);
  if (!text) return refuse(wanted, fmt::format("the file cannot be read: {}", text.error().text()));
  source.text = std::move(*text);
  return true;
}

bool Files::spend(const Wanted& wanted, const Source& source) {
  if (source.text.size() > budget_.bytes)
    return refuse(wanted, "with this file, all files together are larger than 32MiB");
  budget_.bytes -= source.text.size();
  return true;
}

// At the include, if one named it; else at the file itself, which then has no text.
bool Files::refuse(const Wanted& wanted, std::string message) {
  if (wanted.mark.known()) {
    problems_.error(wanted.mark, fmt::format("cannot {} '{}': {}", wanted.use, wanted.shown, message));
    return false;
  }
  sources_.push_back({wanted.shown, {}});
  problems_.error({.file = static_cast<std::uint32_t>(sources_.size() - 1)}, std::move(message));
  return false;
}

void Files::define_vars(Reader& reader, const YamlNode& root) {
  if (root.find("vars") == nullptr) return;
  const Field field = top_field("vars", root);
  if (missing(reader, field)) return;
  if (!field.value.is(YamlNode::Kind::kMap)) mismatch(reader, field);
  for (const Entry& entry : field.value.entries()) define(reader, entry);
}

void Files::define(Reader& reader, const Entry& entry) {
  const std::string name(entry.key->text());
  if (!valid_variable(name)) {
    problems_.error(entry.key->mark, fmt::format("a variable cannot be called '{}'", name),
                    "a name has letters, digits and '_', and does not begin with a digit");
    return;
  }
  if (name == "replica" || name == "replicas") {
    problems_.error(entry.key->mark, fmt::format("procgraph itself gives '{}' a value, for each copy", name));
    return;
  }
  const auto [before, added] = vars_.emplace(name, entry.key->mark);
  if (!added) {
    problems_.error(entry.key->mark, fmt::format("variable '{}' is defined a second time", name))
        .notes.push_back({before->second, "first here"});
    return;
  }
  std::optional<Text> value =
      text_of(reader, *entry.value, fmt::format("variable '{}'", name), Expander::Replica::kRefused);
  variables_.define(name,
                    value ? std::move(value->value) : "");  // with a mistake in it, it is not also unset
}

void Files::include(Reader& reader, const YamlNode& root, const Wanted& from) {
  if (root.find("include") == nullptr) return;
  const Field field = top_field("include", root);
  if (missing(reader, field)) return;
  const YamlNode* const alone[] = {&field.value};
  const auto paths = field.value.is(YamlNode::Kind::kSequence) ? field.value.items()
                                                               : std::span<const YamlNode* const>(alone);
  if (field.value.is(YamlNode::Kind::kMap)) {
    mismatch(reader, field);
    return;
  }
  for (const YamlNode* path : paths) {
    const std::optional<Text> text =
        text_of(reader, *path, "a path of 'include'", Expander::Replica::kRefused);
    if (text) add({shown_beside(from.shown, text->value), absolute(reader.folder, text->value), text->mark});
  }
}

}  // namespace procgraph::config
