// Spawning one program: vfork, exact descriptors, clean signal state, a session of its own. The only
// Boost.Process include is in spawn.cc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/resources.h"
#include "os/fd.h"
#include "procgraph/result.h"

namespace procgraph {

class LaunchPad;

// What the program finds, beyond what it inherits (resource limits, nice, CPUs): exactly these
// descriptors; no blocked signal and every disposition the default one; itself the leader of a new session,
// without a terminal; SIGKILL if the spawning thread ends.
struct SpawnRequest {
  std::string program;  // absolute
  std::vector<std::string> argv;
  std::vector<std::string> env;  // PROCGRAPH_PID is added in the child
  bool listens = false;          // LISTEN_PID, too
  std::string cwd;               // empty: ours
  std::optional<mode_t> umask;
  // (ours, the child's number), in any order and overlapping at will; a child number from 0 to 2 that is
  // missing becomes /dev/null.
  std::vector<std::pair<int, int>> fds;
  std::optional<std::uint64_t> files_limit;  // the child's soft RLIMIT_NOFILE; absent: ours
  bool watched = false;                      // WATCHDOG_PID is added, as LISTEN_PID
  pid_t stands_for = -1;                     // PROCGRAPH_PID is this one's, and not the child's own
  std::vector<ResourceLimit> limits;         // after that one
  std::vector<unsigned> cpus;                // empty: ours
  std::optional<int> nice, oom_score_adj;    // absent: ours
  bool insists_on_oom_score_adj = true;      // else it goes without where that is refused
  std::vector<std::string> groups;           // folders of cgroups of version 1 that it enters
  std::string home;                          // that of version 2 in which it is born; empty: ours
  LaunchPad* pad = nullptr;  // of a parent with many descriptors, empty; nobody else's meanwhile
};

struct Child {
  pid_t pid = -1;
  Fd pidfd;  // signals go through it; readable proves death
};

// What failed in the child, and how: "exec" is the program's fault (126/127), every other step the machine's.
struct SpawnError {
  std::string step;  // "vfork", "setsid", "chdir", "dup2", "exec" …
  int code = 0;      // errno
  bool ran = false;  // its program had begun, and was killed: it may have done something
};

// Call from the main thread only: the child's PDEATHSIG fires when the spawning thread ends. Returns after
// exec (or its failure).
[[nodiscard]] std::variant<Child, SpawnError> spawn(const SpawnRequest& request);

// From here on no process is ever spawned again: a call of spawn() does not return. For a thread that ends
// the graph while the main thread still wants to go on. False if a spawn is just under way: try again.
[[nodiscard]] bool end_spawning();

}  // namespace procgraph
