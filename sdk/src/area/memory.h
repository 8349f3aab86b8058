// AreaMemory: a mapped area: its control region and its data, and the two ways to change data: a write that
// readers notice (a seqlock), and a value in two places that is never half changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "area/layout.h"
#include "procgraph/admin.h"
#include "procgraph/result.h"

namespace procgraph::detail {

class AreaMemory {
 public:
  AreaMemory() = default;
  // The data may be empty: the runner does not map it.
  [[nodiscard]] static Result<AreaMemory> attach(std::span<std::byte> control, std::span<std::byte> data);

  [[nodiscard]] AreaControl& control() const { return *control_; }
  [[nodiscard]] std::span<std::byte> data() const { return data_; }
  [[nodiscard]] std::span<SyncObject> sync_objects() const { return sync_objects_; }
  [[nodiscard]] bool has_lock() const { return has_lock_; }
  [[nodiscard]] SyncObject* find(std::string_view name) const;

 private:
  AreaControl* control_ = nullptr;
  std::span<SyncObject> sync_objects_;
  std::span<std::byte> data_;
  bool has_lock_ = false;
};

// How often the area has changed.
[[nodiscard]] inline std::uint64_t version_of(const AreaControl& c) {
  return c.version.load() / 2;
}
// Counts a change and wakes who waits for one.
void note_change(AreaControl& c);

// Copies `from` to `at`, within the data. Waits for other writers.
void write(const AreaMemory& area, std::uint16_t self, std::uint64_t at, std::span<const std::byte> from);

enum class ReadEnd : std::uint8_t {
  kDone,  // all of it as one write left it
  kTorn,  // a writer died in the middle of it
  kTime,  // the deadline is over, and a write still under way
};
[[nodiscard]] ReadEnd read(const AreaMemory& area, std::uint64_t at, std::span<std::byte> into,
                           const Deadline& deadline);

// A value in two places of equal size: a count of changes (8 bytes) says which one holds, so that a change is
// one store of that count. `at` is a multiple of 8.
[[nodiscard]] constexpr std::uint64_t place_size(std::uint64_t size) {
  return (size + 7) / 8 * 8;
}
void read_value(const AreaMemory& area, std::uint64_t at, std::span<std::byte> into);
// Only while `writer` is held.
void write_value(const AreaMemory& area, std::uint64_t at, std::span<const std::byte> from);

// All threads of `dead` are: what it was writing is torn, what it had locked is free, and everybody looks
// again. One at a time; may be killed and run again.
Recovery reap_area(const AreaMemory& area, std::uint16_t dead);
// Everybody that sleeps looks again.
void rouse(const AreaMemory& area);

}  // namespace procgraph::detail
