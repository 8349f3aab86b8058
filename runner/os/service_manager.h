// The way to a service manager that has started us, as sd_notify(3) describes it. The manager believes the
// process that it knows, which is the guard; what there is to say the runner knows. So the runner hands lines
// to the guard, and the guard hands them on as they are.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <optional>
#include <string_view>

#include "base/units.h"
#include "os/fd.h"

namespace procgraph {

// The runner's end.
struct ManagerLine {
  Fd fd;                             // not open: there is no manager
  std::optional<Duration> watchdog;  // how often it wants WATCHDOG=1 at least

  // Lines KEY=VALUE. Never blocks; without a manager it does nothing.
  void say(std::string_view lines) const;
};

// The guard's end. For each message that comes SIGIO comes to the process that has opened it.
class ManagerRelay {
 public:
  // From NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID of our environment; nothing where there is no manager.
  static std::optional<ManagerRelay> open(ManagerLine& line);

  // All that has come. Blocks while the manager takes nothing, at most a second for each message.
  void pass_on() const;
  [[nodiscard]] std::array<int, 2> descriptors() const { return {from_runner_.get(), to_manager_.get()}; }

 private:
  ManagerRelay() = default;

  Fd from_runner_, to_manager_;
  sockaddr_un address_{};
  socklen_t size_ = 0;
};

}  // namespace procgraph
