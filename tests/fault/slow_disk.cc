// Preloaded into procgraph: a write to a log takes SLOW_DISK milliseconds. In all other programs it does
// nothing.
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

bool is_in_procgraph() {
  std::array<char, 4096> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  return size > 0 && std::string_view(path.data(), static_cast<std::size_t>(size)).ends_with("/procgraph");
}

const char* const delay = std::getenv("SLOW_DISK");
const bool is_slow = delay != nullptr && is_in_procgraph();

}  // namespace

extern "C" ssize_t write(int fd, const void* data, std::size_t size) {
  std::array<char, 4096> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = is_slow ? ::readlink(link.c_str(), path.data(), path.size()) : 0;
  if (length > 0 && std::string_view(path.data(), static_cast<std::size_t>(length)).ends_with(".log"))
    ::poll(nullptr, 0, std::atoi(delay));
  return ::syscall(SYS_write, fd, data, size);
}
