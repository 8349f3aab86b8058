#include "config/command.h"

#include <fmt/format.h>

#include "base/path.h"

namespace procgraph::config {
namespace {

using Replica = Expander::Replica;

// A program with a slash in its name is a path, relative to the file.
void resolve_program(Reader& reader, std::string& program) {
  if (program.find('/') != std::string::npos && !program.starts_with('/'))
    program = absolute(reader.folder, program);
}

CommandSpec empty_command(const Reader& reader, const Field& field) {
  CommandSpec command;
  command.mark = field.value.mark;
  command.folder = reader.folder;
  return command;
}

// A comment where the writer may have meant a part of the command.
void warn_of_hash(Reader& reader, const Field& field) {
  if (!field.value.hash) return;
  reader.problems.warning(
      field.value.mark,
      fmt::format("from ' #' on this line is a comment, and no part of '{}'", field.row.name),
      "quote the whole value, or put a blank behind the '#'");
}

std::optional<std::vector<Word>> words_in_text(Reader& reader, const Field& field) {
  std::optional<std::vector<Word>> words = split_words(written(field.value), reader.problems);
  if (words && words->empty()) {
    reader.problems.error(field.value.mark, fmt::format("'{}' is empty", field.row.name));
    return {};
  }
  return words;
}

std::optional<std::vector<Word>> words_in_list(Reader& reader, const Field& field) {
  std::vector<Word> words;
  for (const YamlNode* item : field.value.items()) {
    if (!item->is(YamlNode::Kind::kScalar)) {
      const bool null = item->is(YamlNode::Kind::kNull);
      reader.problems.error(
          item->mark, fmt::format("a word of '{}' must be a text, not {}", field.row.name, described(*item)),
          null ? "quote it, or write \"\" for an empty word" : "");
      return {};
    }
    const Written word = written(*item);
    words.push_back({std::string(word.text), word.mark, word.exact});
  }
  if (!words.empty()) return words;
  reader.problems.error(field.value.mark, fmt::format("'{}' is empty", field.row.name));
  return {};
}

}  // namespace

std::optional<CommandSpec> read_command(Reader& reader, const Field& field) {
  if (missing(reader, field)) return {};
  if (field.value.is(YamlNode::Kind::kMap)) {
    mismatch(reader, field).hint = field.value.flow ? "quote the command" : "";
    return {};
  }
  warn_of_hash(reader, field);
  const bool list = field.value.is(YamlNode::Kind::kSequence);
  const std::optional<std::vector<Word>> words =
      list ? words_in_list(reader, field) : words_in_text(reader, field);
  if (!words) return {};
  CommandSpec command = empty_command(reader, field);
  for (const Word& word : *words) {
    std::optional<std::string> value =
        reader.expander.expand({word.text, word.mark, word.exact}, Replica::kKept);
    if (value) command.words.push_back({std::move(*value), word.mark});
  }
  if (command.words.size() < words->size()) return {};
  if (command.words.front().value.empty()) {
    reader.problems.error(command.words.front().mark, "the program's name is empty");
    return {};
  }
  resolve_program(reader, command.words.front().value);
  return command;
}

std::optional<CommandSpec> read_script(Reader& reader, const Field& field) {
  if (missing(reader, field)) return {};
  if (!field.value.is(YamlNode::Kind::kScalar)) {
    mismatch(reader, field);
    return {};
  }
  const std::string_view script = field.value.text();
  if (script.find_first_not_of(" \t\n") == std::string_view::npos) {
    reader.problems.error(field.value.mark, fmt::format("'{}' is empty", field.row.name));
    return {};
  }
  if (script.find_first_of(std::string_view("\0\x01\x02", 3)) != std::string_view::npos) {
    reader.problems.error(field.value.mark, "a script cannot contain the characters \\x00, \\x01, \\x02");
    return {};
  }
  warn_of_hash(reader, field);
  if (script.find("${replica") != std::string_view::npos) {
    reader.problems.warning(
        field.value.mark, "nothing is expanded in 'shell', not even ${replica}",
        "in a script it is $PROCGRAPH_REPLICA, and the number of copies $PROCGRAPH_REPLICAS");
  }
  CommandSpec command = empty_command(reader, field);
  command.shell = true;
  command.words.push_back({std::string(script), field.value.mark});
  return command;
}

}  // namespace procgraph::config
