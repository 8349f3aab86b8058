// Preloaded into procgraph, and no other program: its N-th allocation finds no memory. Which one that is, and
// how many there were, stand in a file that guard and runner share (memory_shortage.h).
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string_view>

#include "memory_shortage.h"

extern "C" void* __libc_malloc(std::size_t);
extern "C" void* __libc_calloc(std::size_t, std::size_t);
extern "C" void* __libc_realloc(void*, std::size_t);

namespace {

using procgraph::testing::MemoryShortage;

MemoryShortage* shortage = nullptr;

// Counts from when main has begun, and said what is to be done then.
bool finds_none() {
  if (shortage == nullptr || std::get_new_handler() == nullptr ||
      shortage->calls.fetch_add(1) != shortage->fails)
    return false;
  errno = ENOMEM;
  return true;
}

__attribute__((constructor)) void begin() {
  std::array<char, 4096> path{};
  const char* file = std::getenv(procgraph::testing::kShortageVariable);
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (file == nullptr || size < 0) return;
  if (!std::string_view(path.data(), static_cast<std::size_t>(size)).ends_with("/procgraph")) return;
  const int fd = ::open(file, O_RDWR | O_CLOEXEC);
  void* shared = ::mmap(nullptr, sizeof(MemoryShortage), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  if (shared != MAP_FAILED) shortage = static_cast<MemoryShortage*>(shared);
}

}  // namespace

extern "C" void* malloc(std::size_t size) {
  return finds_none() ? nullptr : __libc_malloc(size);
}

extern "C" void* calloc(std::size_t count, std::size_t size) {
  return finds_none() ? nullptr : __libc_calloc(count, size);
}

extern "C" void* realloc(void* old, std::size_t size) {
  return finds_none() ? nullptr : __libc_realloc(old, size);
}
