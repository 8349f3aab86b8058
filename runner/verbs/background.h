// A run that goes on in the background, in a session of its own, when the command that began it has returned.
#pragma once

#include <functional>
#include <string>

#include "os/guard.h"

namespace procgraph {

// Forks. `run` is called in the child; it calls what it is given once the run can be found, by its name.
// Until then what it says on stderr comes to ours, and its end is our outcome; from then on nobody hears it,
// and the outcome is success. Blocks until either. In the child it returns what `run` does.
[[nodiscard]] Outcome in_background(
    const std::function<Outcome(std::function<void(const std::string&)>)>& run);

}  // namespace procgraph
