// Preloaded into procgraph, and no other program: a write to a log takes seconds.
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace {

constexpr int kDelay = 3000;  // milliseconds

bool is_in_procgraph() {
  std::array<char, 4096> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  return size > 0 && std::string_view(path.data(), static_cast<std::size_t>(size)).ends_with("/procgraph");
}

const bool is_slow = is_in_procgraph();

}  // namespace

extern "C" ssize_t write(int fd, const void* data, std::size_t size) {
  std::array<char, 4096> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = is_slow ? ::readlink(link.c_str(), path.data(), path.size()) : 0;
  if (length > 0 && std::string_view(path.data(), static_cast<std::size_t>(length)).ends_with(".log"))
    ::poll(nullptr, 0, kDelay);
  return ::syscall(SYS_write, fd, data, size);
}
