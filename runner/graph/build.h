// From Spec to Graph: names to ids, defaults, short forms, pipelines; then every rule.
#pragma once

#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/world.h"
#include "config/spec.h"
#include "graph/channel_kind.h"
#include "graph/graph.h"

namespace procgraph {

// What the command line says about the parts that take part.
struct Selection {
  std::vector<std::string> only;  // with what they need through `after`
  std::vector<std::string> except;
};

// Resolves names; mistakes that make resolution impossible (an unknown channel, a name used twice) are
// reported here.
[[nodiscard]] Graph build(const Spec& spec, ChannelKinds kinds, Diagnostics& diagnostics);
// Runs the list of rules over it (graph/rules.cc), and each kind's own check.
void check(const Graph& graph, const World& world, Diagnostics& diagnostics);
// Takes out what enabled: false, --only and --except name; a channel that lost all readers gets a `discard`
// node. After check().
[[nodiscard]] Graph select(Graph graph, const Spec& spec, const Selection& selection,
                           Diagnostics& diagnostics);

}  // namespace procgraph
