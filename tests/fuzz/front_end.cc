// Any bytes as a graph file: the pure half (text to Plan) never crashes, hangs or grows without bound, and
// what it says about them can go to a terminal. libFuzzer feeds it in the `fuzz` preset; the `dev` preset
// replays the corpus with it.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/diagnostic.h"
#include "base/text.h"
#include "base/world.h"
#include "channels/kinds.h"
#include "config/load.h"
#include "graph/build.h"
#include "plan/plan.h"

namespace procgraph {
namespace {

// A machine on which every path is a program, no other file can be read, and no .env lies beside the graph.
World made_up_world() {
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

void must_be_printable(const std::string& text) {
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

void plan_of(const Spec& spec, const World& world, Diagnostics& diagnostics) {
  const Graph built = build(spec, all_kinds(), diagnostics);
  if (diagnostics.has_errors()) return;
  check(built, world, diagnostics);
  const Graph graph = select(built, spec, {}, diagnostics);
  if (diagnostics.has_errors()) return;
  PlanErrors errors;
  const Plan plan = make_plan(graph, world, diagnostics, errors);
  if (!diagnostics.has_errors()) must_be_printable(to_text(plan));
}

void must_be_the_same(const Spec& spec, const LoadRequest& request, const World& world) {
  Sources sources;
  Diagnostics diagnostics;
  if (load(request, world, sources, diagnostics) != spec) std::abort();
}

void look_at(std::string text) {
  const World world = made_up_world();
  Sources sources;
  Diagnostics diagnostics;
  const LoadRequest request{.files = {"-"}, .stdin_text = std::move(text), .set = {}};
  const Spec spec = load(request, world, sources, diagnostics);
  must_be_the_same(spec, request, world);
  if (!diagnostics.has_errors()) plan_of(spec, world, diagnostics);
  must_be_printable(to_text(diagnostics, sources, {}));
}

}  // namespace
}  // namespace procgraph

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  procgraph::look_at({reinterpret_cast<const char*>(data), size});
  return 0;
}
