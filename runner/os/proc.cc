#include "os/proc.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "os/fd.h"
#include "os/open_folder.h"
#include "os/process.h"

namespace procgraph {
namespace {

// "4242 (a name) with ) in it) S 1 4242 4242 …": what follows the last parenthesis is numbers.
std::optional<ProcessLine> parse(pid_t pid, std::string_view stat) {
  const std::size_t end_of_name = stat.rfind(')');
  if (end_of_name == std::string_view::npos || end_of_name + 2 >= stat.size()) return std::nullopt;
  ProcessLine line{.pid = pid};
  int group = 0;
  unsigned flags = 0;
  const std::string rest(stat.substr(end_of_name + 2));
  constexpr const char* kFields =
      "%c %d %d %d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d";  // from the third to the
                                                                            // twentieth
  if (std::sscanf(rest.c_str(), kFields, &line.state, &line.parent, &group,
                  &line.session,  // NOLINT(cert-err34-c)
                  &flags, &line.threads) != 6)
    return std::nullopt;
  constexpr unsigned kExiting = 4;  // PF_EXITING
  line.exiting = (flags & kExiting) != 0;
  return line;
}

}  // namespace

std::optional<ProcessLine> process_line(pid_t pid) {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  const Fd file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  char text[512];
  const ssize_t size = ::read(file.get(), text, sizeof text);
  if (size <= 0) return std::nullopt;
  return parse(pid, {text, static_cast<std::size_t>(size)});
}

void each_process(const std::function<void(const ProcessLine&)>& visit) {
  const OpenFolder folder = folder_to_read("/proc");
  if (!folder) return;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view file = entry->d_name;
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(file.data(), file.data() + file.size(), pid);
    if (error != std::errc{} || end != file.data() + file.size()) continue;
    if (const auto line = process_line(pid)) visit(*line);
  }
}

Result<Fd> open_exactly(pid_t pid, const std::function<bool(const ProcessLine&)>& expected) {
  // The descriptor first: it names one process for ever, and the line is looked at while it does.
  Result<Fd> process = open_pidfd(pid);
  if (!process) return process;
  const auto line = process_line(pid);
  if (!line || !expected(*line)) return Error{"pidfd_open " + std::to_string(pid), ESRCH};
  return process;
}

int signal_exactly(pid_t pid, int signal, const std::function<bool(const ProcessLine&)>& expected) {
  const Result<Fd> process = open_exactly(pid, expected);
  return process ? send_signal(process->get(), signal) : process.error().code;
}

}  // namespace procgraph
