// What the fuzz targets have in common: a world that does not exist, and what must hold of all that is said.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/diagnostic.h"
#include "base/text.h"
#include "base/world.h"
#include "channels/kinds.h"
#include "graph/build.h"
#include "plan/plan.h"

namespace procgraph::fuzzed {

// A machine on which every path is a program, no other file can be read, and no .env lies beside the graph.
inline World made_up_world() {
  World world;
  world.environment = {{"PATH", "/bin"}, {"HOME", "/home"}};
  world.cwd = "/graphs";
  world.look = [](const std::string& path) {
    if (path.ends_with("/.env")) return FileFacts{};
    return FileFacts{.type = FileFacts::Type::kRegular, .readable = true, .executable = true};
  };
  world.read_file = [](const std::string& path) -> Result<std::string> { return Error{path, 2}; };
  return world;
}

inline void must_be_printable(const std::string& text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (escape(line) != line) {
      std::fprintf(stderr, "a control character reached the terminal: %s\n", escape(line).c_str());
      std::abort();
    }
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
}

// As far as there is no mistake.
inline void plan_of(const Spec& spec, const World& world, Diagnostics& diagnostics) {
  const Graph built = build(spec, all_kinds(), diagnostics);
  if (diagnostics.has_errors()) return;
  check(built, world, diagnostics);
  const Graph graph = select(built, spec, {}, diagnostics);
  if (diagnostics.has_errors()) return;
  PlanErrors errors;
  const Plan plan = make_plan(graph, world, diagnostics, errors);
  if (!diagnostics.has_errors()) must_be_printable(to_text(plan));
}

}  // namespace procgraph::fuzzed
