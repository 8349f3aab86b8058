// Words in memory that processes share.
#pragma once

#include <atomic>
#include <cstdint>

namespace procgraph::detail {

template <class T>
using Shared = std::atomic<T>;
static_assert(Shared<std::uint64_t>::is_always_lock_free && sizeof(Shared<std::uint64_t>) == 8);
static_assert(Shared<std::uint32_t>::is_always_lock_free && sizeof(Shared<std::uint32_t>) == 4);

inline constexpr std::uint32_t kAbiVersion = 1;  // of all regions

// The first eight bytes of a region, as they stand in memory on a little-endian machine.
[[nodiscard]] constexpr std::uint64_t magic(const char (&name)[9]) {
  std::uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(name[i]);
  return value;
}

// Lifts a word that only grows; publishes a lower bound that everybody may rely on.
template <class T>
void raise(Shared<T>& word, T to) {
  T now = word.load(std::memory_order_relaxed);
  while (now < to && !word.compare_exchange_weak(now, to)) {
  }
}

}  // namespace procgraph::detail
