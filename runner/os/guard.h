// Guard: the tiny process above the runner, whose pid is the one that people see. It waits, forwards signals,
// and ends every descendant if the runner dies (promises: containment).
//
// What holds, whichever of the two is killed, at any moment:
// - the runner ends or dies: the guard kills its descendants until none is left, then ends as the runner did;
// - the guard dies: a thread in the runner that does nothing but wait for that kills every descendant until
//   none is left and ends the runner, whatever the main thread is doing; a stopped runner is continued for
//   it. The supervisor need not watch the guard;
// - both die at once: the kernel kills the runner's direct children (PDEATHSIG); what these have started
//   survives, unless the run has a pid namespace;
// - while the job is stopped (Ctrl-Z) the guard is stopped too: it notices the runner's death when it is
//   continued.
//
// Where the run has a cgroup of version 2 the kernel ends everything in it at once, before anybody is looked
// for.
//
// With a pid namespace the runner stays outside and becomes a second guard, of a child in the namespace that
// does its work. The namespace's init dies with that second guard, whatever kills it, and all others with the
// init.
//
// Whoever ends the descendants takes the run's cgroups away after that; those of a run whose runner and guard
// die at once stay, empty, until another run in the same place takes them away.
//
// Processes that became another user's (set-uid) cannot be killed by us and are left, but by a cgroup or a
// pid namespace.
#pragma once

#include <sys/types.h>

#include <functional>

#include "base/vocabulary.h"
#include "os/fd.h"
#include "os/service_manager.h"
#include "os/watch.h"

namespace procgraph {

class Doorplate;
class Keeper;

// How the guarded part ended: an exit code, or the signal that the whole shall die of.
struct Outcome {
  int code = 0;
  int signal = 0;  // 0: exit with code
};

// What a run finds around it.
struct Surroundings {
  pid_t runner = -1;  // by which the guard knows it, in its own numbers: the run's cgroups bear it
  Fd outer_proc;      // of a run with a pid namespace: the /proc of everybody else
  ManagerLine manager;
};

// A run that is decided, and not begun: nothing of it exists.
struct Guarded {
  Tier tier = Tier::kGuard;
  std::function<Outcome(const Surroundings&)> run;
};

// Forks: `prepare`, and then what it returns, execute in the child; the calling process becomes the guard and
// never returns; it ends as the run's outcome says. Call before any thread exists and before anything heavy
// is loaded or opened; `prepare` leaves no thread and no process.
//
// Signals in `prepare` and `run`: the mask and the dispositions are those that the caller had (SIGCHLD: the
// default). What a terminal sends reaches the runner itself, for both share a process group. TERM, INT, HUP,
// QUIT, USR1 and TSTP that somebody sends to the guard are forwarded by sigqueue: si_code is SI_QUEUE and
// si_value.sival_int the sender, so that a signal to both comes twice and may be counted once. CONT is
// forwarded to a runner that is stopped. A HUP that was ignored at the start is not forwarded.
//
// What `keeper` is given stays open until guard and runner have ended, and so nothing of the run is left.
// What is on the `plate` by then is taken down.
[[noreturn]] void guarded(const std::function<Guarded()>& prepare, const Keeper* keeper = nullptr,
                          const Doorplate* plate = nullptr);

// Ends the calling process as the outcome says: exits, or dies of the signal (with its default action, no
// core).
[[noreturn]] void end_as(Outcome outcome);

}  // namespace procgraph
