// SharedMemory: an area of memory that processes share; those that only read it cannot write it. Value and
// Array: typed views of parts of it.
//
// Three ways to change what others see, from the simplest on:
// - a Value, or an element of an Array, changes as a whole, whatever dies in the middle;
// - write() and read(): a part of the area; a read sees the whole of a write or nothing of it, and is told
// where
//   a writer died in the middle of one;
// - lock(), and then anything: bytes() are plain memory.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include "procgraph/errors.h"
#include "procgraph/queue.h"
#include "procgraph/sync.h"

namespace procgraph {

class Selectable;

// A handle, cheap to copy; must not outlive its Node. Threads: any; what happens to bytes() is the caller's
// affair. Times are on the monotonic clock; signals do not interrupt a wait. Throws NotInGraph in a child
// made by fork().
class SharedMemory {
 public:
  [[nodiscard]] std::size_t size() const;
  // A write to these raises SIGSEGV where the process only reads the area.
  [[nodiscard]] std::span<const std::byte> bytes() const;
  // The same memory. Throws NoSuchPort where the process only reads the area.
  [[nodiscard]] std::span<std::byte> writable() const;

  // The area's own lock (`lock: true`, else Failure), for readers too.
  [[nodiscard]] Held lock() const;
  // Nothing: somebody else has had it all the time.
  [[nodiscard]] std::optional<Held> lock(std::chrono::nanoseconds timeout) const;
  [[nodiscard]] std::optional<Held> try_lock() const;

  // Copies `from` into the area from byte `at` on, as one change; waits for other writers. Throws NoSuchPort
  // where the process only reads the area, TooLarge beyond its end.
  void write(std::size_t at, std::span<const std::byte> from) const;
  // Copies a part of the area: all of it from between two writes. Waits while there is one, and tries again
  // when one has come between: under writes without a pause, use a Value or the lock. False: the time is
  // over. Throws Torn, TooLarge.
  void read(std::size_t at, std::span<std::byte> into) const;
  [[nodiscard]] bool read(std::size_t at, std::span<std::byte> into, std::chrono::nanoseconds timeout) const;

  // How often the area has changed, by write(), by a Value, or as changed() says.
  [[nodiscard]] std::uint64_t version() const;
  // Counts a change that was made in plain memory, and wakes who waits for one.
  void changed() const;
  // Waits until the version is not `since` any more, and returns what it is then. Nothing: the time is over.
  std::optional<std::uint64_t> wait_for_change(std::uint64_t since,
                                               std::chrono::nanoseconds timeout = kForever) const;

 private:
  friend class Node;
  friend class Selectable;
  template <class T>
  friend class Value;
  template <class T>
  friend class Array;
  explicit SharedMemory(detail::AreaPort& port) : port_(&port) {}

  // A typed view's place, checked. Throws TooLarge, or Failure where it is not aligned.
  [[nodiscard]] std::byte* place(std::size_t at, std::size_t size, std::size_t alignment) const;
  void require_writable() const;
  void read_value(std::size_t at, std::span<std::byte> into) const;
  void write_value(std::size_t at, std::span<const std::byte> from) const;
  [[nodiscard]] Held lock_writers() const;

  detail::AreaPort* port_;
};

// A T in an area, at byte `at` (a multiple of 8), kept in two places, so that it changes at once: who reads
// it sees the last whole value, and so does everybody after a writer's death. At first it is all zero bytes.
// Reading never waits; writers wait for each other.
template <class T>
class Value {
  static_assert(std::is_trivially_copyable_v<T>, "a Value is copied byte by byte");

 public:
  // What it takes of the area, in bytes.
  static constexpr std::size_t kSize = 8 + 2 * ((sizeof(T) + 7) / 8 * 8);

  explicit Value(SharedMemory area, std::size_t at = 0) : area_(area), at_(at) {
    (void)area_.place(at, kSize, 8);
  }

  [[nodiscard]] T load() const {
    T value;
    area_.read_value(at_, std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
  void store(const T& value) {
    area_.require_writable();
    const Held writers = area_.lock_writers();
    area_.write_value(at_, std::as_bytes(std::span(&value, 1)));
  }
  // change(value) changes it, as one step; returns the new one. Other writers wait meanwhile: be quick.
  template <class Change>
  T update(Change change) {
    area_.require_writable();
    const Held writers = area_.lock_writers();
    T value = load();
    change(value);
    area_.write_value(at_, std::as_bytes(std::span(&value, 1)));
    return value;
  }

 private:
  SharedMemory area_;
  std::size_t at_;
};

// As many T in a row, each of which changes at once and apart from the others. No change of one is counted in
// version(): call changed() after as many as you like.
template <class T>
class Array {
  static_assert(std::atomic_ref<T>::is_always_lock_free, "elements of an Array change without a lock");

 public:
  Array(SharedMemory area, std::size_t at, std::size_t count)
      : area_(area),
        // More than there can be, which the area refuses, instead of a product that has wrapped round.
        data_(reinterpret_cast<T*>(area.place(at, count > area.size() ? SIZE_MAX : count * sizeof(T),
                                              std::atomic_ref<T>::required_alignment))),
        count_(count) {}

  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] T load(std::size_t index) const { return at(index).load(); }
  void store(std::size_t index, T value) { to_write(index).store(value); }
  // Returns what it was before.
  T add(std::size_t index, T value) requires std::is_integral_v<T> {
    return to_write(index).fetch_add(value);
  }

 private:
  [[nodiscard]] std::atomic_ref<T> at(std::size_t index) const {
    if (index >= count_) throw TooLarge("element " + std::to_string(index) + " of " + std::to_string(count_));
    return std::atomic_ref<T>(data_[index]);
  }
  [[nodiscard]] std::atomic_ref<T> to_write(std::size_t index) const {
    area_.require_writable();
    return at(index);
  }

  SharedMemory area_;
  T* data_;
  std::size_t count_;
};

}  // namespace procgraph
