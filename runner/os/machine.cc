#include "os/machine.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

#include "os/control_groups.h"
#include "os/kernel_text.h"

namespace procgraph {
namespace {

std::vector<unsigned> usable_cpus() {
  for (std::size_t room = 1024; room <= 1U << 20U; room *= 4) {
    const std::size_t size = CPU_ALLOC_SIZE(room);
    std::vector<cpu_set_t> set(size / sizeof(cpu_set_t) + 1);
    if (::sched_getaffinity(0, size, set.data()) != 0) continue;
    std::vector<unsigned> cpus;
    for (unsigned cpu = 0; cpu < room; ++cpu)
      if (CPU_ISSET_S(cpu, size, set.data())) cpus.push_back(cpu);
    return cpus;
  }
  return {0};
}

// One of the kernel's two ways to say where a group of processes stands against a limit.
struct Limit {
  std::string_view controller;  // as /proc/self/cgroup spells it; "" for version 2
  std::string_view mount;
  std::string_view maximum, current;  // files
  std::string_view reclaimable;       // a line of memory.stat: counted in `current`, yet to be had; "": none
};

constexpr Limit kMemoryLimits[] = {{"", "/sys/fs/cgroup", "/memory.max", "/memory.current", "inactive_file"},
                                   {"memory", "/sys/fs/cgroup/memory", "/memory.limit_in_bytes",
                                    "/memory.usage_in_bytes", "total_inactive_file"}};
constexpr Limit kProcessLimits[] = {{"", "/sys/fs/cgroup", "/pids.max", "/pids.current", ""},
                                    {"pids", "/sys/fs/cgroup/pids", "/pids.max", "/pids.current", ""}};

std::optional<std::uint64_t> room_in(const std::string& folder, const Limit& limit) {
  const auto maximum = read_number(folder + std::string(limit.maximum));
  if (!maximum) return std::nullopt;
  std::uint64_t used = read_number(folder + std::string(limit.current)).value_or(0);
  if (!limit.reclaimable.empty())
    used -= std::min(used, read_field(folder + "/memory.stat", limit.reclaimable).value_or(0));
  return *maximum - std::min(*maximum, used);
}

// What the group and all groups above it still allow. In a container the path may be one that is not to be
// seen here; the mount's own folder is then the container's group.
std::optional<std::uint64_t> room(const std::string& root, const Limit& limit) {
  auto path = own_group(root, limit.controller);
  if (!path) return std::nullopt;
  std::optional<std::uint64_t> least;
  for (;;) {
    const auto here = room_in(root + std::string(limit.mount) + *path, limit);
    if (here && (!least || *here < *least)) least = here;
    if (path->empty()) return least;
    path->erase(path->rfind('/'));
  }
}

void read_memory(const std::string& root, Machine& machine) {
  machine.memory_limit_source = "the machine";
  if (const auto kib = read_field(root + "/proc/meminfo", "MemAvailable:"))
    machine.memory_available = {*kib * 1024};
  for (const Limit& limit : kMemoryLimits) {
    const auto left = room(root, limit);
    if (!left || *left >= machine.memory_available.value) continue;
    machine.memory_available = {*left};
    machine.memory_limit_source = "the memory cgroup";
  }
}

std::uint64_t limit_of(__rlimit_resource_t resource, rlim_t rlimit::*which) {
  rlimit limit{};
  ::getrlimit(resource, &limit);
  return limit.*which == RLIM_INFINITY ? ~0ULL : limit.*which;
}

// "0.20 0.18 0.12 1/80 11206": 80 tasks exist.
std::uint64_t tasks_now(const std::string& root) {
  std::ifstream file(root + "/proc/loadavg");
  double load = 0;
  std::uint64_t running = 0, all = 0;
  char slash = 0;
  file >> load >> load >> load >> running >> slash >> all;
  return all;
}

std::uint64_t startable(const std::string& root) {
  const std::uint64_t tasks = tasks_now(root);
  std::uint64_t least = ~0ULL;
  for (const char* file : {"/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max"})
    if (const auto most = read_number(root + file)) least = std::min(least, *most - std::min(*most, tasks));
  // The kernel does not apply this one to root.
  if (::getuid() != 0) least = std::min(least, limit_of(RLIMIT_NPROC, &rlimit::rlim_cur));
  for (const Limit& limit : kProcessLimits) least = std::min(least, room(root, limit).value_or(~0ULL));
  return least;
}

constexpr unsigned kSysAdmin = 21, kSysNice = 23, kSysResource = 24;  // capabilities

// What counts here are those against the whole machine: in a user namespace of its own a process has them
// all, and the kernel still refuses.
bool has_capability(const std::string& root, unsigned capability) {
  std::ifstream namespaces(root + "/proc/self/uid_map");
  std::uint64_t inside = 1, outside = 1, size = 0;
  namespaces >> inside >> outside >> size;
  if (inside != 0 || outside != 0 || size != 0xffff'ffff) return false;
  std::ifstream status(root + "/proc/self/status");
  for (std::string word; status >> word; status.ignore(1 << 20, '\n'))
    if (std::uint64_t set = 0; word == "CapEff:" && status >> std::hex >> set)
      return (set >> capability & 1) != 0;
  return false;
}

int least_nice(const std::string& root) {
  constexpr int kLowest = -20;
  if (has_capability(root, kSysNice)) return kLowest;
  const auto allowed =
      static_cast<int>(std::min<std::uint64_t>(limit_of(RLIMIT_NICE, &rlimit::rlim_cur), 40));
  return std::max(kLowest, std::min(::getpriority(PRIO_PROCESS, 0), 20 - allowed));
}

int own_oom_score_adj(const std::string& root) {
  int own = 0;
  std::ifstream(root + "/proc/self/oom_score_adj") >> own;
  return own;
}

// The quota and the period of one group: "50000 100000" in version 2, a file each in version 1. Nothing where
// there is no quota ("max", -1), and in a root group.
std::optional<std::uint64_t> cpu_percent(const std::string& group, int version) {
  std::int64_t quota = -1, period = 0;
  if (version == 2) {
    std::ifstream(group + "/cpu.max") >> quota >> period;
  } else {
    std::ifstream(group + "/cpu.cfs_quota_us") >> quota;
    std::ifstream(group + "/cpu.cfs_period_us") >> period;
  }
  if (quota <= 0 || period <= 0) return std::nullopt;
  return static_cast<std::uint64_t>(quota * 100 / period);
}

std::uint64_t most_cpu_percent(const std::string& root, const GroupPlace& place) {
  std::uint64_t least = ~0ULL;
  const std::size_t top = root.size() + std::string_view("/sys/fs/cgroup").size();
  for (std::string group = place.folder; group.size() >= top; group.erase(group.rfind('/')))
    least = std::min(least, cpu_percent(group, place.version).value_or(~0ULL));
  return least;
}

void read_ranks(const std::string& root, Machine& machine) {
  machine.nice_least = least_nice(root);
  machine.oom_score_adj = own_oom_score_adj(root);
  machine.oom_score_adj_least = has_capability(root, kSysResource) ? -1000 : machine.oom_score_adj;
  machine.cpu_time_max = limit_of(RLIMIT_CPU, &rlimit::rlim_max);
  machine.file_size_max = {limit_of(RLIMIT_FSIZE, &rlimit::rlim_max)};
  machine.core_max = {limit_of(RLIMIT_CORE, &rlimit::rlim_max)};
}

// Of pipes made beyond it the kernel keeps two pages each, and none may be enlarged.
Bytes soft_limit_of_pipes(const std::string& root, Bytes page) {
  const auto pages = read_number(root + "/proc/sys/fs/pipe-user-pages-soft");
  if (!pages || *pages == 0 || has_capability(root, kSysResource) || has_capability(root, kSysAdmin))
    return {~0ULL};
  return {*pages * page.value};
}

}  // namespace

Machine read_machine(const std::string& root) {
  Machine machine;
  machine.cpu_numbers = usable_cpus();
  machine.cpus = static_cast<unsigned>(machine.cpu_numbers.size());
  machine.page_size = {static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))};
  read_memory(root, machine);
  if (const auto most = read_number(root + "/proc/sys/fs/pipe-max-size")) machine.pipe_max = {*most};
  machine.pipes_soft = soft_limit_of_pipes(root, machine.page_size);
  machine.files_max = limit_of(RLIMIT_NOFILE, &rlimit::rlim_max);
  machine.processes_max = startable(root);
  read_ranks(root, machine);
  machine.memory_groups = find_group_place(root, "memory");
  machine.process_groups = find_group_place(root, "pids");
  machine.cpu_groups = find_group_place(root, "cpu");
  machine.cpu_share_max = most_cpu_percent(root, machine.cpu_groups);
  machine.run_groups = find_run_place(root);
  return machine;
}

}  // namespace procgraph
