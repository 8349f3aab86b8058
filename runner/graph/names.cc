#include <cstdlib>

#include "base/text.h"
#include "graph/draft.h"
#include "graph/wording.h"

namespace procgraph {

const Names::Entry* Names::declare(const std::string& name, Entry entry) {
  const auto [place, fresh] = entries_.try_emplace(name, entry);
  if (!fresh) return &place->second;
  (std::holds_alternative<ProcessId>(entry.target) ? processes_ : channels_).push_back(name);
  return nullptr;
}

const Names::Entry* Names::find(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

std::string Names::suggest(std::string_view word, bool processes, bool channels, bool stream_words) {
  if (suggestions_left_ == 0) return {};
  --suggestions_left_;
  std::vector<std::string> candidates;
  if (processes) candidates = processes_;
  if (channels) candidates.insert(candidates.end(), channels_.begin(), channels_.end());
  if (stream_words) candidates.insert(candidates.end(), {"none", "log", "inherit"});
  return did_you_mean(word, candidates);
}

}  // namespace procgraph
