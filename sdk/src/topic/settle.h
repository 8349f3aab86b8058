// Settling in a topic: a message leaves its reader's hands otherwise than by an acknowledgement. As in a
// queue (queue/settle.h) each is counted exactly once, whoever is killed: what the counter will show is
// written into the note first, then one store of the note's word decides it, and all that follows can be done
// again. The counters are the reader's, and one process at a time is that reader.
#pragma once

#include "queue/settle.h"
#include "topic/subscription.h"

namespace procgraph::detail {

// The message is to be taken again by this reader; where messages are delivered at most once it is done with.
void give_back(Subscription& subscription, Ticket t);
// The message, which we have taken, is too old: the reader is done with it.
void expire(Subscription& subscription, Ticket t);
// For a dead reader, of a message that it had taken and not acknowledged: what it had begun is carried out,
// what it had in hand comes back, or is gone. The cursor and the block are left to the reaper.
Settled settle_for_dead(Subscription& subscription, Ticket t);

}  // namespace procgraph::detail
