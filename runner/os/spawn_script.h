// SpawnScript: a spawn request in the form that the kernel takes: arrays that end in null, the moves of
// descriptors, room for the process id. Made before vfork, for nothing may be allocated after it; the request
// outlives it.
#pragma once

#include <string>
#include <vector>

#include "os/child.h"
#include "os/fd.h"
#include "os/spawn.h"

namespace procgraph {

class SpawnScript {
 public:
  // `report` is the write end of the pipe that tells of a failure.
  SpawnScript(const SpawnRequest& request, int report);
  SpawnScript(const SpawnScript&) = delete;
  SpawnScript& operator=(const SpawnScript&) = delete;
  ~SpawnScript();

  [[nodiscard]] ChildScript& child() { return child_; }

 private:
  void add_pid(std::string name);
  void add_moves(const SpawnRequest& request);
  void add_limits(const SpawnRequest& request);
  void add_cpus(const std::vector<unsigned>& cpus);
  void start_from(LaunchPad& pad);

  std::vector<char*> argv_, envp_;
  std::vector<std::string> pids_;  // variables that end in the child's process id
  std::vector<char*> pid_digits_;
  std::vector<Move> moves_;
  std::vector<ChildLimit> limits_;
  std::vector<Fd> groups_;
  std::vector<int> group_numbers_;
  std::vector<unsigned long> cpus_;
  Fd home_;
  Fd null_;  // where it cannot be opened, the child fails at that move
  LaunchPad* pad_ = nullptr;
  ChildScript child_;
};

}  // namespace procgraph
