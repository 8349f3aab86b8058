// Audit of a topic: as a queue's (queue/audit.h), and of what is known of its readers.
#pragma once

#include "queue/audit.h"
#include "topic/memory.h"

namespace procgraph::detail {

// Of a queue's port, too, which has no topic's part.
[[nodiscard]] Poison audit_words(TopicView& view);
[[nodiscard]] Poison audit(TopicView& view);

}  // namespace procgraph::detail
