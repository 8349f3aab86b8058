// Recovery of a topic: what a dead process had in hand comes back to its place, and who is gone for good
// holds nothing up. Every step is an exchange, an OR or a store of what is so: it may be killed and run
// again.
#pragma once

#include <cstdint>

#include "topic/memory.h"

namespace procgraph::detail {

// Only once every thread of the participant is dead: then no store of it can follow.
void reap(TopicView& view, std::uint16_t dead);
// This reader will not come again.
void remove_reader(TopicView& view, std::uint32_t reader);

}  // namespace procgraph::detail
