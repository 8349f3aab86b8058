// Guard: the tiny process above the runner, whose pid is the one that people see. It waits, forwards signals,
// and ends every descendant if the runner dies (promises: containment).
//
// What holds, whichever of the two is killed, at any moment:
// - the runner ends or dies: the guard kills its descendants until none is left, then ends as the runner did;
// - the guard dies: a thread in the runner that does nothing but wait for that kills every descendant until
//   none is left and ends the runner, whatever the main thread is doing; a stopped runner is continued for
//   it. The supervisor need not watch the guard;
// - both die at once: the kernel kills the runner's direct children (PDEATHSIG); what these have started
//   survives;
// - while the job is stopped (Ctrl-Z) the guard is stopped too: it notices the runner's death when it is
//   continued.
//
// Whoever ends the descendants takes the run's cgroups away after that; those of a run whose runner and guard
// die at once stay, empty.
//
// Processes that became another user's (set-uid) cannot be killed by us and are left.
#pragma once

#include <functional>

namespace procgraph {

// How the guarded part ended: an exit code, or the signal that the whole shall die of.
struct Outcome {
  int code = 0;
  int signal = 0;  // 0: exit with code
};

// Forks: `run` executes in the child, the calling process becomes the guard and never returns; it ends as
// `run`'s outcome says. Call before any thread exists and before anything heavy is loaded or opened.
//
// Signals in `run`: the mask and the dispositions are those that the caller had (SIGCHLD: the default). What
// a terminal sends reaches the runner itself, for both share a process group. TERM, INT, HUP, QUIT, USR1 and
// TSTP that somebody sends to the guard are forwarded by sigqueue: si_code is SI_QUEUE and si_value.sival_int
// the sender, so that a signal to both comes twice and may be counted once. CONT is forwarded to a runner
// that is stopped. A HUP that was ignored at the start is not forwarded.
[[noreturn]] void guarded(const std::function<Outcome()>& run);

// Ends the calling process as the outcome says: exits, or dies of the signal (with its default action, no
// core).
[[noreturn]] void end_as(Outcome outcome);

// Stops the calling process as Ctrl-Z stops a program, and returns when it is continued; at once where no
// shell could continue it. The guard sees its runner stop and does the same, so that the shell sees a stopped
// job.
void stop_as_job();

}  // namespace procgraph
