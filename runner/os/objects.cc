#include "os/objects.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

namespace procgraph {
namespace {

// The limit that stands behind an errno, for people: what to raise.
std::string limit_behind(int code) {
  switch (code) {
    case EMFILE: {
      rlimit limit{};
      ::getrlimit(RLIMIT_NOFILE, &limit);
      return fmt::format(" (`ulimit -n` is {})", limit.rlim_cur);
    }
    case ENFILE:
      return " (the machine's fs.file-max is reached)";
    case ENOMEM:
      return " (the machine, or the memory cgroup, has no more)";
    default:
      return "";
  }
}

Error refused(std::string call, int code) {
  return Error{std::move(call) + limit_behind(code), code};
}

Result<void> check_file_size(const std::string& name, Bytes size) {
  // Beyond this limit ftruncate would raise SIGXFSZ.
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
      size.value > limit.rlim_cur)
    return Error{fmt::format("memory '{}' of {} (`ulimit -f` allows {})", name, format(size),
                             format(Bytes{limit.rlim_cur})),
                 EFBIG};
  return {};
}

// What open() lets through and a stream cannot use.
Result<void> check_file_type(const std::string& path, int fd, FileUse use) {
  struct stat facts {};
  if (::fstat(fd, &facts) != 0) return Error{fmt::format("fstat '{}'", path), errno};
  if (S_ISDIR(facts.st_mode)) return Error{fmt::format("open '{}'", path), EISDIR};
  if (S_ISFIFO(facts.st_mode) && use == FileUse::kRead)
    return Error{fmt::format("open '{}': it is a fifo; let a shell read it ('< {}')", path, path)};
  return {};
}

int open_flags(FileUse use) {
  // O_NONBLOCK: the open of a fifo or a device must not wait for somebody else.
  constexpr int kAlways = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  if (use == FileUse::kRead) return kAlways | O_RDONLY;
  return kAlways | O_WRONLY | O_CREAT | (use == FileUse::kAppend ? O_APPEND : O_TRUNC);
}

}  // namespace

Result<Ends> open_pipe(Kernel& kernel, const std::string& name, Bytes capacity) {
  int fds[2];
  if (kernel.pipe2(fds, O_CLOEXEC) != 0) return refused(fmt::format("pipe2 for '{}'", name), errno);
  Ends ends{Fd(fds[0]), Fd(fds[1])};
  if (capacity.value == 0) return ends;
  if (capacity.value > INT32_MAX ||
      kernel.fcntl(fds[1], F_SETPIPE_SZ, static_cast<int>(capacity.value)) < 0) {
    const int code = capacity.value > INT32_MAX ? EINVAL : errno;
    const std::string_view limit =
        code == EPERM
            ? " (more than /proc/sys/fs/pipe-max-size, or than fs.pipe-user-pages-soft or -hard has left)"
            : "";
    return refused(fmt::format("F_SETPIPE_SZ {} for '{}'{}", format(capacity), name, limit), code);
  }
  return ends;
}

Result<Ends> open_socket_pair(Kernel& kernel, const std::string& name) {
  int fds[2];
  if (kernel.socketpair(SOCK_STREAM | SOCK_CLOEXEC, fds) != 0)
    return refused(fmt::format("socketpair for '{}'", name), errno);
  return Ends{Fd(fds[0]), Fd(fds[1])};
}

