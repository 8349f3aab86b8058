// What a process may use of the machine, as the kernel takes it: values, decided by the plan, applied by the
// launch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace procgraph {

// Limits that the kernel keeps for a single process, and that what it starts inherits.
enum class Resource : std::uint8_t { kCpu, kFiles, kFileSize, kCore };

// As the file calls it.
[[nodiscard]] std::string_view name(Resource resource);

struct ResourceLimit {
  Resource resource = Resource::kFiles;
  std::uint64_t soft = 0, hard = 0;  // seconds, descriptors, bytes

  bool operator==(const ResourceLimit&) const = default;
};

// One file of a cgroup, and what is written into it.
struct GroupSetting {
  std::string file, value;
  bool optional = false;  // where the kernel has no such file, it goes without

  bool operator==(const GroupSetting&) const = default;
};

// Where cgroups with one controller can be made.
struct GroupPlace {
  int version = 0;      // of the kernel's interface, 1 or 2; 0: nowhere
  std::string folder;   // absolute: the groups of a run lie in it
  std::string missing;  // why nowhere, for people

  bool operator==(const GroupPlace&) const = default;
};

// A cgroup for one process and all that it starts.
struct ControlGroup {
  GroupPlace place;
  std::vector<std::string> controllers;  // "memory", "pids"
  std::vector<GroupSetting> settings;    // in this order

  bool operator==(const ControlGroup&) const = default;
};

struct Resources {
  std::vector<unsigned> cpus;  // sorted; empty: those of the runner
  std::optional<int> nice, oom_score_adj;
  bool insists_on_oom_score_adj = false;  // the file asks for it; else a process goes without where it must
  std::vector<ResourceLimit> limits;
  std::vector<ControlGroup> groups;

  bool operator==(const Resources&) const = default;
};

struct CpuRange {
  unsigned first = 0, last = 0;

  bool operator==(const CpuRange&) const = default;
};

// "3" or "0-3": decimal, at most 65535, in this order; nothing for other text.
[[nodiscard]] std::optional<CpuRange> parse_cpu_range(std::string_view text);
// "0-3, 6" of sorted numbers.
[[nodiscard]] std::string format_cpus(const std::vector<unsigned>& cpus);

}  // namespace procgraph
