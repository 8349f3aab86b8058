// An area's port, mapped. Owned by the Node; every handle refers to it.
#pragma once

#include <string>

#include "area/memory.h"
#include "environment.h"
#include "mapping.h"

namespace procgraph::detail {

struct AreaPort {
  Port port;
  Mapping control, data;
  AreaMemory memory;
  std::uint16_t self = 0;                       // our number in the roster
  const Shared<std::uint32_t>* home = nullptr;  // reads zero in a child that fork() made

  // "area 'a'", or "area 'a' (port 'p')"
  [[nodiscard]] std::string name() const;
  [[nodiscard]] bool is_ours() const { return home->load(std::memory_order_relaxed) != 0; }
  // Throws in a child made by fork().
  void require_ours() const;
};

}  // namespace procgraph::detail
