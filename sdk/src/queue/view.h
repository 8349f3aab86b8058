// View: a queue as one process sees it, shared by all its handles and threads.
#pragma once

#include <cstdint>

#include "queue/memory.h"
#include "roster.h"

namespace procgraph::detail {

struct View {
  QueueMemory memory;
  Roster roster;
  std::uint16_t self = 0;  // our number in the roster; 0: the runner

  [[nodiscard]] Control& control() { return memory.control(); }
};

}  // namespace procgraph::detail
