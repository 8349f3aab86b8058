// Recovery: what a dead process held goes back. Every step is an exchange or an OR of a word, so it may be
// killed and run again.
#pragma once

#include <cstdint>

#include "queue/view.h"

namespace procgraph::detail {

// Only once every thread of the participant is dead: then no store of it can follow.
Recovery reap(View& view, std::uint16_t dead);
// Its two halves: what it held in blocks; its places among those who wait, and whoever may have relied on it.
Recovery reap_blocks(View& view, std::uint16_t dead);
void leave(View& view, std::uint16_t dead);

// Gives up the writing end of a participant. The last one of the declared writers begins the drain.
void give_up_writing(View& view, std::uint16_t participant);
// Sets bits of Control::state and wakes everybody who waits.
void announce(View& view, std::uint32_t bits);

}  // namespace procgraph::detail
