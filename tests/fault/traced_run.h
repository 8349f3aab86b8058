// A run of `procgraph run` under ptrace: every system call of the guard, of the runner, and of what they fork
// until it becomes a program of its own, may be failed or be the moment of a SIGKILL.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace procgraph::testing {

struct Call {
  std::uint64_t index = 0;  // from 0, in the order in which the tracer saw them
  long number = 0;          // SYS_*
  std::array<std::uint64_t, 6> arguments{};
};

struct Deed {
  enum Kind : std::uint8_t { kNone, kFail, kKill } kind = kNone;
  int error = 0;  // that it fails with
};

struct TracedRun {
  int status = -1;                // of the guard, as waitpid() gives it
  std::string out, err;           // what was printed
  std::vector<long> calls;        // SYS_* of each
  bool survived = false;          // some process of it had to be killed by us
  std::vector<std::string> left;  // files in the folders for temporary and runtime files, and in /dev/shm
};

// Runs the graph, which may name files of its own folder, to its end: until no process of it is left, or for
// 60 s. `decide` is asked at the entry of each call.
[[nodiscard]] TracedRun run_traced(const std::string& graph, const std::function<Deed(const Call&)>& decide);

}  // namespace procgraph::testing
