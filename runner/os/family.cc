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
#include <ranges>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "os/control_groups.h"
#include "os/fd.h"

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

std::vector<pid_t> numbers_in_group(const Family& family) {
  return family.group.empty() ? std::vector<pid_t>{} : numbers_in(family.group + "/cgroup.procs");
}

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

template <class Map>
auto range(const Map& map, pid_t key) {
  const auto [first, last] = map.equal_range(key);
  return std::ranges::subrange(first, last);
}

// From us down, so that a number which came back as a stranger's session is never taken for ours.
class Walk {
 public:
  Walk(std::span<const Family> families, std::span<const Orphan> orphans) : members_(families.size()) {
    for (std::size_t family = 0; family < families.size(); ++family) {
      firsts_.emplace(families[family].first, family);
      for (const pid_t pid : numbers_in_group(families[family])) named_.emplace(pid, family);
    }
    for (const Orphan& orphan : orphans) {
      for (const auto& [mark, family] : range(firsts_, orphan.mark)) named_.emplace(orphan.pid, family);
    }
    each_process([&](const ProcessLine& line) { by_parent_.emplace(line.parent, line); });
    descend();
  }

  [[nodiscard]] std::vector<std::vector<ProcessLine>> members() && { return std::move(members_); }

 private:
  using Families = std::vector<std::size_t>;

  // Of what its parent belongs to, and of what names it.
  [[nodiscard]] Families families_of(const ProcessLine& line, Families its_parents) const {
    const auto add = [&](std::size_t family) {
      if (std::ranges::find(its_parents, family) == its_parents.end()) its_parents.push_back(family);
    };
    for (const auto& [session, family] : range(firsts_, line.session)) add(family);
    for (const auto& [pid, family] : range(named_, line.pid)) add(family);
    return its_parents;
  }

  void descend() {
    std::vector<std::pair<pid_t, Families>> parents{{::getpid(), {}}};
    while (!parents.empty()) {
      const auto [parent, families] = std::move(parents.back());
      parents.pop_back();
      for (const auto& [number, child] : range(by_parent_, parent)) {
        Families its = families_of(child, families);
        if (child.alive())
          for (const std::size_t family : its) members_[family].push_back(child);
        parents.emplace_back(child.pid, std::move(its));
      }
      by_parent_.erase(parent);  // a walk that is no snapshot could contain a circle
    }
  }

  std::unordered_multimap<pid_t, std::size_t> firsts_;  // one that is not over may have lost its number
  std::unordered_multimap<pid_t, std::size_t> named_;   // by their cgroup or their mark
  std::unordered_multimap<pid_t, ProcessLine> by_parent_;
  std::vector<std::vector<ProcessLine>> members_;
};

std::size_t signal_each(std::span<const ProcessLine> members, int signal) {
  return static_cast<std::size_t>(std::ranges::count_if(members, [&](const ProcessLine& member) {
    const auto same = [&](const ProcessLine& now) { return now.session == member.session; };
    return signal_exactly(member.pid, signal, same) == 0;
  }));
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

std::vector<Orphan> with_marks(std::span<const pid_t> orphans) {
  std::vector<Orphan> marked;
  marked.reserve(orphans.size());
  for (const pid_t pid : orphans) marked.push_back({pid, mark_of(pid)});
  return marked;
}

std::vector<std::vector<ProcessLine>> members_of(std::span<const Family> families,
                                                 std::span<const Orphan> orphans) {
  return Walk(families, orphans).members();
}

std::size_t signal_family(const Family& family, std::span<const ProcessLine> members, int signal) {
  const std::size_t count = signal_each(members, signal);
  if (signal == SIGKILL && !family.group.empty()) kill_group(family.group);
  return count;
}

std::size_t signal_families(std::span<const Family> families, std::span<const Orphan> orphans, int signal) {
  std::vector<ProcessLine> all;
  for (const auto& members : members_of(families, orphans))
    all.insert(all.end(), members.begin(), members.end());
  std::ranges::sort(all, {}, &ProcessLine::pid);
  const auto twice = std::ranges::unique(all, {}, &ProcessLine::pid);
  all.erase(twice.begin(), twice.end());
  const std::size_t count = signal_each(all, signal);
  if (signal == SIGKILL) {
    for (const Family& family : families)
      if (!family.group.empty()) kill_group(family.group);
  }
  return count;
}

bool group_is_empty(const Family& family) {
  return numbers_in_group(family).empty();
}

bool is_surely_over(const Family& family, std::span<const Orphan> orphans) {
  const auto marked = [&](const Orphan& orphan) { return orphan.mark == family.first; };
  return group_is_empty(family) && number_is_free(family.first) && std::ranges::none_of(orphans, marked);
}

bool is_over(const Family& family, std::span<const Orphan> orphans) {
  return is_surely_over(family, orphans) ||
         (group_is_empty(family) && members_of({&family, 1}, orphans).front().empty());
}

std::vector<pid_t> hanging_members(const Family& family, std::span<const Orphan> orphans) {
  std::vector<pid_t> hanging;
  const auto members = members_of({&family, 1}, orphans);
  for (const ProcessLine& member : members.front()) {
    if (!member.hangs()) return {};
    hanging.push_back(member.pid);
  }
  return hanging;
}

}  // namespace procgraph
