#include "config/tree.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <new>

namespace procgraph::config {
namespace {

template <class T>
T* copied(std::pmr::memory_resource& memory, std::span<const T> from) {
  if (from.empty()) return nullptr;
  T* to = static_cast<T*>(memory.allocate(from.size_bytes(), alignof(T)));
  std::uninitialized_copy(from.begin(), from.end(), to);
  return to;
}

YamlNode childless(YamlNode facts, YamlNode::Kind kind) {
  facts.kind = kind;
  facts.height = 0;
  facts.nodes = 1;
  return facts;
}

const YamlNode* placed(std::pmr::memory_resource& memory, const YamlNode& node) {
  return new (memory.allocate(sizeof(YamlNode), alignof(YamlNode))) YamlNode(node);
}

void add(YamlNode& parent, const YamlNode& child) {
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
  parent.nodes = child.nodes > kMost - parent.nodes ? kMost : parent.nodes + child.nodes;
  parent.height = std::max<std::uint8_t>(parent.height, static_cast<std::uint8_t>(child.height + 1));
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const Entry& entry : entries()) {
    if (entry.key->text() == key) return entry.value;
  }
  return nullptr;
}

const YamlNode* Tree::null(YamlNode facts) {
  facts = childless(facts, YamlNode::Kind::kNull);
  return placed(memory_, facts);
}

const YamlNode* Tree::scalar(YamlNode facts, std::string_view text) {
  facts = childless(facts, YamlNode::Kind::kScalar);
  facts.text_ = copied(memory_, std::span<const char>(text));
  facts.size_ = static_cast<std::uint32_t>(text.size());
  return placed(memory_, facts);
}

const YamlNode* Tree::sequence(YamlNode facts, std::span<const YamlNode* const> items) {
  facts = childless(facts, YamlNode::Kind::kSequence);
  for (const YamlNode* item : items) add(facts, *item);
  facts.items_ = copied(memory_, items);
  facts.size_ = static_cast<std::uint32_t>(items.size());
  return placed(memory_, facts);
}

const YamlNode* Tree::map(YamlNode facts, std::span<const Entry> entries) {
  facts = childless(facts, YamlNode::Kind::kMap);
  for (const Entry& entry : entries) {
    add(facts, *entry.key);
    add(facts, *entry.value);
  }
  facts.entries_ = copied(memory_, entries);
  facts.size_ = static_cast<std::uint32_t>(entries.size());
  return placed(memory_, facts);
}

}  // namespace procgraph::config
