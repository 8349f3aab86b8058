#include "config/merge.h"

#include <string_view>
#include <unordered_map>

namespace procgraph::config {
namespace {

constexpr std::size_t kFew = 16;  // up to here, looking at each is faster than a hash table

// The entries by key, as they become more.
class Entries {
 public:
  Entries(std::vector<Entry>& entries, std::size_t expected) : entries_(entries), hashed_(expected > kFew) {
    if (!hashed_) return;
    for (std::size_t at = 0; at < entries.size(); ++at) places_.emplace(entries[at].key->text(), at);
  }

  // The one with the same key, or null after adding this one.
  Entry* find_or_add(const Entry& entry) {
    const std::string_view key = entry.key->text();
    if (hashed_) {
      auto [place, added] = places_.emplace(key, entries_.size());
      if (!added) return &entries_[place->second];
    } else {
      for (Entry& other : entries_) {
        if (other.key->text() == key) return &other;
      }
    }
    entries_.push_back(entry);
    return nullptr;
  }

 private:
  std::vector<Entry>& entries_;
  std::unordered_map<std::string_view, std::size_t> places_;
  bool hashed_;
};

const YamlNode* merged(const YamlNode& own, std::span<const YamlNode* const> bases, Tree& tree) {
  std::vector<Entry> entries(own.entries().begin(), own.entries().end());
  inherit(entries, bases, tree);
  YamlNode facts;
  facts.mark = own.mark;
  facts.flow = own.flow;
  return tree.map(facts, entries);
}

}  // namespace

void inherit(std::vector<Entry>& own, std::span<const YamlNode* const> bases, Tree& tree) {
  std::size_t expected = own.size();
  for (const YamlNode* base : bases) expected += base->entries().size();
  own.reserve(expected);  // so that what find_or_add() gives stays where it is
  Entries entries(own, expected);
  Entry* env = nullptr;
  std::vector<const YamlNode*>
      env_bases;  // merged at once: each in turn would copy the first ones again and again
  for (const YamlNode* base : bases) {
    for (const Entry& entry : base->entries()) {
      Entry* mine = entries.find_or_add(entry);
      const bool both =
          mine != nullptr && mine->value->is(YamlNode::Kind::kMap) && entry.value->is(YamlNode::Kind::kMap);
      if (!both || entry.key->text() != "env") continue;
      env = mine;
      env_bases.push_back(entry.value);
    }
  }
  if (env != nullptr) env->value = merged(*env->value, env_bases, tree);
}

}  // namespace procgraph::config
