// Poison: a queue whose memory says something impossible is stopped for everybody, never followed.
#pragma once

#include <cstdint>

#include "queue/view.h"

namespace procgraph::detail {

// What was impossible. Stands in Control::poison, and in what the user reads.
enum class Poison : std::uint16_t {
  kNone,
  kBlockIndex,
  kLap,
  kLength,
  kDoorbell,
  kLimit,
  kReader,
  kState,
  kCount,
  kWaiters,
  kBlock,
  kFrame,
};
[[nodiscard]] const char* to_text(Poison reason);

// Stops the queue and wakes everybody who waits.
void poison(View& view, Poison reason);
[[nodiscard]] Poison poison_of(Control& control);

}  // namespace procgraph::detail
