// Vyukov's bounded MPMC queue (1024cores.net), copying in and out: a baseline that does less. It survives no
// kill and never sleeps.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace bench {

template <std::size_t kCells, std::size_t kBytes>
class Vyukov {
 public:
  void init() {
    for (std::uint64_t i = 0; i < kCells; ++i) cells_[i].sequence.store(i);
  }

  bool push(const void* bytes) {
    for (std::uint64_t t = tail_.load(std::memory_order_relaxed);;) {
      Cell& cell = cells_[t % kCells];
      auto ahead = static_cast<std::int64_t>(cell.sequence.load(std::memory_order_acquire) - t);
      if (ahead < 0) return false;
      if (ahead > 0) {
        t = tail_.load(std::memory_order_relaxed);
      } else if (tail_.compare_exchange_weak(t, t + 1, std::memory_order_relaxed)) {
        std::memcpy(cell.bytes, bytes, kBytes);
        cell.sequence.store(t + 1, std::memory_order_release);
        return true;
      }
    }
  }

  bool pop(void* bytes) {
    for (std::uint64_t t = head_.load(std::memory_order_relaxed);;) {
      Cell& cell = cells_[t % kCells];
      auto ahead = static_cast<std::int64_t>(cell.sequence.load(std::memory_order_acquire) - (t + 1));
      if (ahead < 0) return false;
      if (ahead > 0) {
        t = head_.load(std::memory_order_relaxed);
      } else if (head_.compare_exchange_weak(t, t + 1, std::memory_order_relaxed)) {
        std::memcpy(bytes, cell.bytes, kBytes);
        cell.sequence.store(t + kCells, std::memory_order_release);
        return true;
      }
    }
  }

 private:
  struct alignas(64) Cell {
    std::atomic<std::uint64_t> sequence;
    std::byte bytes[kBytes];
  };

  alignas(128) std::atomic<std::uint64_t> tail_;
  alignas(128) std::atomic<std::uint64_t> head_;
  alignas(128) Cell cells_[kCells];
};

}  // namespace bench
