// World: everything that the pure half of the program (config, graph, plan) may know about where it runs.
// main reads it from the machine, a test makes one up.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/resources.h"
#include "base/units.h"
#include "procgraph/result.h"

namespace procgraph {

struct FileFacts {
  enum class Type { kMissing, kRegular, kDirectory, kOther };
  Type type = Type::kMissing;
  bool readable = false;
  bool executable = false;  // x bit for us; of a directory: searchable
  Bytes size{};             // of a regular file
};

struct Machine {
  unsigned cpus = 1;  // usable by us (affinity)
  Bytes page_size{4096};
  Bytes memory_available{~0ULL};    // MemAvailable, or less where a cgroup says so
  std::string memory_limit_source;  // "the machine", "the memory cgroup"
  Bytes pipe_max{1 << 20};          // /proc/sys/fs/pipe-max-size
  Bytes pipes_soft{
      ~0ULL};  // of all pipes of ours: what is made beyond that is small; ~0: no such limit for us
  std::uint64_t files_max = 1 << 20;            // hard RLIMIT_NOFILE
  std::uint64_t processes_max = 1 << 20;        // what may still be started (pid_max, RLIMIT_NPROC)
  std::vector<unsigned> cpu_numbers{0};         // those `cpus` counts, sorted
  int nice_least = 0, oom_score_adj_least = 0;  // that a process of ours can be given
  int oom_score_adj = 0;                        // our own
  // Hard limits; ~0: none.
  std::uint64_t cpu_time_max = ~0ULL;  // seconds
  Bytes file_size_max{~0ULL}, core_max{~0ULL};
  GroupPlace memory_groups, process_groups, cpu_groups;
  std::uint64_t cpu_share_max = ~0ULL;  // percent of one CPU that the groups around cpu_groups get; ~0: all
  GroupPlace run_groups;  // of version 2, without a controller: the kernel ends a whole run there
};

struct World {
  std::map<std::string, std::string> environment;
  std::string cwd;  // absolute
  std::vector<std::string>
      nodes;                    // --nodes, then $PROCGRAPH_NODE_PATH: absolute folders, looked up before PATH
  std::string installed_nodes;  // absolute folder, looked up last; empty: none
  Machine machine;
  std::function<FileFacts(const std::string& absolute_path)> look;
  std::function<Result<std::string>(const std::string& absolute_path)> read_file;
  // Names in a folder, sorted, for "did you mean": none where it cannot be read, and of a huge one only some.
  // The function itself may be absent.
  std::function<std::vector<std::string>(const std::string& absolute_path)> list;
  // Why a run cannot have process ids of its own here; "": it can. Costs some milliseconds. The function
  // itself may be absent: it can.
  std::function<std::string()> why_no_pid_namespace;
};

}  // namespace procgraph
