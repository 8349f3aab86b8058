#include "plan/resources.h"

#include <algorithm>

#include "graph/wording.h"
#include "plan/environment.h"

namespace procgraph {
namespace {

constexpr std::uint64_t kUnlimited = ~0ULL;

class Decision {
 public:
  Decision(const Process& process, const Machine& machine, Diagnostics& diagnostics)
      : process_(process), asked_(process.resources), machine_(machine), diagnostics_(diagnostics) {}

  Resources decide(std::uint32_t replica) {
    decide_cpus(replica);
    decide_ranks();
    decide_limits();
    decide_groups();
    return std::move(decided_);
  }

 private:
  void refuse(Mark mark, const std::string& what, std::string hint) {
    diagnostics_.error(mark, cat("process ", quoted(process_.name), ' ', what), std::move(hint));
  }

  void decide_cpus(std::uint32_t replica) {
    for (const Text& text : asked_.cpus) {
      const std::string filled = fill_in(text.value, replica, process_.replicas);
      const std::optional<CpuRange> range = parse_cpu_range(filled);
      const auto usable = [&](unsigned cpu) { return range->first <= cpu && cpu <= range->last; };
      std::vector<unsigned> found;
      if (range) std::ranges::copy_if(machine_.cpu_numbers, std::back_inserter(found), usable);
      if (!range || found.size() != range->last - range->first + 1) {
        refuse(text.mark,
               cat("is to run on CPU ", filled, "; here there ",
                   machine_.cpu_numbers.size() == 1 ? "is CPU " : "are CPUs ",
                   format_cpus(machine_.cpu_numbers)),
               "`taskset -p $$` shows the CPUs that a program started here may use");
      }
      decided_.cpus.insert(decided_.cpus.end(), found.begin(), found.end());
    }
    std::ranges::sort(decided_.cpus);
    decided_.cpus.erase(std::unique(decided_.cpus.begin(), decided_.cpus.end()), decided_.cpus.end());
  }

  void decide_ranks() {
    if (asked_.nice) {
      decided_.nice = asked_.nice->value;
      if (asked_.nice->value < machine_.nice_least)
        refuse(asked_.nice->mark,
               cat("asks for nice ", asked_.nice->value, "; the lowest that may be given here is ",
                   machine_.nice_least),
               "a lower one takes the capability CAP_SYS_NICE, or a higher `ulimit -e`");
    }
    if (asked_.oom_score_adj) {
      decided_.oom_score_adj = asked_.oom_score_adj->value;
      decided_.insists_on_oom_score_adj = true;
      if (asked_.oom_score_adj->value < machine_.oom_score_adj_least)
        refuse(asked_.oom_score_adj->mark,
               cat("asks for oom_score_adj ", asked_.oom_score_adj->value,
                   "; the lowest that may be given here is ", machine_.oom_score_adj_least),
               "a lower one takes the capability CAP_SYS_RESOURCE");
    } else {
      // Short of memory, the kernel takes those who work before the one who can start them again.
      decided_.oom_score_adj = std::min(machine_.oom_score_adj + 500, 1000);
    }
  }

  // At its soft limit of time a process gets SIGXCPU, at the hard one, a second later, SIGKILL.
  void decide_limits() {
    const auto plain = [](std::uint64_t value) { return format_count(value); };
    const auto bytes = [](std::uint64_t value) { return format(Bytes{value}); };
    if (asked_.cpu) {
      const auto seconds = static_cast<std::uint64_t>(asked_.cpu->value / std::chrono::seconds(1));
      limit(Resource::kCpu, asked_.cpu->mark, seconds, 1, machine_.cpu_time_max, "seconds of CPU time", plain,
            "ulimit -Ht");
    }
    if (asked_.files)
      limit(Resource::kFiles, asked_.files->mark, asked_.files->value, 0, machine_.files_max, "open files",
            plain, "ulimit -Hn");
    if (asked_.file_size)
      limit(Resource::kFileSize, asked_.file_size->mark, asked_.file_size->value.value, 0,
            machine_.file_size_max.value, "for a file", bytes, "ulimit -Hf");
    if (asked_.core)
      limit(Resource::kCore, asked_.core->mark, asked_.core->value.value, 0, machine_.core_max.value,
            "for a core dump", bytes, "ulimit -Hc");
  }

