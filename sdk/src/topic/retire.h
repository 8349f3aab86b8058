// Retiring: when a message is no longer kept, and what becomes of its block. Published messages leave a topic
// by nothing else. There is no count of who reads what: those that gate say how far they have come, the
// others which messages they have in hand.
//
// A reader that does not gate notes a message as held, then looks whether it is still published; whoever
// retires it takes it out of that state first, and then looks at the notes. So one of the two sees the other:
// the reader passes the message over, or its block stays until the reader is done with it.
#pragma once

#include <cstdint>
#include <limits>

#include "topic/memory.h"

namespace procgraph::detail {

inline constexpr Ticket kNoTicket = std::numeric_limits<Ticket>::max();

// The first ticket that must not be published yet: some reader that gates would be further behind than it
// may.
[[nodiscard]] Ticket allowed(TopicView& view);
// The first ticket that a reader that gates still needs; kNoTicket: there is none.
[[nodiscard]] Ticket needed(TopicView& view);
// The message of a ticket is published and not retired.
[[nodiscard]] bool is_kept(TopicView& view, Ticket t);
// Takes the message of a ticket out of the topic; the caller knows that no reader that gates needs it. Its
// block, now a loan of ours that is kept, if nobody has it in hand; kNoBlock if somebody has, or it was
// retired already.
[[nodiscard]] BlockIndex retire(TopicView& view, Ticket t);
// Retires the oldest message that nobody needs and frees its block. False: there is none.
bool evict(TopicView& view);

// Frees the block of a retired message unless somebody has it in hand.
void free_retired(TopicView& view, BlockIndex block, Ticket t);

// After a reader has come further, or is gone: lets those go on who wait for a place, a block or bytes.
void make_room(TopicView& view);

}  // namespace procgraph::detail
