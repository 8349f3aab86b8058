// From a Plan to running processes: opens every object once, starts each spawn with exactly its descriptors.
// Knows no policy: when to start what, and what an end means, is the supervisor's.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "graph/channel_kind.h"
#include "os/fd.h"
#include "os/spawn.h"
#include "plan/plan.h"

namespace procgraph {

// The kernel objects of a plan. The runner's copy of an end of a pipe or socket is closed as soon as no spawn
// that inherits it is still to come, so that end of file and SIGPIPE work between the processes themselves.
class Opened {
 public:
  // Data objects first, then everything else; on failure nothing stays open.
  static Result<Opened> open(const Plan& plan);
  Opened(Opened&&) noexcept;
  Opened& operator=(Opened&&) noexcept;
  ~Opened();

  [[nodiscard]] int fd(ObjectId object, End end) const;  // -1 once released
  [[nodiscard]] LiveChannel live(ChannelId channel) const;
  // This spawn has started, or never will: gives up its claim on each end that it inherits.
  void release(const Spawn& spawn);

 private:
  struct State;
  explicit Opened(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The child's ends of the two log pipes, -1 where the plan has another stream there. They stay the caller's.
struct LogEnds {
  int out = -1;
  int err = -1;
};

// Blocks until exec has happened or failed. Does not release the spawn's ends.
[[nodiscard]] std::variant<Child, SpawnError> launch(const Spawn& spawn, const Opened& opened, LogEnds logs);

}  // namespace procgraph
