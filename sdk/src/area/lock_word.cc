#include "area/lock_word.h"

namespace procgraph::detail {
namespace {

std::optional<bool> try_acquire(Shared<std::uint32_t>& word, std::uint16_t self, std::uint32_t contended) {
  std::uint32_t seen = word.load();
  while ((seen & kHolder) == 0) {
    // Publishes that it is ours, and tells us, and nobody after us, that its holder died.
    if (word.compare_exchange_weak(seen, self | contended | (seen & kContended)))
      return (seen & kHolderDied) != 0;
  }
  return std::nullopt;
}

}  // namespace

std::optional<bool> acquire(Shared<std::uint32_t>& word, std::uint16_t self, const Deadline& deadline) {
  // Who has slept cannot know whether others still do: it holds the lock as contended, and wakes one in vain
  // at worst.
  std::uint32_t contended = 0;
  while (true) {
    if (auto died = try_acquire(word, self, contended)) return died;
    if (is_over(deadline)) break;
    std::uint32_t seen = word.load();
    if ((seen & kHolder) == 0) continue;
    // Publishes that its holder has to wake somebody.
    if ((seen & kContended) == 0 && !word.compare_exchange_strong(seen, seen | kContended)) continue;
    futex_wait(word, seen | kContended, deadline);
    contended = kContended;
  }
  // We may have been woken for a lock that somebody else was faster to take: another one looks instead of us.
  if (contended != 0) futex_wake(word, 1);
  return std::nullopt;
}

void release(Shared<std::uint32_t>& word) {
  // Publishes what we did under the lock.
  if ((word.exchange(0) & kContended) != 0) futex_wake(word, 1);
}

bool free_from(Shared<std::uint32_t>& word, std::uint16_t dead) {
  std::uint32_t seen = word.load();
  while ((seen & kHolder) == dead) {
    // Publishes that it is free, and how it came to be.
    if (word.compare_exchange_weak(seen, kHolderDied | (seen & kContended))) return true;
  }
  return false;
}

}  // namespace procgraph::detail
