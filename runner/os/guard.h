// Guard: the tiny process above the runner, whose pid is the one that people see. It waits, forwards signals,
// and ends every descendant if the runner dies (promises: containment).
#pragma once

#include <functional>
#include <string_view>

namespace procgraph {

// How the guarded part ended: an exit code, or the signal that the whole shall die of.
struct Outcome {
  int code = 0;
  int signal = 0;  // 0: exit with code
};

// Forks: `run` executes in the child, the calling process becomes the guard and never returns; it ends as
// `run`'s outcome says. Call before any thread exists and before anything heavy is loaded or opened.
[[noreturn]] void guarded(const std::function<Outcome()>& run);

// Ends the calling process as the outcome says: exits, or dies of the signal (with its default action, no
// core).
[[noreturn]] void end_as(Outcome outcome);

}  // namespace procgraph
