// Watching and signalling processes: pidfds, the one reaper, signals as a descriptor.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "os/fd.h"
#include "procgraph/result.h"

namespace procgraph {

Result<Fd> open_pidfd(pid_t pid);

// Of a process that this one may not see: it lives in another pid namespace.
inline constexpr pid_t kNoNumber = -1;

// Whoever has connected to a unix socket, as of then.
struct Peer {
  uid_t user = 0;
  pid_t pid = kNoNumber;
  Fd pidfd;
};
Result<Peer> open_peer(int connection);
// 0, or errno (ESRCH: it is dead and reaped).
int send_signal(int pidfd, int signal);

// One change of a child's state, as waitid reports it. A child that has ended is reaped thereby.
struct ChildChange {
  enum class What { kExited, kKilled, kStopped, kContinued };
  pid_t pid = -1;
  What what = What::kExited;
  int status = 0;  // the exit code, or the signal
  bool core = false;
  rusage used{};

  [[nodiscard]] bool ended() const { return what == What::kExited || what == What::kKilled; }
};

// The next change of any child, own or adopted; nothing if none has changed. Call until then: SIGCHLDs merge.
[[nodiscard]] std::optional<ChildChange> next_change();

// Blocks these signals in the calling thread and returns a descriptor that yields them (non-blocking,
// signalfd_siginfo).
Result<Fd> open_signals(std::initializer_list<int> signals);
// True if the signal's disposition is to ignore it: as for SIGHUP under nohup.
[[nodiscard]] bool is_ignored(int signal);
// "SIGTERM"; "signal 40" for one without a name.
[[nodiscard]] std::string signal_name(int signal);

}  // namespace procgraph
