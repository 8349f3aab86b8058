// Claim: the name of a run that is to be the only one of that name. It is a lock of the kernel's on a file,
// so it ends with the last process that has it open, however that ends; the file that stays refuses nobody.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include "os/fd.h"
#include "procgraph/result.h"

namespace procgraph {

struct Claim {
  std::vector<Fd>
      locks;           // the name is ours for as long as one of their descriptions is open, here or elsewhere
  bool taken = false;  // somebody else has the name
  pid_t holder = 0;    // who says so; 0: not known
};

// In each of the folders that can be had, so that runs in which they are not the same (in a session, from
// cron) know of each other; an error where there is none. `pid` is the process that others are told of.
// Blocks for some microseconds if another run does the same at that moment.
[[nodiscard]] Result<Claim> claim(std::span<const std::string> folders, const std::string& name, pid_t pid);

}  // namespace procgraph
