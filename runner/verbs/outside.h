// What `put`, `get` and `each` have in common: whose end of which channel it is, and how its failures become
// words and exit codes.
#pragma once

#include <cstdint>
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

// `text`, which was given with `flag`, as a number of `things` from 1; where it is "", `otherwise`. Nothing:
// it is none, which was said.
[[nodiscard]] std::optional<std::uint64_t> read_number(std::string_view verb, std::string_view flag,
                                                       std::string_view things, const std::string& text,
                                                       std::uint64_t otherwise);
// What --timeout says, if anything. False: it makes no sense, which was said.
[[nodiscard]] bool read_timeout(std::string_view verb, const OutsideFlags& flags,
                                std::optional<Duration>& timeout);
// A graph has started this process, and no other graph is named: its own ports are meant.
[[nodiscard]] bool is_in_node(const std::string& graph);
// `procgraph VERB: WHY`, to stderr; returns `code`.
int fail(std::string_view verb, std::string_view why, int code);

// Calls act(node, timeout) with this process's own ports, where a graph has started it and no other graph is
// named; else from outside. What goes wrong is told as `procgraph VERB: …`.
[[nodiscard]] Outcome at_channel(std::string_view verb, const OutsideFlags& flags,
                                 const std::function<Outcome(Node&, std::optional<Duration>)>& act);

}  // namespace procgraph
