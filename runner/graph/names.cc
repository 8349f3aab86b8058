#include <cstdlib>

#include "base/text.h"
#include "graph/draft.h"
#include "graph/wording.h"

namespace procgraph {

void Names::declare(const std::string& name, Target target) {
  if (!targets_.try_emplace(name, target).second) return;
  (std::holds_alternative<ProcessId>(target) ? processes_ : channels_).push_back(name);
}

const Names::Target* Names::find(const std::string& name) const {
  const auto found = targets_.find(name);
  return found == targets_.end() ? nullptr : &found->second;
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
