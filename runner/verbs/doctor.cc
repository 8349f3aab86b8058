// `doctor`: what this machine allows, in the words of the promises: containment, limits, shared memory,
// pipes.
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>

#include "base/text.h"
#include "base/units.h"
#include "os/fd.h"
#include "os/machine.h"
#include "os/pid_namespace.h"
#include "verbs/verb.h"

namespace procgraph {
namespace {

// One finding: `ok` false means that no graph can run here.
struct Finding {
  std::string name;
  std::string value;
  std::string advice;  // empty: nothing to do
  bool ok = true;
};

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

Finding kernel() {
  utsname name{};
  uname(&name);
  int major = 0;
  int minor = 0;
  std::sscanf(name.release, "%d.%d", &major, &minor);
  bool ok = major > 6 || (major == 6 && minor >= 1);
  return {"kernel", name.release, ok ? "" : "procgraph is made for Linux 6.1 and later", ok};
}

Finding pidfds() {
  Fd self(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
  return {"pidfd", self ? "yes" : "no", self ? "" : "processes cannot be watched without pidfd_open",
          static_cast<bool>(self)};
}

Finding shared_memory(const Machine& machine) {
  Fd memory(memfd_create("doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory) return {"shared memory", "no", "memfd_create is refused here; queues need it", false};
  Bytes whole{machine.memory_available.value >> 20 << 20};
  return {"shared memory",
          fmt::format("memfd with seals; {} available ({})", format(whole), machine.memory_limit_source), ""};
}

Finding pipes(const Machine& machine) {
  std::string soft = first_line("/proc/sys/fs/pipe-user-pages-soft");
  return {"pipes",
          fmt::format("at most {} each; {} pages for all of a user's before they shrink",
                      format(machine.pipe_max), soft),
          ""};
}

Finding descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  bool few = limit.rlim_max < 4096;
  return {"descriptors",
          fmt::format("{} now, raised to at most {} where a graph needs it", limit.rlim_cur, limit.rlim_max),
          few ? "large graphs need more: ulimit -Hn" : ""};
}

Finding file_size() {
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  bool unlimited = limit.rlim_cur == RLIM_INFINITY;
  return {"file size limit", unlimited ? "none" : format(Bytes{limit.rlim_cur}),
          unlimited ? "" : "it bounds queues too: ulimit -f unlimited"};
}

Finding processes(const Machine& machine) {
  return {"processes", fmt::format("about {} more", format_count(machine.processes_max)), ""};
}

Finding processors(const Machine& machine) {
  return {"processors",
          fmt::format("{} usable ({}) of {}", machine.cpus, format_cpus(machine.cpu_numbers),
                      std::thread::hardware_concurrency()),
          machine.cpus == 1 ? "waiting never spins on one processor" : ""};
}

// Which tier a run has that asks for none, and what the others lack.
Finding containment(const Machine& machine) {
  if (machine.run_groups.version != 0)
    return {"containment",
            fmt::format("cgroup: the kernel ends a whole run at once; in {}", machine.run_groups.folder), ""};
  return {"containment", "guard: if the runner dies, the guard above it ends every descendant",
          fmt::format(
              "a process that changes its pid faster than a walk over /proc escapes this tier; no cgroup: {}",
              machine.run_groups.missing)};
}

Finding pid_namespaces() {
  const std::string missing = why_no_pid_namespace();
  if (missing.empty()) return {"  pid_namespace", "yes, where the file asks for it", ""};
  return {"  pid_namespace", fmt::format("no: {}", missing), ""};
}

Finding group_limit(std::string name, const GroupPlace& place) {
  if (place.version != 0)
    return {std::move(name), fmt::format("yes: cgroups of version {} in {}", place.version, place.folder),
            ""};
  return {std::move(name), fmt::format("no: {}", place.missing),
          "to be had as root, or where systemd hands cgroups on: systemd-run --user --scope procgraph run …"};
}

Finding ranks(const Machine& machine) {
  return {"priorities",
          fmt::format("nice from {}, oom_score_adj from {}", machine.nice_least, machine.oom_score_adj_least),
          ""};
}

Outcome print_findings() {
  Machine machine = read_machine();
  bool ok = true;
  for (const Finding& f : {kernel(), containment(machine), pid_namespaces(), pidfds(), shared_memory(machine),
                           pipes(machine), descriptors(), file_size(), processes(machine),
                           processors(machine), group_limit("limits: memory", machine.memory_groups),
                           group_limit("limits: processes", machine.process_groups),
                           group_limit("limits: cpu_share", machine.cpu_groups), ranks(machine)}) {
    fmt::print("{:<19}{}{}\n", f.name, f.ok ? "" : "MISSING: ", escape(f.value));
    if (!f.advice.empty()) fmt::print("{:<19}({})\n", "", f.advice);
    ok = ok && f.ok;
  }
  return {.code = ok ? 0 : kExitMachine};
}

}  // namespace

Action declare_doctor(Flags&, const Context&) {
  return [] { return print_findings(); };
}

}  // namespace procgraph
