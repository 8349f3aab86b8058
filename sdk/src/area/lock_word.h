// A lock that survives its holder: one word that says whose it is. After U. Drepper, "Futexes Are Tricky"
// (2011), whose mutex is told apart by whether anybody waits; here the holder's number stands beside that, so
// that the runner can free the lock of a dead process, and the next holder is told.
//
//   died:1 (bit 30) | contended:1 (bit 31) | holder:12        zero: free
//
// Killed anywhere: before the exchange that takes it, nothing has happened; after it, the lock is the dead
// one's, and the runner frees it; between the release and the wake-up, the runner wakes all.
#pragma once

#include <cstdint>
#include <optional>

#include "futex.h"
#include "shared.h"

namespace procgraph::detail {

inline constexpr std::uint32_t kHolder = 0xfff;
inline constexpr std::uint32_t kHolderDied = 1u << 30;  // of a free lock: not told to anybody yet
inline constexpr std::uint32_t kContended = 1u << 31;   // somebody may sleep: a release has to wake

// True: it is ours, and its last holder died while it had it. Nothing: the time is over. Not recursive: a
// thread waits for itself, too.
[[nodiscard]] std::optional<bool> acquire(Shared<std::uint32_t>& word, std::uint16_t self,
                                          const Deadline& deadline);
// Ours becomes free. Wakes one that waits.
void release(Shared<std::uint32_t>& word);

// All threads of `dead` are: frees what it held. Idempotent. Then wake all that sleep on the word, whoever
// held it: one of them may have been woken by the dead one, or the dead one in its place, in vain. True: it
// was the dead one's.
bool free_from(Shared<std::uint32_t>& word, std::uint16_t dead);

}  // namespace procgraph::detail
