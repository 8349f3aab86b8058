#include "config/builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "config/blank.h"
#include "config/merge.h"

namespace procgraph::config {
namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxScalar = 64U << 10;
constexpr std::size_t kMaxKey = 256;
constexpr std::string_view kEndOfName = " \t\n,[]{}";

// Where the quoted text that begins at `offset` ends: the offset of its closing quote, or npos.
std::size_t closing_quote(std::string_view text, std::size_t offset) {
  const char quote = text[offset];
  for (std::size_t at = offset + 1; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote == '"' || at + 1 >= text.size() || text[at + 1] != quote) return at;
      ++at;
    }
  }
  return std::string_view::npos;
}

std::string_view name_at(std::string_view text, std::size_t offset) {
  return text.substr(offset, std::min(text.find_first_of(kEndOfName, offset), text.size()) - offset);
}

// What stands from `begin` on, on that line and before `end`, without trailing blanks.
std::string_view rest_of_line(std::string_view text, std::size_t begin, std::size_t end) {
  const std::string_view all = text.substr(begin, end - begin);
  const std::string_view line = all.substr(0, all.find('\n'));
  return line.substr(0, line.find_last_not_of(kBlank) + 1);
}

// Whether a comment begins here, like " #this" and unlike " # this".
bool comment_without_blank(std::string_view text, std::size_t offset) {
  const std::size_t hash = text.find_first_not_of(" \t", offset);
  if (hash == std::string_view::npos || hash + 1 >= text.size() || text[hash] != '#') return false;
  return std::string_view(" \t\n#").find(text[hash + 1]) == std::string_view::npos;
}

bool is_merge(const YamlNode& key) {
  return key.is(YamlNode::Kind::kScalar) && !key.quoted && key.text() == "<<";
}

}  // namespace

bool TreeBuilder::null(std::size_t offset, std::size_t anchor) {
  if (!spend(1, offset)) return false;
  YamlNode facts;
  std::string_view word = name_at(places_.text(), std::min(content(offset), places_.text().size()));
  if (word.ends_with(':')) word.remove_suffix(1);
  if (word == "~" || word == "null" || word == "Null" || word == "NULL") {
    facts.mark = places_.at(content(offset), code_points(word));
  } else if (!frames_.empty() && frames_.back().facts.is(YamlNode::Kind::kMap) && !at_key()) {
    facts.mark = done_.back()->mark;  // the parser points at what follows; the key says more
  } else {
    const std::size_t before = offset == 0 ? 0 : places_.text().find_last_not_of(kBlank, offset - 1);
    facts.mark = places_.at(before == std::string_view::npos ? 0 : before);
  }
  return add(tree_.null(facts), anchor);
}

bool TreeBuilder::alias(std::size_t offset, std::size_t anchor) {
  const YamlNode* target = anchor < anchors_.size() ? anchors_[anchor] : nullptr;
  if (target == nullptr) {
    const std::string_view name = name_at(places_.text(), offset);
    problems_.error(places_.at(offset, code_points(name)),
                    fmt::format("alias '{}' stands inside what it names", name));
    return false;
  }
  if (frames_.size() + target->height > kMaxDepth) {
    problems_.error(places_.at(offset),
                    fmt::format("more than {} levels, with what this alias stands for", kMaxDepth));
    return false;
  }
  return spend(target->nodes, offset) && add(target, 0);
}

bool TreeBuilder::scalar(std::size_t offset, std::string_view tag, std::size_t anchor,
                         std::string_view value) {
  if (!spend(1, offset) || !check_tag(tag, offset)) return false;
  YamlNode facts;
  facts.quoted = tag == "!";
  if (!measure(facts, content(offset), value)) return false;
  if (value.size() > kMaxScalar) {
    problems_.error(facts.mark, "a text of more than 64KiB", "put it into a file of its own");
    return false;
  }
  return add(tree_.scalar(facts, value), anchor);
}

bool TreeBuilder::begin(YamlNode::Kind kind, std::size_t offset, std::string_view tag, std::size_t anchor,
                        bool flow) {
  if (!spend(1, offset) || !check_tag(tag, offset)) return false;
  Frame frame{.anchor = anchor, .first = done_.size()};
  frame.facts.kind = kind;
  frame.facts.flow = flow;
  frame.facts.mark = places_.at(content(offset));
  if (frames_.size() == kMaxDepth) {
    problems_.error(frame.facts.mark, fmt::format("more than {} levels of lists and maps", kMaxDepth));
    return false;
  }
  if (anchor >= anchors_.size()) anchors_.resize(anchor + 1);
  frames_.push_back(frame);
  return true;
}

bool TreeBuilder::end() {
  const Frame frame = frames_.back();
  const std::span<const YamlNode* const> children = std::span(done_).subspan(frame.first);
  const YamlNode* node =
      frame.facts.is(YamlNode::Kind::kMap) ? finished_map(frame) : tree_.sequence(frame.facts, children);
  done_.resize(frame.first);
  frames_.pop_back();
  return add(node, frame.anchor);
}

bool TreeBuilder::spend(std::uint32_t nodes, std::size_t offset) {
  offset_ = std::max(offset_, offset);
  if (nodes <= budget_.nodes) {
    budget_.nodes -= nodes;
    return !problems_.full();
  }
  problems_.error(places_.at(offset), "more than 1,000,000 values, with what aliases stand for");
  return false;
}

bool TreeBuilder::add(const YamlNode* node, std::size_t anchor) {
  if (anchor != 0) {
    if (anchor >= anchors_.size()) anchors_.resize(anchor + 1);
    anchors_[anchor] = node;
  }
  done_.push_back(node);
  return true;
}

