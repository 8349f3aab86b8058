// What `put` and `get` have in common: whose end of which channel it is, and how its failures become words
// and exit codes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"
#include "procgraph/node.h"
#include "verbs/verb.h"

namespace procgraph {

struct OutsideFlags {
  std::string channel;
  std::string graph;
  std::string timeout;

  void declare(Flags& flags, std::string timeout_help);
};

inline constexpr int kExitTimeout = 124;

// Calls act(node, timeout) with this process's own ports, where a graph has started it and no other graph is
// named; else from outside. What goes wrong is told as `procgraph VERB: …`.
[[nodiscard]] Outcome at_channel(std::string_view verb, const OutsideFlags& flags,
                                 const std::function<Outcome(Node&, std::optional<Duration>)>& act);

}  // namespace procgraph
