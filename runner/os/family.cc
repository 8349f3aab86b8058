#include "os/family.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fstream>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "os/control_groups.h"
#include "os/fd.h"
#include "os/proc.h"

namespace procgraph {
namespace {

// The kernel keeps a number in use while it names a process, a process group or a session. F_SETOWN_EX fails
// exactly where the number is free, and looks at nothing else.
bool number_is_free(pid_t number) {
  const Fd any(::eventfd(0, EFD_CLOEXEC));
  const f_owner_ex owner{F_OWNER_PGRP, number};
  return any && ::fcntl(any.get(), F_SETOWN_EX, &owner) != 0 && errno == ESRCH;
}

std::vector<pid_t> numbers_in(const std::string& file) {
  std::vector<pid_t> found;
  std::ifstream numbers(file);
  for (pid_t number = 0; numbers >> number;) found.push_back(number);
  return found;
}

// 0: there is none, or it is not ours to see.
pid_t mark_of(pid_t pid) {
  constexpr std::string_view kMark = "PROCGRAPH_PID=";
  std::ifstream environment(fmt::format("/proc/{}/environ", pid), std::ios::binary);
  for (std::string entry; std::getline(environment, entry, '\0');) {
    if (!entry.starts_with(kMark)) continue;
    pid_t mark = 0;
    std::from_chars(entry.data() + kMark.size(), entry.data() + entry.size(), mark);
    return mark;
  }
  return 0;
}

// From us down, so that a number which came back as a stranger's session is never taken for ours.
class Walk {
 public:
  Walk(std::span<const Family> families, std::span<const pid_t> orphans) {
    for (const Family& family : families) {
      firsts_.insert(family.first);
      if (family.group.empty()) continue;
      for (const pid_t pid : numbers_in(family.group + "/cgroup.procs")) grouped_.insert(pid);
    }
    for (const pid_t orphan : orphans)
      if (firsts_.contains(mark_of(orphan))) marked_.insert(orphan);
    each_process([&](const ProcessLine& line) { by_parent_.emplace(line.parent, line); });
    descend(::getpid(), false);
  }

  [[nodiscard]] std::vector<ProcessLine> members() && { return std::move(members_); }

 private:
  [[nodiscard]] bool belongs(const ProcessLine& line) const {
    return firsts_.contains(line.session) || grouped_.contains(line.pid) || marked_.contains(line.pid);
  }

  void descend(pid_t from, bool inside) {
    std::vector<std::pair<pid_t, bool>> parents{{from, inside}};
    while (!parents.empty()) {
      const auto [parent, is_member] = parents.back();
      parents.pop_back();
      const auto [first, last] = by_parent_.equal_range(parent);
      for (auto child = first; child != last; ++child) {
        const bool too = is_member || belongs(child->second);
        parents.emplace_back(child->second.pid, too);
        if (too && child->second.alive()) members_.push_back(child->second);
      }
      by_parent_.erase(first, last);  // a walk that is no snapshot could contain a circle
    }
  }

  std::unordered_set<pid_t> firsts_, grouped_, marked_;
  std::unordered_multimap<pid_t, ProcessLine> by_parent_;
  std::vector<ProcessLine> members_;
};

std::vector<ProcessLine> members_of(const Family& family, std::span<const pid_t> orphans) {
  return Walk({&family, 1}, orphans).members();
}

}  // namespace

std::vector<pid_t> own_children() {
  const std::string file = fmt::format("/proc/self/task/{}/children", ::getpid());
  if (::access(file.c_str(), R_OK) == 0) return numbers_in(file);
  std::vector<pid_t> found;  // a kernel without CONFIG_PROC_CHILDREN
  each_process([&, us = ::getpid()](const ProcessLine& line) {
    if (line.parent == us) found.push_back(line.pid);
  });
  return found;
}

std::size_t signal_families(std::span<const Family> families, std::span<const pid_t> orphans, int signal) {
  const std::vector<ProcessLine> members = Walk(families, orphans).members();
  const auto signalled = [&](const ProcessLine& member) {
    const auto same = [&](const ProcessLine& now) { return now.session == member.session; };
    return signal_exactly(member.pid, signal, same) == 0;
  };
  const auto count = std::ranges::count_if(members, signalled);
  if (signal == SIGKILL) {
    for (const Family& family : families)
      if (!family.group.empty()) kill_group(family.group);  // and who was born since
  }
  return static_cast<std::size_t>(count);
}

bool is_over(const Family& family, std::span<const pid_t> orphans) {
  if (!family.group.empty() && !numbers_in(family.group + "/cgroup.procs").empty()) return false;
  const auto marked = [&](pid_t orphan) { return mark_of(orphan) == family.first; };
  const bool perhaps = !number_is_free(family.first) || std::ranges::any_of(orphans, marked);
  return !perhaps || members_of(family, orphans).empty();
}

std::vector<pid_t> others_children(const Family& family, std::span<const pid_t> orphans) {
  std::vector<pid_t> others;
  for (const ProcessLine& member : members_of(family, orphans))
    if (member.parent != ::getpid()) others.push_back(member.pid);
  return others;
}

std::vector<pid_t> hanging_members(const Family& family, std::span<const pid_t> orphans) {
  std::vector<pid_t> hanging;
  for (const ProcessLine& member : members_of(family, orphans)) {
    if (!member.hangs()) return {};
    hanging.push_back(member.pid);
  }
  return hanging;
}

}  // namespace procgraph
