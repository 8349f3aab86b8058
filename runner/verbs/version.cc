// `version`.
#include <fmt/format.h>

#include "verbs/verb.h"

namespace procgraph {

Action declare_version(Flags&, const Context&) {
  return [] {
    fmt::print("procgraph {}\n", PROCGRAPH_VERSION);
    return Outcome{};
  };
}

}  // namespace procgraph
