// `nodes`: the node programs that a file's commands find by name, in the order of lookup.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>

#include "base/path.h"
#include "base/text.h"
#include "verbs/front.h"

namespace procgraph {
namespace {

struct NodesFlags {
  std::string file;
  std::vector<std::string> nodes;
};

std::vector<std::string> programs_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    std::error_code ignored;
    if (entry.is_regular_file(ignored) && access(entry.path().c_str(), X_OK) == 0)
      names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void print_folder(std::string_view title, const std::string& folder, std::set<std::string>& seen) {
  std::vector<std::string> names = programs_in(folder);
  fmt::print("{} ({})\n", escape(folder), title);
  if (names.empty()) fmt::print("  none\n");
  for (const std::string& name : names) {
    bool first = seen.insert(name).second;
    fmt::print("  {}{}\n", escape(name), first ? "" : "   hidden: an earlier folder has one of this name");
  }
}

Outcome print_nodes(const NodesFlags& flags) {
  Result<World> found = the_world(flags.nodes);
  if (!found) {
    fmt::print(stderr, "procgraph: {}\n", found.error().text());
    return {.code = kExitSystem};
  }
  const World& world = *found;
  std::set<std::string> seen;
  std::string beside = flags.file.empty() ? world.cwd : folder(absolute(world.cwd, flags.file));
  print_folder("beside the file", absolute(beside, "nodes"), seen);
  for (const std::string& extra : world.nodes) print_folder("--nodes or PROCGRAPH_NODE_PATH", extra, seen);
  fmt::print("PATH\n  every program on it\n");
  if (!world.installed_nodes.empty()) print_folder("installed", world.installed_nodes, seen);
  return {};
}

}  // namespace

Action declare_nodes(Flags& flags, const Context&) {
  auto own = std::make_shared<NodesFlags>();
  flags.list("--nodes", own->nodes, "DIR", "look up commands here before PATH; may be repeated");
  flags.argument("FILE", own->file, "the graph file whose nodes/ folder counts; default: one in this folder",
                 false);
  return [own] { return print_nodes(*own); };
}

}  // namespace procgraph