  template <class Format>
  void limit(Resource resource, Mark mark, std::uint64_t value, std::uint64_t grace, std::uint64_t most,
             std::string_view of_what, Format format, std::string_view command) {
    if (value > most)
      refuse(mark, cat("asks for ", format(value), ' ', of_what, "; the hard limit here is ", format(most)),
             cat("raise it before the start: `", command, "`"));
    const std::uint64_t hard = value > kUnlimited - grace ? kUnlimited : value + grace;
    decided_.limits.push_back({resource, value, std::min(hard, most)});
  }

  void decide_groups() {
    if (asked_.memory && had(asked_.memory->mark, machine_.memory_groups, "memory"))
      add_group(memory_group(asked_.memory->value));
    if (asked_.processes && had(asked_.processes->mark, machine_.process_groups, "the number of processes"))
      add_group({machine_.process_groups, {"pids"}, {{"pids.max", std::to_string(asked_.processes->value)}}});
    if (asked_.cpu_share && had(asked_.cpu_share->mark, machine_.cpu_groups, "its share of a CPU"))
      add_group(cpu_group(*asked_.cpu_share));
  }

  bool had(Mark mark, const GroupPlace& place, std::string_view of_what) {
    if (place.version != 0) return true;
    refuse(mark, cat("asks for a limit of ", of_what, ", which takes a cgroup: ", place.missing),
           "run as root, or where systemd hands cgroups on: systemd-run --user --scope procgraph run …");
    return false;
  }

  // Swap is memory too, or the limit would only make the process slow.
  ControlGroup memory_group(Bytes size) const {
    const std::string bytes = std::to_string(size.value);
    if (machine_.memory_groups.version == 2)
      return {machine_.memory_groups,
              {"memory"},
              {{"memory.max", bytes}, {"memory.swap.max", "0", true}, {"memory.oom.group", "1"}}};
    return {machine_.memory_groups,
            {"memory"},
            {{"memory.limit_in_bytes", bytes}, {"memory.memsw.limit_in_bytes", bytes, true}}};
  }

  // Version 1 refuses a group more than those around it have; version 2 would quietly give less.
  ControlGroup cpu_group(const Marked<std::uint64_t>& percent) {
    if (percent.value > machine_.cpu_share_max)
      refuse(percent.mark,
             cat("asks for ", format_count(percent.value), "% of a CPU; the cgroups around it have ",
                 format_count(machine_.cpu_share_max), "% for all in them"),
             "ask for less, or start procgraph where there is more");
    constexpr std::uint64_t kPeriod = 100'000;  // microseconds, the kernel's own
    const std::string quota = std::to_string(percent.value * kPeriod / 100);
    if (machine_.cpu_groups.version == 2)
      return {machine_.cpu_groups, {"cpu"}, {{"cpu.max", cat(quota, ' ', kPeriod)}}};
    return {machine_.cpu_groups,
            {"cpu"},
            {{"cpu.cfs_period_us", std::to_string(kPeriod)}, {"cpu.cfs_quota_us", quota}}};
  }

  // In version 2 a process is in one group only. The outer of two places hands on what the inner one does.
  void add_group(ControlGroup group) {
    if (group.place.version == 1 || decided_.groups.empty() || decided_.groups.back().place.version == 1) {
      decided_.groups.push_back(std::move(group));
      return;
    }
    ControlGroup& one = decided_.groups.back();
    if (group.place.folder.size() < one.place.folder.size()) one.place = group.place;
    one.controllers.insert(one.controllers.end(), group.controllers.begin(), group.controllers.end());
    one.settings.insert(one.settings.end(), group.settings.begin(), group.settings.end());
  }

  const Process& process_;
  const ResourcesSpec& asked_;
  const Machine& machine_;
  Diagnostics& diagnostics_;
  Resources decided_;
};

}  // namespace

Resources decide_resources(const Process& process, std::uint32_t replica, const Machine& machine,
                           Diagnostics& diagnostics) {
  return Decision(process, machine, diagnostics).decide(replica);
}

}  // namespace procgraph
