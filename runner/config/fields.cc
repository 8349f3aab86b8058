#include "config/fields.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "config/merge.h"
#include "config/syntax.h"

namespace procgraph::config {
namespace {

// Whether a command in brackets, on the key's line, may have given birth to this key: `{ command: cut -d, -f1
// }`.
bool fell_off_a_command(const YamlNode& map, const Entry& entry) {
  if (!map.flow) return false;
  for (const Entry& other : map.entries()) {
    const bool command = other.key->text() == "command" || other.key->text() == "shell";
    if (command && other.key->mark.line == entry.key->mark.line &&
        other.key->mark.column < entry.key->mark.column) {
      const std::string_view key = entry.key->text();
      return key.starts_with('-') || entry.value->is(YamlNode::Kind::kNull) ||
             key.find(' ') != std::string_view::npos;
    }
  }
  return false;
}

}  // namespace

const Key* accept(Reader& reader, Place place, const YamlNode& map, const Entry& entry) {
  const std::string_view name = entry.key->text();
  if (place == Place::kTop && name.starts_with("x-")) return nullptr;
  const Key* row = find_key(place, name);
  if (row != nullptr && row->supported) return row;
  if (row != nullptr) {
    reader.problems.error(entry.key->mark, fmt::format("'{}' is not supported yet", name));
  } else {
    Diagnostic& error =
        reader.problems.error(entry.key->mark, fmt::format("unknown key '{}' in {}", name, phrase(place)));
    error.hint = fell_off_a_command(map, entry) ? kQuoteTheCommand : hint_for_unknown(place, name);
  }
  return nullptr;
}

void unbound(const Key& row) {
  std::fprintf(stderr, "procgraph: the key '%.*s' is in the table, but nothing reads it\n",
               static_cast<int>(row.name.size()), row.name.data());
  std::abort();
}

const YamlNode* with_defaults(Reader& reader, const YamlNode& map, const YamlNode* section) {
  if (section == nullptr || section->entries().empty()) return &map;
  if (section->nodes > reader.budget.nodes) {
    reader.problems.error(section->mark, "more than 1,000,000 values, with these defaults for each");
    return &map;
  }
  reader.budget.nodes -= section->nodes;
  std::vector<Entry> entries(map.entries().begin(), map.entries().end());
  inherit(entries, std::span(&section, 1), reader.tree);
  YamlNode facts;
  facts.mark = map.mark;
  facts.flow = map.flow;
  return reader.tree.map(facts, entries);
}

const YamlNode* single(Reader& reader, std::string_view key, const YamlNode& value) {
  YamlNode facts;
  facts.mark = value.mark;
  const Entry entry{reader.tree.scalar(facts, key), &value};
  return reader.tree.map(facts, std::span(&entry, 1));
}

}  // namespace procgraph::config
