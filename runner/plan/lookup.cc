#include "plan/lookup.h"

#include "base/path.h"
#include "base/text.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

// The folders of a PATH. An empty or relative element would mean the current folder, whichever that is: it is
// left out.
void append_path(const std::string& path, std::vector<std::string>& folders) {
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    if (begin < end && path[begin] == '/') folders.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
}

bool runs(const FileFacts& facts) {
  return facts.type == FileFacts::Type::kRegular && facts.executable;
}

}  // namespace

const FileFacts& Lookup::look(const std::string& path) {
  const auto [place, fresh] = looked_.try_emplace(path);
  if (fresh) place->second = world_.look(path);
  return place->second;
}

std::vector<std::string> Lookup::folders(const Wanted& wanted) const {
  std::vector<std::string> folders;
  if (wanted.builtin) {
    if (!world_.installed_nodes.empty()) folders.push_back(world_.installed_nodes);
    folders.insert(folders.end(), world_.nodes.begin(), world_.nodes.end());
    return folders;
  }
  folders.push_back(absolute(wanted.folder, "nodes"));
  folders.insert(folders.end(), world_.nodes.begin(), world_.nodes.end());
  append_path(wanted.path, folders);
  if (!world_.installed_nodes.empty()) folders.push_back(world_.installed_nodes);
  return folders;
}

std::variant<std::string, NotFound> Lookup::judge(const std::string& path) {
  const FileFacts& facts = look(path);
  switch (facts.type) {
    case FileFacts::Type::kMissing:
      return NotFound{"was not found", cat("there is no ", quoted(path))};
    case FileFacts::Type::kDirectory:
      return NotFound{"is a folder, not a program", {}};
    case FileFacts::Type::kOther:
      return NotFound{"is neither a file nor a folder", {}};
    case FileFacts::Type::kRegular:
      break;
  }
  if (!facts.executable) return NotFound{"is not executable", cat("chmod +x ", shell_quote(path))};
  return path;
}

NotFound Lookup::missing(const Wanted& wanted, const std::vector<std::string>& folders) {
  NotFound result{"was not found", {}};
  if (world_.list && suggestions_left_-- > 0) {
    std::vector<std::string> candidates;
    for (const std::string& folder : folders) {
      for (std::string& name : world_.list(folder)) candidates.push_back(std::move(name));
    }
    result.hint = did_you_mean(wanted.word, candidates);
  }
  if (!result.hint.empty()) return result;
  result.hint = wanted.builtin ? "it is a node of procgraph itself: the installation is not complete"
                               : "looked for in 'nodes' beside the file, --nodes, PROCGRAPH_NODE_PATH, PATH "
                                 "and the installed nodes; a path has a '/'";
  return result;
}

std::variant<std::string, NotFound> Lookup::find(const Wanted& wanted) {
  const auto [place, fresh] = found_.try_emplace(
      cat(wanted.word, '\0', wanted.folder, '\0', wanted.path, '\0', wanted.builtin ? "b" : ""));
  if (!fresh) return place->second;
  auto& answer = place->second;
  if (wanted.word.find('/') != std::string::npos) return answer = judge(absolute(wanted.folder, wanted.word));
  const auto all = folders(wanted);
  const std::string* unusable = nullptr;
  std::string path;
  for (const std::string& folder : all) {
    path = cat(folder, folder.ends_with('/') ? "" : "/", wanted.word);
    const FileFacts& facts = look(path);
    if (runs(facts)) return answer = path;
    if (facts.type == FileFacts::Type::kRegular && unusable == nullptr) unusable = &looked_.find(path)->first;
  }
  if (unusable != nullptr)
    return answer = NotFound{cat("is not executable in ", quoted(folder(*unusable))),
                             cat("chmod +x ", shell_quote(*unusable))};
  return answer = missing(wanted, all);
}

}  // namespace procgraph
