// Any bytes as a graph file: the pure half (text to Plan) never crashes, hangs or grows without bound, and
// what it says about them can go to a terminal. libFuzzer feeds it in the `fuzz` preset; the `dev` preset
// replays the corpus with it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "config/load.h"
#include "fuzzed.h"

namespace procgraph {
namespace {

using namespace fuzzed;

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
