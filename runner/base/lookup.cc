#include "base/lookup.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/path.h"
#include "base/text.h"

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

// Names that are near but do not run are passed over: a few of them only.
constexpr int kNeighbours = 8;

std::string inside(const std::string& folder, const std::string& name) {
  return fmt::format("{}{}{}", folder, folder.ends_with('/') ? "" : "/", name);
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

std::variant<std::string, NotFound> Lookup::judge(const Wanted& wanted) {
  const std::string path = absolute(wanted.folder, wanted.word);
  const FileFacts facts = look(path);
  switch (facts.type) {
    case FileFacts::Type::kMissing: {
      const std::string typed = wanted.word.substr(0, wanted.word.rfind('/') + 1);
      const auto near = neighbour(wanted.word.substr(typed.size()), {folder(path)});
      return NotFound{"was not found", near ? fmt::format("did you mean '{}{}'?", typed, *near)
                                            : fmt::format("there is no '{}'", path)};
    }
    case FileFacts::Type::kDirectory:
      return NotFound{"is a folder, not a program", {}};
    case FileFacts::Type::kOther:
      return NotFound{"is neither a file nor a folder", {}};
    case FileFacts::Type::kRegular:
      break;
  }
  if (!facts.executable) return NotFound{"is not executable", "chmod +x " + shell_quote(path)};
  return path;
}

const std::vector<std::string>& Lookup::names(const std::string& folder) {
  const auto [place, fresh] = names_.try_emplace(folder);
  if (fresh && world_.list) place->second = world_.list(folder);
  return place->second;
}

std::optional<std::string> Lookup::neighbour(const std::string& name,
                                             const std::vector<std::string>& folders) {
  if (suggestions_left_ == 0) return {};
  --suggestions_left_;
  std::vector<std::string> candidates;
  for (const std::string& folder : folders) {
    const auto& more = names(folder);
    candidates.insert(candidates.end(), more.begin(), more.end());
  }
  for (int tries = 0; tries < kNeighbours; ++tries) {
    auto best = nearest(name, candidates);
    if (!best) return {};
    const auto here = [&](const std::string& folder) { return runs(look(inside(folder, *best))); };
    if (std::ranges::any_of(folders, here)) return best;
    std::erase(candidates, *best);
  }
  return {};
}

NotFound Lookup::missing(const Wanted& wanted, const std::vector<std::string>& folders) {
  if (wanted.builtin)
    return {"was not found", "it is a node of procgraph itself: the installation is not complete"};
  if (const auto near = neighbour(wanted.word, folders))
    return {"was not found", fmt::format("did you mean '{}'?", *near)};
  return {
      "was not found",
      "looked for in 'nodes' beside the file, --nodes, PROCGRAPH_NODE_PATH, PATH and the installed nodes; "
      "a path has a '/'"};
}

std::variant<std::string, NotFound> Lookup::find(const Wanted& wanted) {
  const auto [place, fresh] = found_.try_emplace(wanted.word + '\0' + wanted.folder + '\0' + wanted.path +
                                                 '\0' + (wanted.builtin ? "b" : ""));
  if (!fresh) return place->second;
  auto& answer = place->second;
  if (wanted.word.find('/') != std::string::npos) return answer = judge(wanted);
  const auto all = folders(wanted);
  const std::string* unusable = nullptr;
  std::string path;
  for (const std::string& folder : all) {
    path = inside(folder, wanted.word);
    const FileFacts& facts = look(path);
    if (runs(facts)) return answer = path;
    if (facts.type == FileFacts::Type::kRegular && unusable == nullptr) unusable = &looked_.find(path)->first;
  }
  if (unusable != nullptr)
    return answer = NotFound{fmt::format("is not executable in '{}'", folder(*unusable)),
                             "chmod +x " + shell_quote(*unusable)};
  return answer = missing(wanted, all);
}

}  // namespace procgraph
