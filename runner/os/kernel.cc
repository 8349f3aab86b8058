#include "os/kernel.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

namespace procgraph {

int Kernel::open(const char* path, int flags, mode_t mode) {
  return ::open(path, flags, mode);
}

int Kernel::pipe2(int* ends, int flags) {
  return ::pipe2(ends, flags);
}

int Kernel::socketpair(int type, int* ends) {
  return ::socketpair(AF_UNIX, type, 0, ends);
}

int Kernel::socket(int domain, int type) {
  return ::socket(domain, type, 0);
}

int Kernel::bind(int fd, const sockaddr* address, socklen_t size) {
  return ::bind(fd, address, size);
}

int Kernel::listen(int fd, int backlog) {
  return ::listen(fd, backlog);
}

char* Kernel::mkdtemp(char* pattern) {
  return ::mkdtemp(pattern);
}

int Kernel::memfd_create(const char* name, unsigned flags) {
  return ::memfd_create(name, flags);
}

int Kernel::ftruncate(int fd, off_t size) {
  return ::ftruncate(fd, size);
}

int Kernel::fcntl(int fd, int command, int argument) {
  return ::fcntl(fd, command, argument);
}

void* Kernel::mmap(std::size_t size, int protection, int fd) {
  return ::mmap(nullptr, size, protection, MAP_SHARED, fd, 0);
}

int Kernel::madvise(void* start, std::size_t size, int advice) {
  return ::madvise(start, size, advice);
}

int Kernel::setrlimit(int resource, const rlimit& limit) {
  return ::setrlimit(static_cast<__rlimit_resource_t>(resource), &limit);
}

}  // namespace procgraph
