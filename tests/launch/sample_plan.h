// A plan laid out by hand: one object of every sort and two spawns that share them.
#pragma once

#include <string>

#include "plan/plan.h"

namespace procgraph {

// Objects: 0 pipe "words" (first writes, second reads), 1 socket pair "talk", 2 memory "q.control" (mapped,
// both write), 3 memory "q.payload" (first writes, second reads), 4 file "out" (both), 5 memory "roster"
// (mapped, nobody inherits it); channels: 0 "words", 1 "talk", 2 "q" of a kind with init.
[[nodiscard]] Plan sample_plan(const std::string& folder);

// How often the kind's init has run since the last call, and whether it saw both memories.
struct Inits {
  int count = 0;
  bool mapped = false;
};
[[nodiscard]] Inits take_inits();
// What the kind's init returns from now on: 0 success, or this errno.
void let_init_fail(int code);

}  // namespace procgraph
