// A thread that no signal is delivered to: they are the main thread's.
#pragma once

#include <functional>
#include <thread>

#include "procgraph/result.h"

namespace procgraph {

// Starts a thread that runs `body` with every signal blocked. The error is the machine's (too many threads,
// no memory for a stack), and names `purpose`. Thread-safe.
[[nodiscard]] Result<std::thread> quiet_thread(const char* purpose, std::function<void()> body);

}  // namespace procgraph
