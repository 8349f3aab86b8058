// Families: a process that we started and all that it has led to, which is to end when it has ended. Members
// are known by
//   - their session, which the first process leads;
//   - their descent: what a member has started is one too, in whatever session;
//   - the cgroup that the family has to itself, where it has one: out of that nothing gets;
//   - and, of orphans, PROCGRAPH_PID in the environment with which they were executed: a daemon keeps it,
//     unless it clears that. (Jenkins finds what a build has left by such a mark.)
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace procgraph {

struct Family {
  pid_t first = -1;   // the number of its session and its mark, even when the process is dead and reaped
  std::string group;  // the folder of its cgroup of version 2; "": it has none to itself
};

// The children of this process, dead ones too; whoever has lost its parent is among them if we are a
// subreaper. Costs one read, and is exact as long as nobody reaps meanwhile.
[[nodiscard]] std::vector<pid_t> own_children();

// Of all functions below, `orphans`: those of our children that are nobody's first process. Without them no
// marks are looked at. One walk over /proc serves any number of families.

// Sends a signal to every living member that descends from us; returns how many.
std::size_t signal_families(std::span<const Family> families, std::span<const pid_t> orphans, int signal);
// True if nobody is left of a family whose first process has been reaped. Costs a few system calls in the
// usual case.
[[nodiscard]] bool is_over(const Family& family, std::span<const pid_t> orphans);
// The living members that are not our children: their ends come with no SIGCHLD.
[[nodiscard]] std::vector<pid_t> others_children(const Family& family, std::span<const pid_t> orphans);
// Who is left of a family that was killed, if all of them are in calls of the kernel that no signal ends;
// empty if one still moves.
[[nodiscard]] std::vector<pid_t> hanging_members(const Family& family, std::span<const pid_t> orphans);

}  // namespace procgraph
