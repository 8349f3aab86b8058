// ControlGroups: the cgroups of a run. In each place where some are needed it makes one folder,
// "procgraph-PID" with the runner's process id, and in that a group for each spawn. So whoever outlives the
// runner, the guard or the runner's own thread that watches the guard, knows what to take away without having
// been told (remove_control_groups); nothing is left whichever of the two is killed. If both are, empty
// folders stay.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/resources.h"
#include "procgraph/result.h"

namespace procgraph {

// The path of our own group in the hierarchy of a controller ("" for version 2), "" for its root; nothing
// where there is none. `root` stands before /proc and /sys; a test lays out its own.
[[nodiscard]] std::optional<std::string> own_group(const std::string& root, std::string_view controller);

// Version 1, where the controller has a hierarchy of its own: in our own group. Version 2: in the nearest
// group from ours upward that hands the controller on and that we may write; not in one with processes of its
// own, for the kernel allows no controller beside them.
[[nodiscard]] GroupPlace find_group_place(const std::string& root, std::string_view controller);

class ControlGroups {
 public:
  ControlGroups() = default;
  ControlGroups(const ControlGroups&) = delete;
  ControlGroups& operator=(const ControlGroups&) = delete;
  ~ControlGroups();  // removes the groups that nobody lives in any more

  // The folder of the new group. It has its settings, and nobody is in it.
  Result<std::string> make(const ControlGroup& group, const std::string& name);

 private:
  Result<std::string> run_folder(const ControlGroup& group);

  std::set<std::string> folders_;  // of the run
};

// What the run of this runner has left; its processes have ended. For a run without groups it costs a few
// looks.
void remove_control_groups(pid_t runner);

// How many processes of the group the kernel has killed since memory ran out.
[[nodiscard]] std::uint64_t killed_for_memory(const std::string& group);

}  // namespace procgraph
