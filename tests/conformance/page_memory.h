// Shared memory as docs/node-protocol.md describes it, and the doorbell on which a process of one thread
// sleeps. Nothing here is of the SDK.
#pragma once

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>

namespace procgraph::by_the_page {

using std::uint32_t;
using std::uint64_t;
using Clock = std::chrono::steady_clock;
using Until = std::optional<Clock::time_point>;

enum State : uint64_t { kFree, kLoaned, kPushing, kLeased, kWaited, kRedeliver, kSettling = 8, kParked };
enum Line : unsigned { kForMessage, kForPlace, kForBlock, kForBytes };

constexpr uint64_t kInline = 80, kPage = 4096, kSlots = 4096;
constexpr uint64_t kRingAt = 69632;

inline uint64_t up(uint64_t n, uint64_t to) {
  return (n + to - 1) / to * to;
}

struct Region {
  std::byte* at = nullptr;

  Region() = default;
  Region(int fd, bool writable) {
    struct stat is {};
    if (fstat(fd, &is) != 0) std::abort();
    void* mapped = mmap(nullptr, static_cast<std::size_t>(is.st_size),
                        writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) std::abort();
    at = static_cast<std::byte*>(mapped);
  }
  template <class Word>
  [[nodiscard]] Word plain(uint64_t offset) const {
    Word word;
    std::memcpy(&word, at + offset, sizeof word);
    return word;
  }
  [[nodiscard]] std::atomic_ref<uint64_t> u64(uint64_t offset) const {
    return std::atomic_ref(*reinterpret_cast<uint64_t*>(at + offset));
  }
  [[nodiscard]] std::atomic_ref<uint32_t> u32(uint64_t offset) const {
    return std::atomic_ref(*reinterpret_cast<uint32_t*>(at + offset));
  }
};

template <class Word>
void raise(std::atomic_ref<Word> word, Word least) {
  for (Word now = word; now < least && !word.compare_exchange_strong(now, least);) {
  }
}

inline uint64_t now_coarse() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

// The graph's, and the place on which our one thread sleeps.
struct Roster {
  static constexpr uint64_t kUsed = 69632, kBells = 69696;
  Region region;
  uint64_t self = 0;
  uint32_t bell = 0;

  Roster(int fd, uint64_t number) : region(fd, true), self(number), bell(static_cast<uint32_t>(4 * number)) {
    raise(region.u32(kUsed), bell + 1);
    uint32_t nobody = 0;
    if (!region.u32(kBells + 16 * bell).compare_exchange_strong(nobody, static_cast<uint32_t>(self)))
      std::abort();
  }
  [[nodiscard]] std::atomic_ref<uint32_t> rings(uint32_t of) const {
    return region.u32(kBells + 16 * of + 4);
  }
  void ring(uint32_t of) const {
    rings(of).fetch_add(1);
    syscall(SYS_futex, region.at + kBells + 16 * of + 4, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
  }
  void sleep(uint32_t heard, const Until& until) const {
    timespec left{};
    if (until) {
      const auto time = std::max<std::int64_t>((*until - Clock::now()).count(), 0);
      left = {.tv_sec = time / 1'000'000'000, .tv_nsec = time % 1'000'000'000};
    }
    syscall(SYS_futex, region.at + kBells + 16 * bell + 4, FUTEX_WAIT, heard, until ? &left : nullptr,
            nullptr, 0);
  }
};

}  // namespace procgraph::by_the_page
