// Observer: looks at a running graph and tells who waits for whom. Of plain programs it asks /proc, of those
// with the SDK the channels' memory as well; what it cannot see it takes for something that can move. It
// stops nobody, and remembers nothing but which pipe of the kernel is which channel.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "graph/channel_kind.h"
#include "launch/launch.h"
#include "os/waiting.h"
#include "plan/plan.h"
#include "supervise/waits.h"

namespace procgraph {

// A spawn of the plan as the supervisor knows it.
struct SpawnLife {
  pid_t first = -1;              // its first process; -1: it has none now
  bool to_come = false;          // it is still to start, perhaps again
  std::vector<SpawnId> after{};  // it starts when all of these have ended; none: at any time
};

struct Sight {
  // One process, as it was found; pid -1: one that is still to start.
  struct Seen {
    pid_t pid = -1;
    std::vector<std::pair<pid_t, std::uint64_t>> threads{};  // and how often each has run

    bool operator==(const Seen&) const = default;
  };
  // Where a buffer is to be found: a channel with places, or somebody's end of a pipe.
  struct Place {
    ChannelId channel;
    Bound bound = Bound::kMessages;  // of the channel's
    pid_t holder = -1;
    int fd = -1;
    std::uint64_t inode = 0;  // of the kernel's
  };

  Waits waits;
  std::vector<Seen> seen;     // by party
  std::vector<Place> places;  // by buffer
};

// What of the later sight is known to have stood still since the earlier one: only those still wait that
// slept in the same way at both times and have not run in between. So there was an instant at which all of
// them did.
[[nodiscard]] Waits stood_still(const Sight& before, const Sight& now);

class Observer {
 public:
  // Before any end of the plan's pipes is closed. `shown_pid`: see RunOptions.
  Observer(const Plan& plan, const Opened& opened, std::function<pid_t(pid_t)> shown_pid);

  // `lives` by spawn; `strays`: children of ours that are nobody's first process.
  [[nodiscard]] Sight look(std::span<const SpawnLife> lives, std::span<const pid_t> strays);
  // Fills in how full the buffer is, and as far as it can grow.
  void measure(Sight& sight, BufferIndex buffer) const;
  // Makes it as large as that; 0 or errno.
  [[nodiscard]] int enlarge(const Sight& sight, BufferIndex buffer, std::uint64_t capacity) const;

 private:
  friend class Look;

  struct Known {
    ChannelId channel;
    std::uint64_t peer = 0;  // of one side of a socket pair: the other one; 0: a pipe
  };

  const Plan& plan_;
  const Opened& opened_;
  const std::function<pid_t(pid_t)> shown_pid_;
  std::map<KernelBuffer, Known> known_;
  std::map<std::pair<std::uint32_t, End>, KernelBuffer> ends_;  // of an object
  std::uint64_t roster_ = 0;                                    // its inode; 0: not known yet
};

}  // namespace procgraph
