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

#include "os/proc.h"

namespace procgraph {

struct Family {
  pid_t first = -1;   // the number of its session and its mark, even when the process is dead and reaped
  std::string group;  // the folder of its cgroup of version 2; "": it has none to itself
};

// One of our children that is nobody's first process, and the family that its environment names.
struct Orphan {
  pid_t pid = -1;
  pid_t mark = 0;  // 0: there is none, or it is not ours to see
};

// The children of this process, dead ones too; whoever has lost its parent is among them if we are a
// subreaper. Costs one read, and is exact as long as nobody reaps meanwhile.
[[nodiscard]] std::vector<pid_t> own_children();
// Costs one read for each.
[[nodiscard]] std::vector<Orphan> with_marks(std::span<const pid_t> orphans);

// Of all functions below, `orphans`: without them no marks are looked at.

// The living members of each family that descend from us. One walk over /proc serves any number of them.
[[nodiscard]] std::vector<std::vector<ProcessLine>> members_of(std::span<const Family> families,
                                                               std::span<const Orphan> orphans);
// Sends a signal to those that are still who they were, and if it is KILL, to who was born since in the
// family's cgroup; returns how many the former are.
std::size_t signal_family(const Family& family, std::span<const ProcessLine> members, int signal);
// The same of many; who belongs to two of them gets it once.
std::size_t signal_families(std::span<const Family> families, std::span<const Orphan> orphans, int signal);
// True if nobody is left, for certain, of a family whose first process has been reaped; false: look at its
// members. Costs a few system calls.
[[nodiscard]] bool is_surely_over(const Family& family, std::span<const Orphan> orphans);
// The same, and looks.
[[nodiscard]] bool is_over(const Family& family, std::span<const Orphan> orphans);
// False: somebody is in its cgroup, dead ones too.
[[nodiscard]] bool group_is_empty(const Family& family);
// Who is left of a family that was killed, if all of them are in calls of the kernel that no signal ends;
// empty if one still moves.
[[nodiscard]] std::vector<pid_t> hanging_members(const Family& family, std::span<const Orphan> orphans);

}  // namespace procgraph
