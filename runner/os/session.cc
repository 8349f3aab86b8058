// Sessions as a whole: every process that we start leads one, and what is left of it is found by its number.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "os/proc.h"
#include "os/process.h"

namespace procgraph {
namespace {

using Parents = std::unordered_map<pid_t, pid_t>;

bool descends_from_us(pid_t pid, const Parents& parents) {
  const pid_t us = ::getpid();
  // A walk that is no snapshot could contain a circle: as many steps as processes are enough.
  for (std::size_t steps = 0; steps <= parents.size(); ++steps) {
    const auto parent = parents.find(pid);
    if (parent == parents.end()) return false;
    if (parent->second == us) return true;
    pid = parent->second;
  }
  return false;
}

// The kernel keeps a number in use while it names a process, a process group or a session. F_SETOWN_EX fails
// exactly where the number is free, and looks at nothing else.
bool number_is_free(pid_t number) {
  const Fd any(::eventfd(0, EFD_CLOEXEC));
  const f_owner_ex owner{F_OWNER_PGRP, number};
  return any && ::fcntl(any.get(), F_SETOWN_EX, &owner) != 0 && errno == ESRCH;
}

}  // namespace

std::size_t signal_sessions(std::span<const pid_t> sessions, int signal) {
  const std::unordered_set<pid_t> wanted(sessions.begin(), sessions.end());
  Parents parents;
  std::vector<pid_t> members;
  each_process([&](const ProcessLine& line) {
    parents.emplace(line.pid, line.parent);
    if (line.alive() && wanted.contains(line.session)) members.push_back(line.pid);
  });
  const auto signalled = [&](pid_t pid) {
    // A number that came back as a stranger's session is not ours.
    if (!descends_from_us(pid, parents)) return false;
    return signal_exactly(pid, signal,
                          [&](const ProcessLine& line) { return wanted.contains(line.session); }) == 0;
  };
  return static_cast<std::size_t>(std::ranges::count_if(members, signalled));
}

std::vector<pid_t> hanging_members(pid_t session) {
  std::vector<pid_t> hanging;
  bool one_moves = false;
  each_process([&](const ProcessLine& line) {
    if (line.session != session || !line.alive()) return;
    hanging.push_back(line.pid);
    one_moves = one_moves || !line.hangs();
  });
  return one_moves ? std::vector<pid_t>{} : hanging;
}

bool session_is_empty(pid_t leader) {
  if (number_is_free(leader)) return true;
  return signal_sessions({&leader, 1}, 0) == 0;
}

}  // namespace procgraph
