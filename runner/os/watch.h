// Watch: what a process that stands above another one does while that lives: hands on what signals are meant
// for it, stops when it stops, and says how it ended. Knows nothing of what is to be ended then.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <functional>
#include <optional>

#include "os/process.h"

namespace procgraph {

[[nodiscard]] sigset_t every_signal();

class Watch {
 public:
  struct Hears {
    std::function<bool()> orphaned;      // asked when we are continued: whoever stands above us is gone
    std::function<void()> message_came;  // SIGIO
  };

  // `below` is a child of ours; every signal is blocked.
  explicit Watch(pid_t below, Hears hears = {});

  // Blocks. How it ended; nothing if we are orphaned.
  [[nodiscard]] std::optional<ChildChange> wait_for_end();

 private:
  bool take_changes();
  void pass_on_continuation();
  void forward(int signal, const siginfo_t& info) const;

  const pid_t below_;
  const Hears hears_;
  const bool hangup_ignored_ = is_ignored(SIGHUP);
  bool stopped_ = false;
  std::optional<ChildChange> end_;
};

// Stops the calling process as Ctrl-Z stops a program, and returns when it is continued; at once where no
// shell could continue it. The guard sees its runner stop and does the same, so that the shell sees a stopped
// job.
void stop_as_job();

}  // namespace procgraph
