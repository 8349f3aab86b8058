#include "area/sync.h"

namespace procgraph::detail {
namespace {

bool try_take(SyncObject& semaphore, std::uint32_t first) {
  std::uint32_t added = semaphore.word.load();
  while (first + added != 0) {
    // Publishes that there is one less.
    if (semaphore.word.compare_exchange_weak(added, added - 1)) return true;
  }
  return false;
}

}  // namespace

Made make(SyncObject& object, SyncKind kind, std::uint32_t first) {
  std::uint64_t made = 0;
  const std::uint64_t wanted = static_cast<std::uint64_t>(first) << 8 | static_cast<std::uint64_t>(kind);
  // Publishes what it is, whole.
  if (object.made.compare_exchange_strong(made, wanted)) made = wanted;
  return {static_cast<SyncKind>(made & 0xff), static_cast<std::uint32_t>(made >> 8)};
}

bool is_set(const SyncObject& event) {
  return event.word.load() % 2 != 0;
}

std::uint32_t times_set(const SyncObject& event) {
  return event.word.load() / 2;
}

void set(SyncObject& event) {
  std::uint32_t word = event.word.load();
  // Publishes that it is set, and that it was set once more. Wraps round after 2^31.
  while (word % 2 == 0 && !event.word.compare_exchange_weak(word, (word + 2) | 1)) {
  }
  notify(event.waiters);
}

void clear(SyncObject& event) {
  event.word.fetch_and(~1U);
}

bool wait(SyncObject& event, const Deadline& deadline) {
  const std::uint32_t before = times_set(event);
  return await(event.waiters, deadline, [&] {
    const std::uint32_t now = event.word.load();
    return now % 2 != 0 || now / 2 != before;
  });
}

std::uint32_t permits(const SyncObject& semaphore, std::uint32_t first) {
  return first + semaphore.word.load();
}

bool take_permit(SyncObject& semaphore, std::uint32_t first, const Deadline& deadline) {
  return await(semaphore.waiters, deadline, [&] { return try_take(semaphore, first); });
}

bool add_permits(SyncObject& semaphore, std::uint32_t first, std::uint32_t count) {
  std::uint32_t added = semaphore.word.load();
  do {
    const std::uint32_t now = first + added;
    if (now > kMostPermits || count > kMostPermits - now) return false;
    // Publishes that there are more.
  } while (!semaphore.word.compare_exchange_weak(added, added + count));
  notify(semaphore.waiters);
  return true;
}

}  // namespace procgraph::detail
