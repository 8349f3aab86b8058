// Stands in for std::atomic and for futexes where the sources of the SDK are compiled to be checked: it is
// included before all else (-include), so that the code under test is the code that ships, to the letter.
// Words are told apart by their address and begin as zero; what lies in memory there is not looked at.
#pragma once

// Every header that the sources include, before its names mean something else.
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace procgraph::weak {

enum class Change : std::uint8_t { kExchange, kAdd, kSubtract, kAnd, kOr };

template <class T>
T load(const void* word, std::memory_order order);
template <class T>
void store(const void* word, T value, std::memory_order order);
template <class T>
T change(const void* word, Change how, T operand, std::memory_order order);
template <class T>
bool compare_exchange(const void* word, T& expected, T desired, std::memory_order order);

// FUTEX_WAIT_BITSET without a deadline, and FUTEX_WAKE.
long sleep_or_wake(const void* word, int operation, std::uint32_t operand);

// Bytes that are not atomic: an access that races with another one fails the check.
void write_plain(const void* at, std::uint64_t value);
[[nodiscard]] std::uint64_t read_plain(const void* at);

}  // namespace procgraph::weak

namespace std {

template <class T>
class checked_atomic {
 public:
  static constexpr bool is_always_lock_free = true;

  checked_atomic() = default;
  checked_atomic(T value) { store(value); }  // NOLINT(google-explicit-constructor): as std::atomic

  [[nodiscard]] T load(memory_order order = memory_order_seq_cst) const {
    return procgraph::weak::load<T>(this, order);
  }
  void store(T value, memory_order order = memory_order_seq_cst) {
    procgraph::weak::store<T>(this, value, order);
  }
  T exchange(T value, memory_order order = memory_order_seq_cst) {
    return procgraph::weak::change<T>(this, procgraph::weak::Change::kExchange, value, order);
  }
  T fetch_add(T value, memory_order order = memory_order_seq_cst) {
    return procgraph::weak::change<T>(this, procgraph::weak::Change::kAdd, value, order);
  }
  T fetch_sub(T value, memory_order order = memory_order_seq_cst) {
    return procgraph::weak::change<T>(this, procgraph::weak::Change::kSubtract, value, order);
  }
  T fetch_and(T value, memory_order order = memory_order_seq_cst) {
    return procgraph::weak::change<T>(this, procgraph::weak::Change::kAnd, value, order);
  }
  T fetch_or(T value, memory_order order = memory_order_seq_cst) {
    return procgraph::weak::change<T>(this, procgraph::weak::Change::kOr, value, order);
  }
  bool compare_exchange_strong(T& expected, T desired, memory_order order = memory_order_seq_cst) {
    return procgraph::weak::compare_exchange<T>(this, expected, desired, order);
  }
  bool compare_exchange_weak(T& expected, T desired, memory_order order = memory_order_seq_cst) {
    return compare_exchange_strong(expected, desired, order);
  }
  T operator++() { return fetch_add(1) + 1; }

 private:
  T place_ = 0;  // takes the room of a word; the value is the checker's
};

template <class T>
class checked_atomic_ref {
 public:
  explicit checked_atomic_ref(T& word) : word_(&word) {}
  [[nodiscard]] T load(memory_order order) const { return procgraph::weak::load<T>(word_, order); }
  void store(T value, memory_order order) const { procgraph::weak::store<T>(word_, value, order); }

 private:
  T* word_;
};

}  // namespace std

namespace procgraph::weak {

// The arguments of futex_wait and futex_wake in futex.h.
template <class... Rest>
long system_call(long /*SYS_futex*/, const std::checked_atomic<std::uint32_t>* word, int operation,
                 std::uint32_t operand, Rest... /*no deadline*/) {
  return sleep_or_wake(word, operation, operand);
}

}  // namespace procgraph::weak

#define atomic checked_atomic
#define atomic_ref checked_atomic_ref
#define syscall procgraph::weak::system_call
