// The kernel objects that a graph is made of, one call each: opened close-on-exec, with an error that names
// the call, the object and, where a limit is at fault, the limit. Knows nothing of plans.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/socket_address.h"
#include "base/units.h"
#include "os/fd.h"
#include "os/kernel.h"
#include "procgraph/result.h"

namespace procgraph {

// Both ends of a pipe; of a socket pair, which has no direction, its two sockets.
struct Ends {
  Fd read;
  Fd write;
};

// `name` is only for the error. A capacity of 0 keeps the kernel's default; another one is rounded up by the
// kernel.
Result<Ends> open_pipe(Kernel& kernel, const std::string& name, Bytes capacity);
Result<Ends> open_socket_pair(Kernel& kernel, const std::string& name);

// Memory without a name in any file system, zeroed, of a size that nobody can change: its maps can never
// raise SIGBUS.
Result<Fd> open_memory(Kernel& kernel, const std::string& name, Bytes size);
// Copies a file to the beginning of the memory. Its descriptor then stands at the beginning again. A file
// that is larger is an error.
Result<void> fill_memory(Kernel& kernel, const std::string& name, int fd, Bytes size,
                         const std::string& path);
// A descriptor of the same memory that can be neither written nor mapped writable.
Result<Fd> open_read_only(Kernel& kernel, const std::string& name, int fd);

// A socket that listens at the address, with as many connections waiting as the kernel allows. What the
// address leaves open is filled in: the port. A unix socket's file that nobody listens on any more is
// replaced.
Result<Fd> open_listener(Kernel& kernel, const std::string& name, SocketAddress& address);
// It was its address that could not be had.
[[nodiscard]] bool is_of_address(const Error& refused);

enum class FileUse { kRead, kTruncate, kAppend };

// Never waits for another process and never becomes a controlling terminal: a folder, and a fifo to read
// from, are errors.
Result<Fd> open_file(Kernel& kernel, const std::string& path, FileUse use);

// Mapping: one shared map of one object, unmapped at its end; the descriptor may be closed before.
class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  static Result<Mapping> open(Kernel& kernel, const std::string& name, int fd, Bytes size);

  // Takes every page of it now.
  Result<void> prefault(Kernel& kernel, const std::string& name);
  [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }

 private:
  explicit Mapping(std::span<std::byte> bytes) : bytes_(bytes) {}

  std::span<std::byte> bytes_;
};

// Makes room for `count` descriptors in all; the soft limit rises, never falls.
Result<void> raise_file_limit(Kernel& kernel, std::uint64_t count);

}  // namespace procgraph
