// Proc: what /proc says about processes, one line of each.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>

#include "os/fd.h"
#include "procgraph/result.h"

namespace procgraph {

struct ProcessLine {
  pid_t pid = -1;
  pid_t parent = -1;
  pid_t session = -1;
  char state = '?';  // of its first thread: R, S, D, T, Z …
  int threads = 1;
  bool exiting = false;

  // One whose first thread is a zombie lives on in its others.
  [[nodiscard]] bool alive() const { return (state != 'Z' && state != 'X' && state != 'x') || threads > 1; }
  // It has not got to die though it was killed: in a call of the kernel that no signal ends, or, as the init
  // of a pid namespace, because somebody in that is in one.
  [[nodiscard]] bool hangs() const {
    return alive() && (state == 'D' || state == 'Z' || (state == 'S' && exiting));
  }
};

// Nothing if there is no such process.
[[nodiscard]] std::optional<ProcessLine> process_line(pid_t pid);
// Every process that this one may see. Not a snapshot: who is born or moves meanwhile may be missed.
void each_process(const std::function<void(const ProcessLine&)>& visit);

// A pidfd of `pid` if it is (still) the process that `expected` describes, whoever gets that number
// meanwhile; else ESRCH. If the process died before it could be looked at, signals to the descriptor go
// nowhere.
Result<Fd> open_exactly(pid_t pid, const std::function<bool(const ProcessLine&)>& expected);
// Sends `signal` to that process. Returns 0 or errno (ESRCH: it is no longer that process).
int signal_exactly(pid_t pid, int signal, const std::function<bool(const ProcessLine&)>& expected);

}  // namespace procgraph
