#include "plan/describe.h"

#include <algorithm>

namespace procgraph {

std::string_view name(End end) {
  switch (end) {
    case End::kRead:
      return "read";
    case End::kWrite:
      return "write";
    case End::kA:
    case End::kB:
      return "both";
    case End::kReadOnly:
      return "read-only";
    case End::kReadWrite:
      return "read-write";
  }
  return "";
}

std::string_view sort_of(const Object& object) {
  constexpr std::string_view kSorts[] = {"pipe", "socket pair", "memory", "file"};
  return kSorts[object.what.index()];
}

std::vector<std::string> own_environment(const Plan& plan, const Spawn& spawn) {
  const Process& process = plan.graph.at(spawn.process);
  std::vector<std::string> own;
  for (const std::string& entry : spawn.env) {
    const auto key = std::string_view(entry).substr(0, entry.find('='));
    const bool declared = std::ranges::any_of(
        process.env, [&](const EnvironmentEntry& variable) { return variable.name.value == key; });
    if (declared || key.starts_with("PROCGRAPH_")) own.push_back(entry);
  }
  return own;
}

std::vector<std::vector<std::string>> names_by(const Graph& graph, const std::vector<std::uint32_t>& number) {
  std::vector<std::vector<std::string>> names;
  for (const Process& process : graph.processes) {
    const std::uint32_t n = number[process.id.value];
    if (names.size() <= n) names.resize(n + 1);
    names[n].push_back(process.name);
  }
  return names;
}

}  // namespace procgraph
