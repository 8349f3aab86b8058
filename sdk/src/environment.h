// What the runner tells a process in PROCGRAPH_*, as a value. docs/node-protocol.md describes the variables.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "procgraph/node.h"

namespace procgraph::detail {

enum class Wait : std::uint8_t { kBalanced, kLatency, kThroughput, kSleep };

struct Port {
  PortInfo info;
  int fd = -1, control = -1, payload = -1;
  std::uint32_t reader = 0;  // of a topic: its place among the readers, of the first copy of this process
  Wait wait = Wait::kBalanced;
  bool ordered = false;  // what is put at such a port answers what is got at the other one
  std::string variable;  // of a socket: the one that holds its address

  [[nodiscard]] bool reads() const { return info.access == "read" || info.access == "both"; }
  [[nodiscard]] bool writes() const { return info.access == "write" || info.access == "both"; }
  [[nodiscard]] bool is_native() const { return control >= 0; }
};

struct Environment {
  std::string graph, process;
  std::uint32_t replica = 0, replicas = 1;
  std::int32_t pid = 0;
  std::uint16_t participant = 0;  // 0: none
  int roster = -1;
  std::string attach;  // where a process that was not started itself gets a number
  std::vector<Port> ports;
};

using GetVariable = std::function<const char*(const char*)>;

// Throws NotInGraph, naming the variable that is missing or makes no sense.
[[nodiscard]] Environment read_environment(const GetVariable& get);

}  // namespace procgraph::detail
