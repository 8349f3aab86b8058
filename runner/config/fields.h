// Reading a map key by key: each key is looked up in the keys table, and a supported one is handed to the
// function bound to it.
#pragma once

#include <span>
#include <string_view>

#include "config/values.h"

namespace procgraph::config {

// What reads one key of a map into a Target.
template <class Target>
struct Binding {
  std::string_view key;
  void (*read)(Reader&, const Field&, Target&);
};

// The row of a key that may stand in `place` and is supported; for all others reports why not and gives null.
[[nodiscard]] const Key* accept(Reader& reader, Place place, const YamlNode& map, const Entry& entry);
// A supported row without a function: a defect of ours.
[[noreturn]] void unbound(const Key& row);

template <class Target>
void read_fields(Reader& reader, Place place, const YamlNode& map, std::span<const Binding<Target>> bindings,
                 Target& target) {
  for (const Entry& entry : map.entries()) {
    const Key* row = accept(reader, place, map, entry);
    if (row == nullptr) continue;
    const Binding<Target>* bound = nullptr;
    for (const Binding<Target>& binding : bindings) {
      if (binding.key == row->name) bound = &binding;
    }
    if (bound == nullptr) unbound(*row);
    bound->read(reader, Field{*row, *entry.key, *entry.value}, target);
  }
}

// The map with what a section of `defaults:` (or null) adds. Its cost is taken from the budget.
[[nodiscard]] const YamlNode* with_defaults(Reader& reader, const YamlNode& map, const YamlNode* section);
// A map that has only this entry.
[[nodiscard]] const YamlNode* single(Reader& reader, std::string_view key, const YamlNode& value);

}  // namespace procgraph::config
