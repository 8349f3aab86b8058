#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <string>

#include "base/text.h"
#include "launch/launch.h"

namespace procgraph {
namespace {

bool exists(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0;
}

bool is_folder(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
}

// "/bin/sh" of a script that begins "#! /bin/sh -e"; empty for anything else.
std::string interpreter(const std::string& program) {
  std::string line;
  std::ifstream file(program);
  if (!std::getline(file, line) || !line.starts_with("#!")) return {};
  const auto start = line.find_first_not_of(" \t", 2);
  if (start == std::string::npos) return {};
  return line.substr(start, line.find_first_of(" \t", start) - start);
}

std::string explain_missing(const std::string& program) {
  if (!exists(program)) return "it does not exist";
  const std::string script_runs_with = interpreter(program);
  if (script_runs_with.empty()) return "the dynamic loader that it names does not exist";
  const std::string_view hint = script_runs_with.ends_with('\r') ? " (its lines end as on Windows)" : "";
  return fmt::format("its interpreter '{}' does not exist{}", escape(script_runs_with), hint);
}

std::string explain_exec(int code, const Spawn& spawn) {
  switch (code) {
    case ENOENT:
      return explain_missing(spawn.program);
    case EACCES:
      if (is_folder(spawn.program)) return "it is a folder";
      return "it may not be executed (no x permission, or a noexec file system)";
    case E2BIG:
      return "its arguments and environment are longer than the kernel takes";
    case ENOEXEC:
      return "it is neither a binary for this machine nor a script with a '#!' line";
    case ETXTBSY:
      return "it is open for writing";
    default:
      return std::strerror(code);
  }
}

}  // namespace

std::string explain_end(const Spawn& spawn, Opened& opened, int signal, int code) {
  const ResourcesSpec& asked = opened.graph().at(spawn.process).resources;
  const bool out_of_memory = opened.ran_out_of_memory(spawn);
  const auto died_of = [&](int of) { return signal == of || code == 128 + of; };
  if (died_of(SIGKILL) && out_of_memory && asked.memory)
    return fmt::format("out of memory, its limit is {}", format(asked.memory->value));
  if (died_of(SIGXCPU) && asked.cpu)
    return fmt::format("it has used up its limit of CPU time, {}", format_duration(asked.cpu->value));
  if (died_of(SIGXFSZ) && asked.file_size)
    return fmt::format("its limit of the size of a file is {}", format(asked.file_size->value));
  return {};
}

std::string explain(const SpawnError& error, const Spawn& spawn) {
  const auto because = [&](const std::string& reason) {
    return fmt::format("cannot start '{}': {}", escape(spawn.program), reason);
  };
  if (error.step == "exec") return because(explain_exec(error.code, spawn));
  if (error.step == "chdir")
    return because(fmt::format("its folder '{}': {}", escape(spawn.cwd), std::strerror(error.code)));
  if (error.step == "vfork" && error.code == EAGAIN)
    return because("no more processes (`ulimit -u`, kernel.pid_max or the cgroup's pids.max is reached)");
  return because(fmt::format("{}: {}", error.step, std::strerror(error.code)));
}

}  // namespace procgraph
