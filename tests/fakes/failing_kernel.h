// FailingKernel: Linux, but for the N-th call of one sort, which fails with a given errno. Counts the calls.
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <map>
#include <string>
#include <utility>

#include "os/kernel.h"

namespace procgraph {

class FailingKernel : public Kernel {
 public:
  FailingKernel(std::string call, int nth, int error) : call_(std::move(call)), nth_(nth), error_(error) {}

  // The N-th call was reached, and failed.
  [[nodiscard]] bool failed() const { return failed_; }

  int open(const char* path, int flags, mode_t mode) override {
    return fails("open") ? -1 : Kernel::open(path, flags, mode);
  }
  int pipe2(int* ends, int flags) override { return fails("pipe2") ? -1 : Kernel::pipe2(ends, flags); }
  int socketpair(int type, int* ends) override {
    return fails("socketpair") ? -1 : Kernel::socketpair(type, ends);
  }
  int socket(int domain, int type) override { return fails("socket") ? -1 : Kernel::socket(domain, type); }
  int bind(int fd, const sockaddr* address, socklen_t size) override {
    return fails("bind") ? -1 : Kernel::bind(fd, address, size);
  }
  int listen(int fd, int backlog) override { return fails("listen") ? -1 : Kernel::listen(fd, backlog); }
  char* mkdtemp(char* pattern) override { return fails("mkdtemp") ? nullptr : Kernel::mkdtemp(pattern); }
  int memfd_create(const char* name, unsigned flags) override {
    return fails("memfd_create") ? -1 : Kernel::memfd_create(name, flags);
  }
  int ftruncate(int fd, off_t size) override { return fails("ftruncate") ? -1 : Kernel::ftruncate(fd, size); }
  int fcntl(int fd, int command, int argument) override {
    return fails("fcntl") ? -1 : Kernel::fcntl(fd, command, argument);
  }
  void* mmap(std::size_t size, int protection, int fd) override {
    return fails("mmap") ? MAP_FAILED : Kernel::mmap(size, protection, fd);
  }
  int madvise(void* start, std::size_t size, int advice) override {
    return fails("madvise") ? -1 : Kernel::madvise(start, size, advice);
  }
  int setrlimit(int resource, const rlimit& limit) override {
    return fails("setrlimit") ? -1 : Kernel::setrlimit(resource, limit);
  }

 private:
  bool fails(const std::string& call) {
    if (call != call_ || --nth_ != 0) return false;
    failed_ = true;
    errno = error_;
    return true;
  }

  std::string call_;
  int nth_;
  int error_;
  bool failed_ = false;
};

}  // namespace procgraph
