#include "area/memory.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "area/lock_word.h"

namespace procgraph::detail {
namespace {

// Both copy word by word, for the other side may run at the same time. Who loads one word of a write sees all
// that the writer stored before it, above all that the write has begun; and looks at that only after its last
// load (H. Boehm, "Can Seqlocks Get Along With Programming Language Memory Models?", 2012).
template <class Word>
void store_word(std::byte* to, const std::byte* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  std::atomic_ref(*reinterpret_cast<Word*>(to)).store(word, std::memory_order_release);
}

template <class Word>
void load_word(std::byte* to, std::byte* from) {
  const Word word = std::atomic_ref(*reinterpret_cast<Word*>(from)).load(std::memory_order_acquire);
  std::memcpy(to, &word, sizeof word);
}

// Calls large(i) for words of 8 bytes that are aligned in shared memory, small(i) for the bytes around them.
template <class Large, class Small>
void for_each_word(const std::byte* shared, std::size_t size, Large large, Small small) {
  for (std::size_t i = 0; i < size;) {
    const bool aligned = reinterpret_cast<std::uintptr_t>(shared + i) % 8 == 0;
    if (aligned && size - i >= 8) {
      large(i);
      i += 8;
    } else {
      small(i++);
    }
  }
}

void copy_in(std::byte* shared, std::span<const std::byte> from) {
  for_each_word(
      shared, from.size(), [&](std::size_t i) { store_word<std::uint64_t>(shared + i, from.data() + i); },
      [&](std::size_t i) { store_word<unsigned char>(shared + i, from.data() + i); });
}

void copy_out(std::span<std::byte> into, std::byte* shared) {
  for_each_word(
      shared, into.size(), [&](std::size_t i) { load_word<std::uint64_t>(into.data() + i, shared + i); },
      [&](std::size_t i) { load_word<unsigned char>(into.data() + i, shared + i); });
}

bool is_torn(const AreaControl& c, std::uint64_t begin, std::uint64_t end) {
  return c.torn_begin.load() < end && begin < c.torn_end.load();
}

// A write of [begin, end) makes good what it covers wholly.
void mend(AreaControl& c, std::uint64_t begin, std::uint64_t end) {
  if (begin <= c.torn_begin.load() && c.torn_end.load() <= end) c.torn_end.store(0);
}

// Adds what the dead writer had before it. Killed between the two stores: done again, with the same outcome.
void tear(AreaControl& c) {
  const bool empty = c.torn_end.load() == 0;
  c.torn_begin.store(empty ? c.begin.load() : std::min(c.torn_begin.load(), c.begin.load()));
  c.torn_end.store(std::max(c.torn_end.load(), c.end.load()));
}

Shared<std::uint64_t>& count_at(const AreaMemory& area, std::uint64_t at) {
  return *reinterpret_cast<Shared<std::uint64_t>*>(area.data().data() + at);
}

std::byte* place(const AreaMemory& area, std::uint64_t at, std::uint64_t count, std::size_t size) {
  return area.data().data() + at + 8 + (count % 2) * place_size(size);
}

}  // namespace

Result<AreaMemory> AreaMemory::attach(std::span<std::byte> control, std::span<std::byte> data) {
  if (control.size() < sizeof(AreaControl)) return Error{"area: the control region is too small", 0};
  auto* c = reinterpret_cast<AreaControl*>(control.data());
  const AreaHeader header = c->header;  // copied, then checked: it may change under us
  if (header.magic != kAreaMagic || header.version != kAbiVersion)
    return Error{"area: not one of this version", 0};
  if (header.sync_objects > (control.size() - kSyncAt) / sizeof(SyncObject))
    return Error{"area: the control region is too small", 0};
  AreaMemory area;
  area.control_ = c;
  area.sync_objects_ = {reinterpret_cast<SyncObject*>(control.data() + kSyncAt), header.sync_objects};
  area.data_ = data;
  area.has_lock_ = (header.flags & kHasLock) != 0;
  return area;
}

SyncObject* AreaMemory::find(std::string_view name) const {
  const auto found = std::find_if(sync_objects_.begin(), sync_objects_.end(), [&](const SyncObject& object) {
    return name == std::string_view(object.name.data(), strnlen(object.name.data(), object.name.size()));
  });
  return found == sync_objects_.end() ? nullptr : &*found;
}

void note_change(AreaControl& c) {
  c.version.fetch_add(2);
  notify(c.changes);
}

void write(const AreaMemory& area, std::uint16_t self, std::uint64_t at, std::span<const std::byte> from) {
  AreaControl& c = area.control();
  (void)acquire(c.writer, self, std::nullopt);  // that its holder died is told by what is torn
  c.begin.store(at);
  c.end.store(at + from.size());
  c.version.fetch_add(1);
  copy_in(area.data().data() + at, from);
  mend(c, at, at + from.size());
  c.version.fetch_add(1);
  release(c.writer);
  notify(c.changes);
}

ReadEnd read(const AreaMemory& area, std::uint64_t at, std::span<std::byte> into, const Deadline& deadline) {
  AreaControl& c = area.control();
  while (true) {
    const std::uint64_t before = c.version.load();
    if (before % 2 != 0) {
      // Its writer may be stopped: sleep.
      if (!await(c.changes, deadline, [&] { return c.version.load() != before; })) return ReadEnd::kTime;
      continue;
    }
    copy_out(into, area.data().data() + at);
    const bool torn = is_torn(c, at, at + into.size());
    if (c.version.load() == before) return torn ? ReadEnd::kTorn : ReadEnd::kDone;
  }
}

void read_value(const AreaMemory& area, std::uint64_t at, std::span<std::byte> into) {
  Shared<std::uint64_t>& count = count_at(area, at);
  while (true) {
    const std::uint64_t before = count.load(std::memory_order_acquire);
    copy_out(into, place(area, at, before, into.size()));
    // The place is written again only once the other one holds.
    if (count.load(std::memory_order_acquire) == before) return;
  }
}

void write_value(const AreaMemory& area, std::uint64_t at, std::span<const std::byte> from) {
  Shared<std::uint64_t>& count = count_at(area, at);
  const std::uint64_t next = count.load(std::memory_order_relaxed) + 1;
  copy_in(place(area, at, next, from.size()), from);
  // Publishes the value: before this the old one holds, whatever happens to us.
  count.store(next, std::memory_order_release);
}

Recovery reap_area(const AreaMemory& area, std::uint16_t dead) {
  Recovery done;
  AreaControl& c = area.control();
  std::uint64_t version = c.version.load();
  if ((c.writer.load() & kHolder) == dead && version % 2 != 0) {
    tear(c);
    done.torn = 1;
    // Publishes what is torn. Others may only have counted changes meanwhile.
    while (version % 2 != 0 && !c.version.compare_exchange_weak(version, version + 1)) {
    }
  }
  free_from(c.writer, dead);
  done.freed += free_from(c.lock, dead) ? 1 : 0;
  for (SyncObject& object : area.sync_objects()) {
    if (static_cast<SyncKind>(object.made.load() & 0xff) == SyncKind::kLock)
      done.freed += free_from(object.word, dead) ? 1 : 0;
  }
  rouse(area);
  return done;
}

void rouse(const AreaMemory& area) {
  AreaControl& c = area.control();
  futex_wake(c.writer);
  futex_wake(c.lock);
  notify_always(c.changes);
  for (SyncObject& object : area.sync_objects()) {
    futex_wake(object.word);
    notify_always(object.waiters);
  }
}

}  // namespace procgraph::detail
