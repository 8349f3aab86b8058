// Audit of a topic: as a queue's (queue/audit.h), and of what is known of its readers.
#pragma once

#include "queue/audit.h"
#include "topic/memory.h"

namespace procgraph::detail {

[[nodiscard]] Poison audit(TopicView& view);

}  // namespace procgraph::detail
