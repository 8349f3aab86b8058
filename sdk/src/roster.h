// The roster: who takes part in a graph, and the words on which their threads sleep. One region per graph.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "procgraph/admin.h"
#include "shared.h"

namespace procgraph::detail {

inline constexpr std::uint64_t kRosterMagic = magic("pgroster");
inline constexpr unsigned kBellsEach = 4;  // a participant's own doorbells; it borrows its neighbours' beyond
inline constexpr std::uint32_t kRunnerBell = 0;  // on which the runner sleeps
inline constexpr unsigned kDoorbells = (kMaxParticipants + 1u) * kBellsEach;

struct Participant {
  Shared<std::int32_t> pid;  // 0: nobody
  std::uint32_t reserved;
  Shared<std::uint64_t> start;
};

// The word that one waiting thread sleeps on; it belongs to that thread's participant as long as it waits.
struct Doorbell {
  Shared<std::uint32_t> owner;  // participant; 0: free
  Shared<std::uint32_t> rings;
  std::uint64_t reserved;
};

struct RosterRegion {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t wake_cost;  // ns, as the runner measured it before the start; 0: it could not
  alignas(4096) std::array<Participant, kMaxParticipants + 1> participants;
  // From here on nodes write.
  alignas(4096) Shared<std::uint32_t> used;  // doorbells from this one on have never been used
  alignas(64) std::array<Doorbell, kDoorbells> doorbells;
  // By participant: a bit for each port that it has opened, in the order of PROCGRAPH_PORTS.
  alignas(64) std::array<Shared<std::uint64_t>, kMaxParticipants + 1> opened;
};
static_assert(offsetof(RosterRegion, participants) == 4096 && offsetof(RosterRegion, used) == 69632);
static_assert(offsetof(RosterRegion, doorbells) == 69696 && offsetof(RosterRegion, opened) == 331840);
inline constexpr std::size_t kRosterReadOnly =
    offsetof(RosterRegion, used);  // bytes that only the runner writes

// A mapped roster. Knows no queue.
class Roster {
 public:
  Roster() = default;
  [[nodiscard]] static Result<Roster> attach(std::span<std::byte> region);
  // As the runner has it, which has made it: a header that a node has overwritten is put right, for all
  // channels hang on this.
  [[nodiscard]] static std::optional<Roster> of_runner(std::span<std::byte> region);

  [[nodiscard]] bool attached() const { return region_ != nullptr; }
  // Both are the one mapping of a graph's roster.
  [[nodiscard]] bool is_same(const Roster& other) const { return region_ == other.region_; }
  // A free doorbell, now ours; nothing if 16,384 threads of this graph wait.
  [[nodiscard]] std::optional<std::uint32_t> acquire(std::uint16_t participant);
  void release(std::uint32_t doorbell);
  // Frees those of a dead participant.
  void release_all(std::uint16_t participant);

  [[nodiscard]] Shared<std::uint32_t>& word(std::uint32_t doorbell) {
    return region_->doorbells[doorbell].rings;
  }
  void ring(std::uint32_t doorbell);
  // Whoever sleeps in this graph looks again: 16,384 calls of the kernel.
  void ring_all();
  // What being woken costs on this machine; 0: nobody knows.
  [[nodiscard]] std::chrono::nanoseconds wake_cost() const {
    return std::chrono::nanoseconds(region_ == nullptr ? 0 : region_->wake_cost);
  }
  [[nodiscard]] Participant& participant(std::uint16_t number) { return region_->participants[number]; }
  [[nodiscard]] Shared<std::uint64_t>& opened(std::uint16_t number) { return region_->opened[number]; }

 private:
  RosterRegion* region_ = nullptr;
};

}  // namespace procgraph::detail
