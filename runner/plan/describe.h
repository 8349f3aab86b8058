// What the plan's two prints share. Knows no layout.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"

namespace procgraph {

// read, write, both, read-only, read-write, listen
[[nodiscard]] std::string_view name(End end);
// pipe, socket pair, memory, file, listener
[[nodiscard]] std::string_view sort_of(const Object& object);
// With addresses that are not known yet as the file writes them.
[[nodiscard]] std::string shown(std::string_view text);
// "tcp 127.0.0.1:5432", "exec /usr/bin/check now", "log 'listening'", "notify".
[[nodiscard]] std::string title(const Probe& probe);
struct NamedLimit {
  std::string_view name;    // its key
  std::uint64_t value = 0;  // seconds, bytes, a count
  std::string text;         // for people
};
// The limits that the file sets, in the order of its reference.
[[nodiscard]] std::vector<NamedLimit> limits_of(const ResourcesSpec& resources);
// What the process does not inherit: "K=V" of what the file declares and of what is ours.
[[nodiscard]] std::vector<std::string> own_environment(const Plan& plan, const Spawn& spawn);
// Processes by number (a start group, a stop rank), but for those that start finally: names, in order of the
// number.
[[nodiscard]] std::vector<std::vector<std::string>> names_by(const Graph& graph,
                                                             const std::vector<std::uint32_t>& number);

}  // namespace procgraph
