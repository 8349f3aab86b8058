#include "plan/describe.h"

#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

// The variable of a socket.
bool holds_address(const Plan& plan, const Process& process, std::string_view variable) {
  return std::ranges::any_of(process.ports,
                             [&](PortId id) { return plan.graph.at(id).variable == variable; });
}

}  // namespace

std::string shown(std::string_view text) {
  return replace_socket_references(text, [](std::string_view name, std::string_view part) {
    return cat("${socket.", name, '.', part, '}');
  });
}

std::string_view name(End end) {
  switch (end) {
    case End::kRead:
      return "read";
    case End::kWrite:
      return "write";
    case End::kA:
    case End::kB:
      return "both";
    case End::kReadOnly:
      return "read-only";
    case End::kReadWrite:
      return "read-write";
    case End::kListen:
      return "listen";
  }
  return "";
}

std::string_view sort_of(const Object& object) {
  constexpr std::string_view kSorts[] = {"pipe", "socket pair", "memory", "file", "listener"};
  return kSorts[object.what.index()];
}

std::string title(const Probe& probe) {
  switch (probe.kind) {
    case ProbeKind::kNotify:
    case ProbeKind::kWatchdog:
      return std::string(name(probe.kind));
    case ProbeKind::kFd:
      return cat("a newline on descriptor ", probe.fd);
    case ProbeKind::kExec: {
      std::vector<std::string> words = probe.argv;
      if (!words.empty()) words[0] = probe.program;
      return cat("exec ", shown(shell_join(words)));
    }
    case ProbeKind::kTcp:
      return cat("tcp ", shown(probe.address));
    case ProbeKind::kHttp:
      return cat("http://", shown(probe.address), probe.path);
    case ProbeKind::kLog:
      return cat("log '", probe.pattern, '\'');
  }
  return {};
}

std::vector<NamedLimit> limits_of(const ResourcesSpec& resources) {
  std::vector<NamedLimit> limits;
  const auto add_bytes = [&](std::string_view name, const Typed<Bytes>& bytes) {
    if (bytes) limits.push_back({name, bytes->value.value, format(bytes->value)});
  };
  const auto add_count = [&](std::string_view name, const Typed<std::uint64_t>& count) {
    if (count) limits.push_back({name, count->value, format_count(count->value)});
  };
  add_bytes("memory", resources.memory);
  add_count("processes", resources.processes);
  if (resources.cpu) {
    const auto seconds = resources.cpu->value / std::chrono::seconds(1);
    limits.push_back({"cpu", static_cast<std::uint64_t>(seconds), format_duration(resources.cpu->value)});
  }
  if (resources.cpu_share) {
    const std::uint64_t percent = resources.cpu_share->value;
    limits.push_back({"cpu_share", percent, cat(format_count(percent), '%')});
  }
  add_count("files", resources.files);
  add_bytes("file_size", resources.file_size);
  add_bytes("core", resources.core);
  return limits;
}

std::vector<std::string> own_environment(const Plan& plan, const Spawn& spawn) {
  const Process& process = plan.graph.at(spawn.process);
  std::vector<std::string> own;
  for (const std::string& entry : spawn.env) {
    const auto key = std::string_view(entry).substr(0, entry.find('='));
    const bool declared = std::ranges::any_of(
        process.env, [&](const EnvironmentEntry& variable) { return variable.name.value == key; });
    const bool ours = key.starts_with("PROCGRAPH_") || key.starts_with("LISTEN_") || key == "WATCHDOG_USEC" ||
                      holds_address(plan, process, key);
    if (declared || ours) own.push_back(shown(entry));
  }
  return own;
}

std::vector<std::vector<std::string>> names_by(const Graph& graph, const std::vector<std::uint32_t>& number) {
  std::vector<std::vector<std::string>> names;
  for (const Process& process : graph.processes) {
    if (process.finally) continue;
    const std::uint32_t n = number[process.id.value];
    if (names.size() <= n) names.resize(n + 1);
    names[n].push_back(process.name);
  }
  std::erase_if(names, [](const auto& group) { return group.empty(); });
  return names;
}

}  // namespace procgraph
