// The control region of a shared memory area: what its processes must write even where they only read the
// data, which lies in a region of its own. All zero is valid but for the header and the names, which the
// runner writes. Docs: docs/node-protocol.md describes the same.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "area/event_count.h"
#include "shared.h"

namespace procgraph::detail {

inline constexpr std::uint64_t kAreaMagic = magic("pgmemory");
inline constexpr std::uint32_t kHasLock = 1;  // of AreaHeader::flags

struct AreaHeader {
  std::uint64_t magic;
  std::uint32_t version, flags;
  std::uint64_t size;  // of the data
  std::uint32_t sync_objects, reserved;
};

struct AreaControl {
  AreaHeader header;
  alignas(64) Shared<std::uint32_t> lock;    // the area's own, see lock_word.h
  alignas(64) Shared<std::uint32_t> writer;  // held during a write
  // What the write under way, or the last one, covers: from begin on, up to end.
  Shared<std::uint64_t> begin, end;
  // What writes have left half done whose writers died, and nobody has written since. Empty: end is 0.
  Shared<std::uint64_t> torn_begin, torn_end;
  alignas(64) Shared<std::uint64_t> version;  // twice the number of changes; odd: a write is under way
  EventCount changes;
};
inline constexpr std::size_t kSyncAt = 256;
static_assert(sizeof(AreaHeader) == 32 && offsetof(AreaControl, lock) == 64 &&
              offsetof(AreaControl, writer) == 128);
static_assert(offsetof(AreaControl, begin) == 136 && offsetof(AreaControl, torn_begin) == 152);
static_assert(offsetof(AreaControl, version) == 192 && offsetof(AreaControl, changes) == 200);
static_assert(sizeof(AreaControl) == kSyncAt);

enum class SyncKind : std::uint8_t { kNone, kLock, kEvent, kSemaphore };

// A named object. What it is, whoever uses it first says: `made` = first count (32 bits) above kind (8 bits),
// so that nothing of it is ever half made.
struct alignas(128) SyncObject {
  std::array<char, 64> name;  // zero-terminated
  Shared<std::uint64_t> made;
  // Of a lock: lock_word.h. Of an event: how often it was set (31 bits) above whether it is. Of a semaphore:
  // what has been added to its first count, modulo 2^32.
  Shared<std::uint32_t> word;
  EventCount waiters;
};
static_assert(sizeof(SyncObject) == 128 && offsetof(SyncObject, made) == 64 &&
              offsetof(SyncObject, word) == 72);

}  // namespace procgraph::detail
