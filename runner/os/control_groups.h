// ControlGroups: the cgroups of a run. In each place where some are needed it makes one folder,
// "procgraph-PID" with the runner's process id, and in that a group for each spawn. So whoever outlives the
// runner, the guard or the runner's own thread that watches the guard, knows what to kill and to take away
// without having been told; nothing is left whichever of the two is killed. If both are, folders stay. A run
// holds a lock on its folder, so that the next one in the same place knows those of dead runs, and takes the
// empty ones away.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/resources.h"
#include "os/fd.h"
#include "procgraph/result.h"

namespace procgraph {

// The path of our own group in the hierarchy of a controller ("" for version 2), "" for its root; nothing
// where there is none. `root` stands before /proc and /sys; a test lays out its own.
[[nodiscard]] std::optional<std::string> own_group(const std::string& root, std::string_view controller);

// Version 1, where the controller has a hierarchy of its own: in our own group. Version 2: in the nearest
// group from ours upward that hands the controller on and that we may write; not in one with processes of its
// own, for the kernel allows no controller beside them.
[[nodiscard]] GroupPlace find_group_place(const std::string& root, std::string_view controller);

// Where a run can have a group of version 2 that needs no controller: in our own group, if we may write it.
[[nodiscard]] GroupPlace find_run_place(const std::string& root);

class ControlGroups {
 public:
  // `runner`: by which the guard knows it.
  explicit ControlGroups(pid_t runner = ::getpid()) : runner_(runner) {}
  ControlGroups(const ControlGroups&) = delete;
  ControlGroups& operator=(const ControlGroups&) = delete;
  ~ControlGroups();  // removes the groups that nobody lives in any more

  // The folder of the new group. It has its settings, and nobody is in it.
  Result<std::string> make(const ControlGroup& group, const std::string& name);

 private:
  Result<std::string> run_folder(const ControlGroup& group);

  pid_t runner_;
  std::map<std::string, Fd> folders_;  // of the run, each with its lock
};

// Kills everybody in a group of version 2, at once.
void kill_group(const std::string& folder);
// Kills everybody in the run's groups of version 2, at once: nobody can be born there meanwhile. Does not
// wait for their ends.
void kill_control_groups(pid_t runner);
// What the run of this runner has left; its processes have ended. For a run without groups it costs a few
// looks.
void remove_control_groups(pid_t runner);

// How many processes of the group the kernel has killed since memory ran out.
[[nodiscard]] std::uint64_t killed_for_memory(const std::string& group);

}  // namespace procgraph
