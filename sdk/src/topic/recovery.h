// Recovery of a topic: what a dead process had in hand comes back to its place, and who is gone for good
// holds nothing up. Every step is an exchange, an OR or a store of what is so: it may be killed and run
// again.
#pragma once

#include <cstdint>

#include "topic/memory.h"

namespace procgraph::detail {

// Only once every thread of the participant is dead: then no store of it can follow.
Recovery reap(TopicView& view, std::uint16_t dead);
// This reader will not come again.
void remove_reader(TopicView& view, std::uint32_t reader);

// A place that one after the other may have who comes while the topic is used. While it is gone nobody but
// the runner looks at what else stands in it, so it is made ready first and opened last: whoever retires a
// message after that sees what its reader has in hand, and of what was retired before the reader gets
// nothing.
[[nodiscard]] bool open_place(TopicView& view, std::uint32_t reader, std::uint16_t participant,
                              std::uint64_t replay);
// Only once its reader is dead and reaped.
void empty_place(TopicView& view, std::uint32_t reader);

}  // namespace procgraph::detail
