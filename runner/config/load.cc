#include "config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/path.h"
#include "base/text.h"
#include "config/files.h"
#include "config/top.h"

namespace procgraph {

using namespace config;

namespace {

// A graph's name from a file's: what no name can have becomes '-'.
std::string name_from(std::string stem) {
  constexpr std::size_t kLongest = 63;
  std::replace_if(
      stem.begin(), stem.end(), [](char c) { return c != '_' && !valid_name(std::string("a") + c); }, '-');
  stem.erase(0, std::min(stem.find_first_not_of('-'), stem.size()));
  stem.erase(stem.find_last_not_of('-') + 1);
  if (!valid_name(stem.substr(0, 1))) stem.insert(0, "graph-");
  return stem.substr(0, kLongest);
}

// Processes and channels share one namespace, over all files.
void check_names(const Spec& spec, Problems& problems) {
  std::unordered_map<std::string_view, const Text*> names;
  auto check = [&](const Text& name) {
    if (name.value.empty()) return;
    const auto [first, added] = names.emplace(name.value, &name);
    if (added) return;
    problems
        .error(name.mark, fmt::format("the name '{}' is given a second time", name.value),
               "processes and channels share their names")
        .notes.push_back({first->second->mark, "first here"});
  };
  for (const ProcessSpec& process : spec.processes) check(process.name);
  for (const ChannelSpec& channel : spec.channels) check(channel.name);
}

void check_set(const LoadRequest& request, const Variables& variables, Problems& problems) {
  constexpr Mark kCommandLine{.file = ~0U};
  for (const auto& [name, value] : request.set) {
    if (!valid_variable(name))
      problems.error(kCommandLine, fmt::format("--set {}=…: '{}' cannot be a variable's name", name, name));
  }
  for (const std::string& name : variables.unused_set()) {
    if (valid_variable(name))
      problems.warning(kCommandLine, fmt::format("--set {0}=… has no effect: nothing uses ${{{0}}}", name));
  }
}

}  // namespace

Spec load(const LoadRequest& request, const World& world, Sources& sources, Diagnostics& diagnostics) {
  Problems problems(diagnostics);
  Files files(request, world, sources, problems);
  Collected all;
  const std::vector<File> read = files.read_all();
  for (const File& file : read) {
    Reader reader = files.reader(file);
    read_top(reader, *file.root, all);
  }
  if (!read.empty()) {
    all.spec.folder = read.front().folder;
    if (all.spec.name.value.empty()) all.spec.name.value = name_from(stem(read.front().path));
  }
  check_names(all.spec, problems);
  if (problems.errors() == 0) check_set(request, files.variables(), problems);
  return std::move(all.spec);
}

}  // namespace procgraph
