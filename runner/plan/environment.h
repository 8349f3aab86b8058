// The environment of a spawned process (docs/node-protocol.md), but for PROCGRAPH_PID, which only the child
// knows.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/world.h"
#include "graph/graph.h"

namespace procgraph {

using Variables = std::vector<std::pair<std::string, std::string>>;  // sorted by name, each once

// ${replica} and ${replicas} in place of their marks.
[[nodiscard]] std::string fill_in(std::string_view text, std::uint32_t replica, std::uint32_t replicas);

class Environment {
 public:
  explicit Environment(const World& world);

  // What the process is given, inherited or declared, before ours is added.
  [[nodiscard]] Variables declared(const Process& process, std::uint32_t replica) const;
  // All of it as "K=V"; `added` wins over what is inherited.
  [[nodiscard]] std::vector<std::string> block(const Process& process, const Variables& added) const;
  // The PATH that the process will get.
  [[nodiscard]] std::string path(const Process& process, const Variables& declared) const;

 private:
  Variables inherited_;  // whole, and
  Variables clean_;      // with clean_env: true
};

[[nodiscard]] Variables sorted(Variables variables);  // of several with one name the last stays

}  // namespace procgraph
