#include "config/tree.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <new>

namespace procgraph {
namespace {

template <class T>
T* copied(std::pmr::memory_resource& memory, std::span<const T> from) {
  if (from.empty()) return nullptr;
  T* to = static_cast<T*>(memory.allocate(from.size_bytes(), alignof(T)));
  std::uninitialized_copy(from.begin(), from.end(), to);
  return to;
}

Node childless(Node facts, Node::Kind kind) {
  facts.kind = kind;
  facts.height = 0;
  facts.nodes = 1;
  return facts;
}

const Node* placed(std::pmr::memory_resource& memory, const Node& node) {
  return new (memory.allocate(sizeof(Node), alignof(Node))) Node(node);
}

void add(Node& parent, const Node& child) {
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
  parent.nodes = child.nodes > kMost - parent.nodes ? kMost : parent.nodes + child.nodes;
  parent.height = std::max<std::uint8_t>(parent.height, static_cast<std::uint8_t>(child.height + 1));
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries()) {
    if (entry.key->text() == key) return entry.value;
  }
  return nullptr;
}

const Node* Tree::null(Node facts) {
  facts = childless(facts, Node::Kind::kNull);
  return placed(memory_, facts);
}

const Node* Tree::scalar(Node facts, std::string_view text) {
  facts = childless(facts, Node::Kind::kScalar);
  facts.text_ = copied(memory_, std::span<const char>(text));
  facts.size_ = static_cast<std::uint32_t>(text.size());
  return placed(memory_, facts);
}

const Node* Tree::sequence(Node facts, std::span<const Node* const> items) {
  facts = childless(facts, Node::Kind::kSequence);
  for (const Node* item : items) add(facts, *item);
  facts.items_ = copied(memory_, items);
  facts.size_ = static_cast<std::uint32_t>(items.size());
  return placed(memory_, facts);
}

const Node* Tree::map(Node facts, std::span<const Entry> entries) {
  facts = childless(facts, Node::Kind::kMap);
  for (const Entry& entry : entries) {
    add(facts, *entry.key);
    add(facts, *entry.value);
  }
  facts.entries_ = copied(memory_, entries);
  facts.size_ = static_cast<std::uint32_t>(entries.size());
  return placed(memory_, facts);
}

}  // namespace procgraph
