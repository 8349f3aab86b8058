// Kernel: the system calls that make things and can run out of them, with the C library's conventions (-1 and
// errno). The class is Linux itself; a test derives one whose N-th call fails. Knows nothing of channels.
#pragma once

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <cstddef>

namespace procgraph {

class Kernel {
 public:
  Kernel() = default;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  virtual ~Kernel() = default;

  virtual int open(const char* path, int flags, mode_t mode);
  virtual int pipe2(int* ends, int flags);
  virtual int socketpair(int type, int* ends);  // AF_UNIX
  virtual int socket(int domain, int type);
  virtual int bind(int fd, const sockaddr* address, socklen_t size);
  virtual int listen(int fd, int backlog);
  virtual char* mkdtemp(char* pattern);
  virtual int memfd_create(const char* name, unsigned flags);
  virtual int ftruncate(int fd, off_t size);
  virtual int fcntl(int fd, int command, int argument);
  virtual void* mmap(std::size_t size, int protection, int fd);  // shared, from the start; MAP_FAILED
  virtual int madvise(void* start, std::size_t size, int advice);
  virtual int setrlimit(int resource, const rlimit& limit);
};

}  // namespace procgraph
