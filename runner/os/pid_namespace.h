// A pid namespace for a run: whoever is in it has process ids of its own, and dies when its first process
// does; the kernel sees to that, whoever else is alive.
#pragma once

#include <sys/types.h>

#include <string>

#include "os/fd.h"
#include "procgraph/result.h"

namespace procgraph {

// Why this process cannot have one; "": it can. Tries it in a child, some milliseconds.
[[nodiscard]] std::string why_no_pid_namespace();

// From here on what the calling process forks is in a namespace of its own, the first child as its init.
// Where it takes a user namespace the process enters that too, with its user and group as they are. Call in a
// process with one thread.
[[nodiscard]] Result<void> begin_pid_namespace();

// Forks the init. It dies with the thread that has called this, or when nobody holds the write end of `line`
// any more, and does nothing else. Returns its process id.
[[nodiscard]] Result<pid_t> start_init(Fd& line);

// In a process of the namespace: its /proc becomes the namespace's, for it and for what it starts, and
// capabilities that a user namespace gave it go. Returns the /proc that was there before, which has the
// process ids that everybody else sees.
[[nodiscard]] Result<Fd> enter_own_proc();

// The process id that a process of ours has in that other /proc; `pid` itself where it is not known.
[[nodiscard]] pid_t outer_pid(const Fd& outer_proc, pid_t pid);

}  // namespace procgraph
