// Ending descendants: for a process that is a subreaper, so that whoever loses its parent becomes its child.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <vector>

#include "os/fd.h"

namespace procgraph {

// The living children of this process.
[[nodiscard]] std::vector<pid_t> children();

struct Killed {
  std::vector<Fd> dying;    // pidfds of some of them: enough to wait for
  std::size_t refused = 0;  // set-uid programs: not ours to signal
};

// Kills every living child but the spared ones, once; does not reap.
Killed kill_children(std::span<const pid_t> spared);

// Kills every child but the spared ones, reaps, and goes on with those that thereby became children, until
// none is left: a descendant can escape into another session or clear its PDEATHSIG, but not leave the tree.
// Ends early only where nothing may be killed (EPERM), and where all who are left have been in calls of the
// kernel that no signal ends for some seconds (state D): these are killed, run no instruction of their own
// any more, and are returned. Reaps: nobody else in this process may need the exit of a child any more.
std::vector<pid_t> end_descendants(std::span<const pid_t> spared);

}  // namespace procgraph
