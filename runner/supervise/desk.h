// Desk: what a running graph tells those who look at it from outside, and what it does for them: one fixed
// table of methods over the plan, the brain's memory and the loop's hands. Knows no socket. docs/control.md
// describes each.
#pragma once

#include <sys/types.h>

#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "control/protocol.h"
#include "control/server.h"
#include "launch/launch.h"
#include "plan/plan.h"
#include "supervise/observer.h"
#include "supervise/step.h"

namespace procgraph {

class Desk {
 public:
  // What the loop does for us, and only it can tell.
  struct Hands {
    std::function<Instant()> now;
    std::function<pid_t(SpawnId)> pid;       // of its first process, as people know it; -1: it has none now
    std::function<int(SpawnId)> stopped_by;  // the signal; 0: it is not stopped
    std::function<Sight()> look;             // with the levels of all buffers
    std::function<void(Event)> tell;
    std::function<int(SpawnId, int)> signal;                        // to its first process; errno
    std::function<void(std::span<const SpawnId>, int)> signal_all;  // to all of their processes
  };

  // `name`: by which the run is found; `pid`: of the run, as people know it.
  Desk(const Plan& plan, const Cast& cast, const Situation& situation, const Opened& opened, std::string name,
       pid_t pid, Hands hands);

  [[nodiscard]] Server::Table table() const;

 private:
  using Spawns = std::variant<std::vector<SpawnId>, Problem>;

  // Those that "processes" names; where it is not there all but nodes of ours, unless one has to be named.
  [[nodiscard]] Spawns named(const Json& params, bool must = false) const;
  [[nodiscard]] std::variant<std::vector<SpawnId>, Problem> of_names(
      const std::vector<std::string>& names) const;
  // The same, where each of them can do what is wanted.
  [[nodiscard]] Spawns able(const Json& params, Order order) const;

  [[nodiscard]] Answer graph(const Json& params) const;
  [[nodiscard]] Answer status(const Json& params) const;
  [[nodiscard]] Json status_of(SpawnId id) const;
  [[nodiscard]] std::string_view state_of(SpawnId id) const;

  [[nodiscard]] Answer stats(const Json& params) const;

  [[nodiscard]] Answer waits(const Json& params) const;
  [[nodiscard]] Answer why(const Json& params) const;
  [[nodiscard]] std::string why_not(SpawnId id) const;

  [[nodiscard]] Answer stop(const Json& params) const;
  [[nodiscard]] Answer restart(const Json& params) const;
  [[nodiscard]] Answer signal(const Json& params) const;
  [[nodiscard]] Answer pause(const Json& params, int signal) const;

  const Plan& plan_;
  const Cast& cast_;
  const Situation& situation_;
  const Opened& opened_;
  const std::string name_;
  const pid_t pid_;
  const Hands hands_;
};

}  // namespace procgraph
