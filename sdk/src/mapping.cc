#include "mapping.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <string>
#include <system_error>
#include <utility>

namespace procgraph::detail {
namespace {

constexpr std::size_t kGuardPage = 4096;

}  // namespace

Result<Mapping> Mapping::map(int fd, bool writable, const char* what) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return Error{std::string(what) + ": fstat(" + std::to_string(fd) + ")", errno};
  if (info.st_size <= 0)
    return Error{std::string(what) + ": descriptor " + std::to_string(fd) + " has no memory", 0};
  auto size = static_cast<std::size_t>(info.st_size);
  void* at = mmap(nullptr, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) return Error{std::string(what) + ": mmap(" + std::to_string(size) + " bytes)", errno};
  Mapping mapping(std::span(static_cast<std::byte*>(at), size));
  if (madvise(at, size, MADV_DONTFORK) != 0)
    return Error{std::string(what) + ": madvise(MADV_DONTFORK)", errno};
  return mapping;
}

Mapping::Mapping(std::span<std::byte> bytes) : bytes_(bytes), process_(getpid()) {}
Mapping::Mapping(Mapping&& other) noexcept
    : bytes_(std::exchange(other.bytes_, {})), process_(other.process_) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(process_, other.process_);
  return *this;
}

Mapping::~Mapping() {
  if (!bytes_.empty() && process_ == getpid()) munmap(bytes_.data(), bytes_.size());
}

void Mapping::populate(bool writable) {
  static_cast<void>(
      madvise(bytes_.data(), bytes_.size(), writable ? MADV_POPULATE_WRITE : MADV_POPULATE_READ));
}

Result<void> Mapping::protect(std::size_t size) {
  if (mprotect(bytes_.data(), size, PROT_READ) != 0) return Error{"mprotect", errno};
  return {};
}

ForkGuard::ForkGuard() {
  void* page = mmap(nullptr, kGuardPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  if (madvise(page, kGuardPage, MADV_WIPEONFORK) != 0) {
    munmap(page, kGuardPage);
    throw std::system_error(errno, std::generic_category(), "madvise(MADV_WIPEONFORK)");
  }
  word_ = new (page) Shared<std::uint32_t>(1);
}

ForkGuard::~ForkGuard() {
  munmap(word_, kGuardPage);
}

}  // namespace procgraph::detail
