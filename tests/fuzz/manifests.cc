// Any bytes as a node's manifest (NAME.node.yaml): what is wrong in one is a warning and never more, what it
// says never makes the front end crash, and all that is said can go to a terminal.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "config/load.h"
#include "config/manifests.h"
#include "fuzzed.h"

namespace procgraph {
namespace {

using namespace fuzzed;

constexpr const char* kGraph = R"(processes:
  a: { command: n x, reads: { in: q, other: t }, writes: { out: p } }
  b: { command: [./n], stdin: p, writes: [q, t] }
  c: { command: n, reads: { in: t, area: s }, writes: { "out": q } }
queues: [q]
topics: [t]
pipes: [p]
shared_memory: { s: { size: 4KiB, initial: f } }
)";

Spec described(const World& world, Sources& sources, Diagnostics& diagnostics) {
  Spec spec = load({.files = {"-"}, .stdin_text = kGraph, .set = {}}, world, sources, diagnostics);
  describe(spec, world, sources, diagnostics);
  return spec;
}

void look_at(const std::string& text) {
  World world = made_up_world();
  world.read_file = [&](const std::string& path) -> Result<std::string> {
    if (path.ends_with(kManifestEnding)) return text;
    return Error{path, 2};
  };
  Sources sources, again;
  Diagnostics diagnostics, told_again;
  const Spec spec = described(world, sources, diagnostics);
  if (diagnostics.has_errors()) {
    std::fprintf(stderr, "a manifest made the graph wrong: %s\n", to_text(diagnostics, sources, {}).c_str());
    std::abort();
  }
  if (described(world, again, told_again) != spec) std::abort();
  plan_of(spec, world, diagnostics);
  must_be_printable(to_text(diagnostics, sources, {}));
}

}  // namespace
}  // namespace procgraph

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  procgraph::look_at({reinterpret_cast<const char*>(data), size});
  return 0;
}
