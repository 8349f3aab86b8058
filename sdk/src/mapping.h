// Mapping: a shared region in this process's address space, and nowhere else: a child made by fork() does not
// get it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "procgraph/result.h"
#include "shared.h"

namespace procgraph::detail {

class Mapping {
 public:
  Mapping() = default;
  // All of the descriptor's memory. `what` names it in errors.
  [[nodiscard]] static Result<Mapping> map(int fd, bool writable, const char* what);
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }
  // Maps every page now, so that no use of one has to wait for that. Best effort: without it the kernel maps
  // each at its first use. Linux 5.14.
  void populate(bool writable);
  // The first bytes, whole pages, are not ours to write.
  [[nodiscard]] Result<void> protect(std::size_t size);

 private:
  explicit Mapping(std::span<std::byte> bytes);

  std::span<std::byte> bytes_;
  int process_ =
      0;  // whose mapping it is: a child made by fork() has none, and something else at its address
};

// A word that reads 1 in this process and 0 in any child that fork() makes: asking costs one load instead of
// a system call.
class ForkGuard {
 public:
  ForkGuard();
  ForkGuard(const ForkGuard&) = delete;
  ForkGuard& operator=(const ForkGuard&) = delete;
  ~ForkGuard();

  [[nodiscard]] const Shared<std::uint32_t>* word() const { return word_; }

 private:
  Shared<std::uint32_t>* word_;
};

}  // namespace procgraph::detail
