// The supervisor: starts a plan's processes in order, watches them, stops them, and says how the whole ended.
// Blocks until then.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

#include "base/units.h"
#include "graph/channel_kind.h"
#include "launch/launch.h"
#include "os/doorplate.h"
#include "os/guard.h"
#include "plan/plan.h"
#include "report/reporter.h"

namespace procgraph {

struct RunOptions {
  bool keep_going = false;
  bool strict = false;               // a port that is never opened fails the run
  std::optional<Duration> timeout;   // instead of the graph's own
  std::string containment = "none";  // the tier in force
  std::string because{};             // why it is no better, for people; empty: it is the best without a wish
  pid_t pid = -1;                    // by which people know the run
  const Doorplate* plate = nullptr;  // where it is said what it has in the file system
  // Called once the run can be found outside, with its name, before anything starts; a run that cannot be
  // found fails, if this is here.
  std::function<void(const std::string&)> begun;
  const ManagerLine* manager = nullptr;  // of the service manager that has started the run
  // The number by which people know a process of ours; absent: it is the same.
  std::function<pid_t(pid_t)> shown_pid;
};

// Call from the main thread; every other thread of the process must have all signals blocked. The caller is a
// subreaper, or what its processes leave behind is not seen.
[[nodiscard]] Outcome supervise(const Plan& plan, Opened& opened, Reporter& reporter,
                                const RunOptions& options);

}  // namespace procgraph