Result<Fd> open_memory(Kernel& kernel, const std::string& name, Bytes size) {
  if (auto fits = check_file_size(name, size); !fits) return fits.error();
  int raw = kernel.memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  // Linux before 6.3 does not know MFD_NOEXEC_SEAL.
  if (raw < 0 && errno == EINVAL) raw = kernel.memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (raw < 0) return refused(fmt::format("memfd_create '{}'", name), errno);
  Fd fd(raw);
  if (kernel.ftruncate(raw, static_cast<off_t>(size.value)) != 0)
    return refused(fmt::format("ftruncate '{}' to {}", name, format(size)), errno);
  if (kernel.fcntl(raw, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return refused(fmt::format("F_ADD_SEALS '{}'", name), errno);
  // A process of another user must not open it again through /proc.
  if (::fchmod(raw, 0400) != 0) return refused(fmt::format("fchmod '{}'", name), errno);
  return fd;
}

// What a file has beyond the size that it claims: those of /proc and /sys claim none.
Result<void> copy_rest(const std::string& name, int fd, Bytes size, const std::string& path, int file) {
  const off_t start = ::lseek(fd, 0, SEEK_CUR);
  if (start < 0) return Error{fmt::format("lseek '{}'", name), errno};
  std::array<char, 4096> some{};
  for (auto at = static_cast<std::uint64_t>(start);;) {
    const ssize_t got = ::read(file, some.data(), some.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused(fmt::format("read '{}'", path), errno);
    if (got == 0) return {};
    if (static_cast<std::uint64_t>(got) > size.value - at)
      return Error{
          fmt::format("copy '{}' to '{}': it has more than {} bytes", path, name, format_count(size.value))};
    const ssize_t put = ::pwrite(fd, some.data(), static_cast<std::size_t>(got), static_cast<off_t>(at));
    if (put != got) return refused(fmt::format("write '{}'", name), put < 0 ? errno : ENOSPC);
    at += static_cast<std::uint64_t>(got);
  }
}

Result<void> fill_memory(Kernel& kernel, const std::string& name, int fd, Bytes size,
                         const std::string& path) {
  const auto file = open_file(kernel, path, FileUse::kRead);
  if (!file) return file.error();
  struct stat facts {};
  if (::fstat(file->get(), &facts) != 0) return Error{fmt::format("fstat '{}'", path), errno};
  if (static_cast<std::uint64_t>(facts.st_size) > size.value)
    return Error{fmt::format("copy '{}' to '{}': it has {} bytes, not at most {}", path, name,
                             format_count(static_cast<std::uint64_t>(facts.st_size)),
                             format_count(size.value))};
  for (auto left = static_cast<std::size_t>(facts.st_size); left > 0;) {
    const ssize_t copied = ::sendfile(fd, file->get(), nullptr, left);
    if (copied < 0 && errno != EINTR) return refused(fmt::format("sendfile '{}' to '{}'", path, name), errno);
    if (copied == 0) break;  // it has become shorter
    if (copied > 0) left -= static_cast<std::size_t>(copied);
  }
  if (auto rest = copy_rest(name, fd, size, path, file->get()); !rest) return rest;
  // A child that reads the descriptor shares its place in the memory.
  if (::lseek(fd, 0, SEEK_SET) != 0) return Error{fmt::format("lseek '{}'", name), errno};
  return {};
}

Result<Fd> open_read_only(Kernel& kernel, const std::string& name, int fd) {
  const int raw = kernel.open(fmt::format("/proc/self/fd/{}", fd).c_str(), O_RDONLY | O_CLOEXEC, 0);
  if (raw < 0) return refused(fmt::format("open '{}' read-only", name), errno);
  return Fd(raw);
}

Result<Fd> open_file(Kernel& kernel, const std::string& path, FileUse use) {
  const int raw = kernel.open(path.c_str(), open_flags(use), 0666);
  if (raw < 0) {
    const std::string_view why = errno == ENXIO ? " (a fifo that nobody reads, or a socket)" : "";
    return refused(fmt::format("open '{}'{}", path, why), errno);
  }
  Fd fd(raw);
  if (auto usable = check_file_type(path, raw, use); !usable) return usable.error();
  const int flags = kernel.fcntl(raw, F_GETFL, 0);
  if (flags < 0 || kernel.fcntl(raw, F_SETFL, flags & ~O_NONBLOCK) < 0)
    return refused(fmt::format("fcntl '{}'", path), errno);
  return fd;
}

Mapping::Mapping(Mapping&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

Mapping::~Mapping() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

Result<Mapping> Mapping::open(Kernel& kernel, const std::string& name, int fd, Bytes size) {
  void* start = kernel.mmap(size.value, PROT_READ | PROT_WRITE, fd);
  if (start == MAP_FAILED) return refused(fmt::format("mmap '{}' of {}", name, format(size)), errno);
  return Mapping(std::span(static_cast<std::byte*>(start), size.value));
}

Result<void> Mapping::prefault(Kernel& kernel, const std::string& name) {
  if (kernel.madvise(bytes_.data(), bytes_.size(), MADV_POPULATE_WRITE) == 0) return {};
  return refused(fmt::format("taking all {} of '{}' before the start", format(Bytes{bytes_.size()}), name),
                 errno);
}

Result<void> raise_file_limit(Kernel& kernel, std::uint64_t count) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return Error{"getrlimit RLIMIT_NOFILE", errno};
  if (count <= limit.rlim_cur) return {};
  if (count > limit.rlim_max)
    return Error{fmt::format("the run needs {} open files (`ulimit -Hn` is {})", count, limit.rlim_max),
                 EMFILE};
  limit.rlim_cur = count;
  if (kernel.setrlimit(RLIMIT_NOFILE, limit) != 0)
    return Error{fmt::format("setrlimit RLIMIT_NOFILE {}", count), errno};
  return {};
}

}  // namespace procgraph
