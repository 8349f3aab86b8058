// Proc: what /proc says about processes, one line of each.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>

namespace procgraph {

struct ProcessLine {
  pid_t pid = -1;
  pid_t parent = -1;
  pid_t session = -1;
  char state = '?';  // R, S, D, T, Z …

  [[nodiscard]] bool alive() const { return state != 'Z' && state != 'X' && state != 'x'; }
};

// Nothing if there is no such process.
[[nodiscard]] std::optional<ProcessLine> process_line(pid_t pid);
// Every process that this one may see. Not a snapshot: who is born or moves meanwhile may be missed.
void each_process(const std::function<void(const ProcessLine&)>& visit);

// Sends `signal` to `pid` if it is (still) the process that `expected` describes; exact, whoever gets that
// number meanwhile. Returns 0 or errno (ESRCH: it is no longer that process).
int signal_exactly(pid_t pid, int signal, const std::function<bool(const ProcessLine&)>& expected);

}  // namespace procgraph
