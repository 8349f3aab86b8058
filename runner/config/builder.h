// TreeBuilder: from a parser's events to a Tree, within a budget: resolves anchors, aliases and `<<`, refuses
// duplicate keys, and finds out where everything stands. Knows no parser and no key's meaning.
#pragma once

#include <string_view>
#include <vector>

#include "config/places.h"
#include "config/problems.h"
#include "config/tree.h"

namespace procgraph::config {

// What all files of one load may cost together. An alias costs what it stands for.
struct Budget {
  std::uint32_t nodes = 1'000'000;
  std::size_t bytes = 32U << 20U;  // of text
};

class TreeBuilder {
 public:
  TreeBuilder(Places& places, Tree& tree, Budget& budget, Problems& problems)
      : places_(places), tree_(tree), budget_(budget), problems_(problems) {}

  // One event each, at a byte offset; `anchor` is 0 for none, and they are numbered 1, 2, … as they appear.
  // False: give up.
  [[nodiscard]] bool null(std::size_t offset, std::size_t anchor);
  [[nodiscard]] bool alias(std::size_t offset, std::size_t anchor);
  [[nodiscard]] bool scalar(std::size_t offset, std::string_view tag, std::size_t anchor,
                            std::string_view value);
  [[nodiscard]] bool begin(YamlNode::Kind kind, std::size_t offset, std::string_view tag, std::size_t anchor,
                           bool flow);
  [[nodiscard]] bool end();

  // The finished document, or null.
  [[nodiscard]] const YamlNode* root() const {
    return frames_.empty() && !done_.empty() ? done_.front() : nullptr;
  }
  // The innermost collection that is not finished: for a parser that fails in it. Null outside all.
  [[nodiscard]] const YamlNode* open() const { return frames_.empty() ? nullptr : &frames_.back().facts; }
  // How far the events have come.
  [[nodiscard]] std::size_t offset() const { return offset_; }

 private:
  struct Frame {
    YamlNode facts;
    std::size_t anchor = 0;
    std::size_t first = 0;  // of its children in done_
  };

  bool spend(std::uint32_t nodes, std::size_t offset);
  bool add(const YamlNode* node, std::size_t anchor);
  bool check_tag(std::string_view tag, std::size_t offset);
  bool at_key() const;
  std::size_t content(std::size_t offset) const;
  bool measure(YamlNode& facts, std::size_t offset, std::string_view value);
  const YamlNode* finished_map(const Frame& frame);
  bool check_key(const YamlNode& key);
  void add_merge(const YamlNode& key, const YamlNode& value, std::vector<const YamlNode*>& bases);
  void drop_duplicates(std::vector<Entry>& entries);

  Places& places_;
  Tree& tree_;
  Budget& budget_;
  Problems& problems_;
  std::vector<Frame> frames_;
  std::vector<const YamlNode*> done_;     // finished nodes whose parents are not
  std::vector<const YamlNode*> anchors_;  // by number; null while unfinished
  std::size_t offset_ = 0;
};

}  // namespace procgraph::config
