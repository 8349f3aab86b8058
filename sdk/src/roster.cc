#include "roster.h"

#include <algorithm>

#include "futex.h"
#include "shared.h"

namespace procgraph::detail {

Result<Roster> Roster::attach(std::span<std::byte> region) {
  if (region.size() < sizeof(RosterRegion)) return Error{"roster: the region is too small", 0};
  auto* r = reinterpret_cast<RosterRegion*>(region.data());
  if (r->magic != kRosterMagic || r->version != kAbiVersion)
    return Error{"roster: not one of this version", 0};
  Roster roster;
  roster.region_ = r;
  return roster;
}

std::optional<Roster> Roster::of_runner(std::span<std::byte> region) {
  if (region.size() < sizeof(RosterRegion)) return std::nullopt;
  Roster roster;
  roster.region_ = reinterpret_cast<RosterRegion*>(region.data());
  if (roster.region_->magic != kRosterMagic) roster.region_->magic = kRosterMagic;
  if (roster.region_->version != kAbiVersion) roster.region_->version = kAbiVersion;
  return roster;
}

std::optional<std::uint32_t> Roster::acquire(std::uint16_t participant) {
  for (unsigned i = 0; i < kDoorbells; ++i) {
    std::uint32_t bell = (participant * kBellsEach + i) % kDoorbells;
    if (bell == kRunnerBell) continue;
    raise(region_->used, bell + 1);  // before the bell is ours: the reaper must look that far
    std::uint32_t nobody = 0;
    // Publishes that the bell is ours: the reaper frees it if we die.
    if (region_->doorbells[bell].owner.compare_exchange_strong(nobody, participant)) return bell;
  }
  return std::nullopt;
}

void Roster::release(std::uint32_t doorbell) {
  region_->doorbells[doorbell].owner.store(0);
}

void Roster::release_all(std::uint16_t participant) {
  std::uint32_t used = std::min(region_->used.load(), kDoorbells);
  for (std::uint32_t i = 0; i < used; ++i) {
    Shared<std::uint32_t>& owner = region_->doorbells[i].owner;
    std::uint32_t dead = participant;
    // Publishes that the dead owner has left.
    if (owner.load() == dead) owner.compare_exchange_strong(dead, 0);
  }
}

void Roster::ring(std::uint32_t doorbell) {
  word(doorbell).fetch_add(1);
  futex_wake(word(doorbell));
}

void Roster::ring_all() {
  for (std::uint32_t bell = 0; bell < kDoorbells; ++bell) ring(bell);
}

}  // namespace procgraph::detail
