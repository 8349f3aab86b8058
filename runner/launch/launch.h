// From a Plan to running processes: opens every object once, starts each spawn with exactly its descriptors.
// Knows no policy: when to start what, and what an end means, is the supervisor's.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph/channel_kind.h"
#include "os/fd.h"
#include "os/kernel.h"
#include "os/spawn.h"
#include "plan/plan.h"

namespace procgraph {

// The kernel objects of a plan, which must outlive it; at its end, the files of unix sockets go. The runner's
// copy of an end is closed as soon as no spawn that inherits it is still to come, so that end of file and
// SIGPIPE work between the processes themselves.
class Opened {
 public:
  // Raises the soft limit of open files to what the plan needs, opens data objects first and files (which it
  // truncates) last, and makes each channel of a kind with `init` an empty one; on failure nothing stays
  // open. Only ends that some spawn inherits are opened.
  // `runner` is the process id by which the guard knows the run, if it is not our own.
  static Result<Opened> open(const Plan& plan, pid_t runner = ::getpid());
  static Result<Opened> open(const Plan& plan, Kernel& kernel, pid_t runner = ::getpid());
  Opened(Opened&&) noexcept;
  Opened& operator=(Opened&&) noexcept;
  ~Opened();

  [[nodiscard]] int fd(ObjectId object, End end) const;  // -1 once released
  [[nodiscard]] LiveChannel live(ChannelId channel) const;
  [[nodiscard]] const Graph& graph() const;
  // Of a socket, with nothing left open.
  [[nodiscard]] SocketAddress address(ChannelId channel) const;
  [[nodiscard]] std::span<std::byte> roster() const;  // empty where the plan has none
  // Of a channel with an outside end, which are kept open for as long as the graph runs: what a program from
  // outside gets.
  struct Shared {
    int roster = -1, control = -1;
    int readable = -1, writable = -1;  // the payload
  };
  [[nodiscard]] Shared shared(ChannelId channel) const;
  // Since the last call the kernel has killed one of the spawn's processes because its cgroup was out of
  // memory.
  [[nodiscard]] bool ran_out_of_memory(const Spawn& spawn);
  // This spawn has started, or never will: gives up its claim on each end that it inherits. A second call
  // does nothing.
  void release(const Spawn& spawn);
  // Folders of the cgroups that this spawn has to itself; made before anything starts, gone at our end.
  [[nodiscard]] const std::vector<std::string>& groups(const Spawn& spawn) const;
  // The one of version 2 among them, or one without limits that it has because it may be started again where
  // the run is held by cgroups; "" where there is none. Nobody but its family is in it.
  [[nodiscard]] const std::string& own_group(const Spawn& spawn) const;
  // That of the cgroup of the whole run, which has no limits; "" where its containment is no such one.
  [[nodiscard]] const std::string& group() const;
  // Why it is not there though the plan has one: the kernel said no, and the guard is enough for the file.
  [[nodiscard]] const std::string& why_no_group() const;
  // The soft limit of open files as it was before: what the processes get.
  [[nodiscard]] std::uint64_t files_limit() const;
  // From which its processes start, if it has one: one at a time.
  [[nodiscard]] LaunchPad* pad() const;

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

// What one start of a process has to say that it is ready; the descriptor stays the caller's.
struct ReadyEnds {
  std::string notify{};  // NOTIFY_SOCKET
  int fd = -1;           // becomes the one that the plan says
};

// Blocks until exec has happened or failed. Does not release the spawn's ends. A participant's environment
// also has PROCGRAPH_ATTACH, where what it starts can get a number of its own; `more` ("K=V") are variables
// that no plan could know.
[[nodiscard]] std::variant<Child, SpawnError> launch(const Spawn& spawn, const Opened& opened, LogEnds logs,
                                                     std::string_view attach = {},
                                                     const ReadyEnds& ready = {},
                                                     std::span<const std::string> more = {});
// The text with the addresses of sockets in place of references.
[[nodiscard]] std::string with_addresses(const std::string& text, const Opened& opened);

// Which of its limits a process has died of, killed by `signal` or ended with the code by which a shell tells
// that: "out of memory, its limit is 64MiB"; nothing if it is none of them, or not known. Call it once per
// end.
[[nodiscard]] std::string explain_end(const Spawn& spawn, Opened& opened, int signal, int code);

// Why a spawn failed and what cures it, for people: "cannot start '/x/tool': its interpreter '/bin/missing'
// does not exist". Looks at the program, so call it at once.
[[nodiscard]] std::string explain(const SpawnError& error, const Spawn& spawn);

}  // namespace procgraph