bool TreeBuilder::check_tag(std::string_view tag, std::size_t offset) {
  const std::string_view text = places_.text();
  const std::size_t at = text[std::min(offset, text.size() - 1)] == '&'
                             ? text.find_first_not_of(kBlank, offset + name_at(text, offset).size())
                             : offset;
  const bool written = at < text.size() && text[at] == '!';
  if (!written && (tag == "?" || tag == "!" || tag.empty())) return true;
  const std::string_view name = written ? name_at(text, at) : tag;
  problems_.error(places_.at(written ? at : offset, code_points(name)),
                  fmt::format("tags such as '{}' are not supported", name),
                  "a value that begins with '!' needs quotes");
  return false;
}

bool TreeBuilder::at_key() const {
  const Frame& frame = frames_.back();
  return frame.facts.is(YamlNode::Kind::kMap) && (done_.size() - frame.first) % 2 == 0;
}

// Behind the anchor and the tag, whose place the parser gives for what they belong to.
std::size_t TreeBuilder::content(std::size_t offset) const {
  const std::string_view text = places_.text();
  while (offset < text.size() && (text[offset] == '&' || text[offset] == '!')) {
    offset = text.find_first_of(kEndOfName, offset);
    offset = std::min(text.find_first_not_of(kBlank, std::min(offset, text.size())), text.size());
    while (offset < text.size() && text[offset] == '#') {
      offset = std::min(text.find_first_not_of(kBlank, std::min(text.find('\n', offset), text.size())),
                        text.size());
    }
  }
  return offset;
}

// A scalar's mark, and whether it stands there as it reads.
bool TreeBuilder::measure(YamlNode& facts, std::size_t offset, std::string_view value) {
  const std::string_view text = places_.text();
  const bool quotes = facts.quoted && offset < text.size() && (text[offset] == '"' || text[offset] == '\'');
  if (facts.quoted && !quotes) {  // a block of text: the mark is its '|' or '>'
    facts.mark = places_.at(offset);
    return true;
  }
  if (!quotes) {
    facts.exact = text.substr(offset, value.size()) == value && value.find('\n') == std::string_view::npos;
    const std::string_view shown = facts.exact ? value : rest_of_line(text, offset, offset + value.size());
    facts.mark = places_.at(offset, code_points(shown));
    facts.hash = facts.exact && comment_without_blank(text, offset + value.size());
    return true;
  }
  const std::size_t end = closing_quote(text, offset);
  if (end == std::string_view::npos) {
    problems_.error(places_.at(offset),
                    fmt::format("this {} is never closed", text[offset] == '"' ? "double quote" : "quote"));
    return false;
  }
  facts.exact =
      text.substr(offset + 1, end - offset - 1) == value && value.find('\n') == std::string_view::npos;
  facts.mark = places_.at(offset, code_points(rest_of_line(text, offset, end + 1)));
  return true;
}

const YamlNode* TreeBuilder::finished_map(const Frame& frame) {
  std::vector<Entry> entries;
  std::vector<const YamlNode*> bases;
  entries.reserve((done_.size() - frame.first) / 2);
  for (std::size_t at = frame.first; at + 1 < done_.size(); at += 2) {
    const Entry entry{done_[at], done_[at + 1]};
    if (is_merge(*entry.key)) {
      add_merge(*entry.key, *entry.value, bases);
    } else if (check_key(*entry.key)) {
      entries.push_back(entry);
    }
  }
  drop_duplicates(entries);
  if (!bases.empty()) inherit(entries, bases, tree_);
  return tree_.map(frame.facts, entries);
}

bool TreeBuilder::check_key(const YamlNode& key) {
  if (key.is(YamlNode::Kind::kNull)) {
    problems_.error(key.mark, "a key is missing here", "a key such as 'null' or '~' needs quotes");
  } else if (!key.is(YamlNode::Kind::kScalar)) {
    problems_.error(key.mark, "a key must be a word, not a list or a map",
                    "a value that begins with '{' or '[' needs quotes");
  } else if (key.text().size() > kMaxKey) {
    problems_.error(key.mark, fmt::format("a key of more than {} bytes", kMaxKey));
  } else {
    return true;
  }
  return false;
}

void TreeBuilder::add_merge(const YamlNode& key, const YamlNode& value, std::vector<const YamlNode*>& bases) {
  if (value.is(YamlNode::Kind::kMap)) {
    bases.push_back(&value);
    return;
  }
  bool all_maps = value.is(YamlNode::Kind::kSequence);
  for (const YamlNode* item : value.items()) all_maps = all_maps && item->is(YamlNode::Kind::kMap);
  if (!all_maps) {
    problems_.error(key.mark, "'<<' takes a map, or a list of maps",
                    "as in '<<: *base', where '&base' stands before a map");
    return;
  }
  bases.insert(bases.end(), value.items().begin(), value.items().end());
}

void TreeBuilder::drop_duplicates(std::vector<Entry>& entries) {
  constexpr std::size_t kFew = 16;
  std::unordered_map<std::string_view, const Entry*> seen;
  auto first_of = [&](const Entry& entry) -> const Entry* {
    if (entries.size() > kFew) return seen.emplace(entry.key->text(), &entry).first->second;
    return &*std::find_if(entries.begin(), entries.end(),
                          [&](const Entry& other) { return other.key->text() == entry.key->text(); });
  };
  std::vector<Entry> kept;
  kept.reserve(entries.size());
  for (const Entry& entry : entries) {
    const Entry* first = first_of(entry);
    if (first == &entry) {
      kept.push_back(entry);
      continue;
    }
    problems_.error(entry.key->mark, fmt::format("key '{}' stands here a second time", entry.key->text()))
        .notes.push_back({first->key->mark, "first here"});
  }
  entries.swap(kept);
}

}  // namespace procgraph::config
