// YamlNode and Tree: a YAML document as it was written, with the place of everything. Nodes never change once
// made, so an alias is the same node again. Knows neither YAML's grammar nor what any key means.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <string_view>

#include "base/mark.h"

namespace procgraph::config {

class YamlNode;

struct Entry {
  const YamlNode* key = nullptr;  // always a scalar
  const YamlNode* value = nullptr;
};

class YamlNode {
 public:
  enum class Kind : std::uint8_t { kNull, kScalar, kSequence, kMap };

  Mark mark;
  Kind kind = Kind::kNull;
  bool quoted = false;  // a scalar in quotes, or a block of text ('|', '>')
  bool exact = false;   // a scalar that stands in the source, on one line, letter by letter
  bool hash = false;    // a plain scalar that is followed by '#' and a letter: a comment, maybe against the
                        // writer's will
  bool flow = false;    // a sequence or map in brackets
  std::uint8_t height = 0;  // levels below it
  std::uint32_t nodes = 1;  // it and all below, aliases counted as often as they stand

  [[nodiscard]] bool is(Kind other) const { return kind == other; }
  [[nodiscard]] std::string_view text() const {
    return kind == Kind::kScalar ? std::string_view(text_, size_) : std::string_view();
  }
  [[nodiscard]] std::span<const YamlNode* const> items() const {
    if (kind != Kind::kSequence) return {};
    return {items_, size_};
  }
  [[nodiscard]] std::span<const Entry> entries() const {
    if (kind != Kind::kMap) return {};
    return {entries_, size_};
  }
  // The value under `key`, or null.
  [[nodiscard]] const YamlNode* find(std::string_view key) const;

 private:
  friend class Tree;

  std::uint32_t size_ = 0;
  union {
    const char* text_ = nullptr;
    const YamlNode* const* items_;
    const Entry* entries_;
  };
};

// Owns the nodes and their text: they live as long as it does.
class Tree {
 public:
  // Each makes a node from the given facts (its mark and flags) and a copy of the content.
  const YamlNode* null(YamlNode facts);
  const YamlNode* scalar(YamlNode facts, std::string_view text);
  const YamlNode* sequence(YamlNode facts, std::span<const YamlNode* const> items);
  const YamlNode* map(YamlNode facts, std::span<const Entry> entries);

 private:
  std::pmr::monotonic_buffer_resource memory_;
};

}  // namespace procgraph::config
