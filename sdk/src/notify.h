// The messages of sd_notify(3), from the sender's side.
#pragma once

#include <string_view>

namespace procgraph::detail {

// Sends one message to a socket as NOTIFY_SOCKET names it: a path, or "@name" in the abstract space. Waits
// while the receiver has no room. Nothing happens where nobody listens there. Throws Failure.
void notify(std::string_view address, std::string_view message);

}  // namespace procgraph::detail
