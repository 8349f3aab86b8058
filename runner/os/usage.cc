#include "os/usage.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>
#include <string_view>

#include "os/fd.h"
#include "os/proc.h"

namespace procgraph {
namespace {

void add(pid_t pid, Usage& usage) {
  const Fd file(::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return;
  std::array<char, 1024> text{};
  const ssize_t size = ::read(file.get(), text.data(), text.size() - 1);
  if (size <= 0) return;
  const std::string_view stat(text.data(), static_cast<std::size_t>(size));
  const std::size_t end_of_name = stat.rfind(')');
  if (end_of_name == std::string_view::npos || end_of_name + 2 >= stat.size()) return;
  unsigned long user = 0, system = 0;
  long children_user = 0, children_system = 0, pages = 0;
  // From the third to the twenty-fourth.
  constexpr const char* kFields =
      "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld %*d %*d %*d %*d %*u %*u %ld";
  if (std::sscanf(text.data() + end_of_name + 2, kFields, &user, &system, &children_user,  // NOLINT
                  &children_system, &pages) != 5)
    return;
  const auto ticks = static_cast<std::int64_t>(user + system) + children_user + children_system;
  usage.cpu += std::chrono::nanoseconds(1'000'000'000 / ::sysconf(_SC_CLK_TCK)) * ticks;
  usage.memory.value +=
      static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

std::map<pid_t, Usage> usage_of_sessions(std::span<const pid_t> sessions) {
  std::map<pid_t, Usage> all;
  for (const pid_t session : sessions) all.try_emplace(session);
  if (all.empty()) return all;
  each_process([&](const ProcessLine& line) {
    const auto its = all.find(line.session);
    if (its != all.end() && line.alive()) add(line.pid, its->second);
  });
  return all;
}

}  // namespace procgraph
