#include "area/audit.h"

#include <cstring>
#include <string_view>

#include "area/lock_word.h"
#include "area/memory.h"
#include "area/sync.h"

namespace procgraph::detail {
namespace {

bool is_lock(std::uint32_t word) {
  if ((word & ~(kHolder | kHolderDied | kContended)) != 0) return false;
  return (word & kHolder) == 0 || (word & kHolderDied) == 0;  // who takes it is told, and nobody after
}

bool are_events(const EventCount& events) {
  return events.asked.load() <= 1;
}

// Begin and end are two stores, and a writer may have been killed between them: nothing follows from both.
bool is_part(const Shared<std::uint64_t>& begin, const Shared<std::uint64_t>& end, std::uint64_t size) {
  return begin.load() <= size && end.load() <= size;
}

// Only a writer makes it odd, and even before it leaves; it grows, so that it has stood still if it is the
// same.
bool is_version(const AreaControl& c) {
  const std::uint64_t version = c.version.load();
  if (version % 2 == 0 || (c.writer.load() & kHolder) != 0) return true;
  return c.version.load() != version;
}

bool is_named(const SyncObject& object, std::string_view name) {
  return std::string_view(object.name.data(), strnlen(object.name.data(), object.name.size())) == name;
}

bool is_object(SyncObject& object) {
  const std::uint32_t word = object.word.load();  // before what it is: it is nothing before it is made
  const std::uint64_t made = object.made.load();
  if (!are_events(object.waiters)) return false;
  const auto first = static_cast<std::uint32_t>(made >> 8);
  if (made >> 40 != 0) return false;
  switch (made & 0xff) {
    case static_cast<std::uint64_t>(SyncKind::kNone):
      return made == 0 && word == 0;
    case static_cast<std::uint64_t>(SyncKind::kLock):
      return first == 0 && is_lock(word);
    case static_cast<std::uint64_t>(SyncKind::kEvent):
      return first == 0;
    case static_cast<std::uint64_t>(SyncKind::kSemaphore):
      return first <= kMostPermits && first + word <= kMostPermits;
    default:
      return false;
  }
}

}  // namespace

AreaHeader header_of(const AreaShape& shape) {
  return {.magic = kAreaMagic,
          .version = kAbiVersion,
          .flags = shape.lock ? kHasLock : 0,
          .size = shape.size,
          .sync_objects = static_cast<std::uint32_t>(shape.sync.size()),
          .reserved = 0};
}

const char* audit(std::span<std::byte> control, const AreaShape& shape) {
  const AreaHeader declared = header_of(shape);
  const auto area = AreaMemory::attach(control, {});
  if (!area || std::memcmp(&area->control().header, &declared, sizeof declared) != 0)
    return "its header was overwritten";
  const AreaControl& c = area->control();
  if (!is_lock(c.lock.load()) || !is_lock(c.writer.load()) || (!shape.lock && c.lock.load() != 0))
    return "its lock is held as no lock can be";
  if (!is_part(c.begin, c.end, shape.size) || !is_part(c.torn_begin, c.torn_end, shape.size))
    return "a write is said to go beyond its end";
  if (!is_version(c)) return "a write is said to be under way, and nobody writes";
  if (!are_events(c.changes)) return "who waits for a change cannot be";
  for (std::size_t i = 0; i < shape.sync.size(); ++i) {
    SyncObject& object = area->sync_objects()[i];
    if (!is_named(object, shape.sync[i]) || !is_object(object))
      return "a lock, event or semaphore of it is what it cannot be";
  }
  return nullptr;
}

}  // namespace procgraph::detail
