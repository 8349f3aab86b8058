// What the named objects of an area do.
#pragma once

#include <cstdint>
#include <optional>

#include "area/layout.h"

namespace procgraph::detail {

inline constexpr std::uint32_t kMostPermits = 0x7fffffff;

// Makes it what `kind` says if nobody has made it anything yet; its first count is then `first`. Returns what
// it is.
struct Made {
  SyncKind kind = SyncKind::kNone;
  std::uint32_t first = 0;
};
Made make(SyncObject& object, SyncKind kind, std::uint32_t first = 0);

[[nodiscard]] bool is_set(const SyncObject& event);
// How often it was set, modulo 2^31.
[[nodiscard]] std::uint32_t times_set(const SyncObject& event);
void set(SyncObject& event);
void clear(SyncObject& event);
// Until it is set; one that was set and cleared meanwhile counts. False: the time is over.
bool wait(SyncObject& event, const Deadline& deadline);

[[nodiscard]] std::uint32_t permits(const SyncObject& semaphore, std::uint32_t first);
// Takes one. False: the time is over.
bool take_permit(SyncObject& semaphore, std::uint32_t first, const Deadline& deadline);
// False: there would be more than kMostPermits.
bool add_permits(SyncObject& semaphore, std::uint32_t first, std::uint32_t count);

}  // namespace procgraph::detail
