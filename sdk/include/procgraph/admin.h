// What the runner does to a queue's memory: its size, its first state, what happens at the death of a
// process, its counters. Pure functions over mapped memory: no system call but futex wake-ups. Nodes do not
// need this header.
//
// Nothing read from the memory is trusted: a region that a hostile node has changed is poisoned, never
// followed. Every function may run at the same time as any operation of any node; each may be killed at any
// instruction and run again. One process at a time repairs a graph: two that reap the same participant at
// once would count its deliveries twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "procgraph/result.h"

namespace procgraph {

inline constexpr std::uint16_t kMaxParticipants = 4095;  // per graph; numbers start at 1

// What is declared about a queue. The same value gives the sizes (before the start) and the first state (once
// the memory exists).
struct QueueShape {
  std::uint64_t capacity = 1024;  // messages that may wait; exact
  // Payload bytes in flight: waiting, leased and on loan. Messages of up to 80 bytes count nothing where all
  // that there can be are no more than a sixteenth of it.
  std::uint64_t memory = 16u << 20;
  std::uint64_t max_message = 0;   // bytes; 0: memory / 4
  std::uint64_t max_capacity = 0;  // what the capacity may be raised to; 0: some room, at little cost
  std::uint32_t participants = 0;  // processes that hold a port of it, replicas counted; 0: unknown
  std::uint32_t writers = 0;       // those of them that write; 0: unknown, then close() waits for the runner

  bool operator==(const QueueShape&) const = default;
};

// In bytes, whole pages. Address space: pages are committed at their first use.
struct QueueSizes {
  std::uint64_t control = 0;
  std::uint64_t payload = 0;  // at least one page

  bool operator==(const QueueSizes&) const = default;
};

struct QueueSample {
  std::uint64_t waiting = 0;       // messages that nobody has taken, those that came back included
  std::uint64_t leased = 0;        // taken and not acknowledged
  std::uint64_t put = 0;           // ever
  std::uint64_t acknowledged = 0;  // ever: put - waiting - leased
  std::uint64_t redelivered = 0;   // how often a message came back
  std::uint64_t bytes = 0;         // of payload in flight

  bool operator==(const QueueSample&) const = default;
};

// Fails where the shape makes no sense or is too large, with the reason in words.
[[nodiscard]] Result<QueueSizes> queue_sizes(const QueueShape& shape);

// All-zero memory of the size above to an empty, open queue. The payload needs no first state.
[[nodiscard]] Result<void> init_queue(std::span<std::byte> control, const QueueShape& shape);

// Gives back what `participant` held: loans and unfinished puts are undone, leases become messages again.
// Only once every thread of it is dead (its pidfd is readable). Frees its doorbells, so call it for each
// queue before the number is used again.
void reap(std::span<std::byte> control, std::span<std::byte> roster, std::uint16_t participant);

// The participant was stopped by a signal: whoever else waits goes on in its place. It waits again when it is
// continued.
void sidestep(std::span<std::byte> control, std::span<std::byte> roster, std::uint16_t participant);

// This process will not write any more, now or after a restart. When the last of `writers` is gone, or has
// closed its end itself, the drain begins as with end_of_writers. Idempotent.
void writer_gone(std::span<std::byte> control, std::span<std::byte> roster, std::uint16_t participant);

// No writer will ever come again: readers drain, then see the end. Idempotent.
void end_of_writers(std::span<std::byte> control, std::span<std::byte> roster);
// No reader will ever come again: writers get NoReaders. Idempotent.
void end_of_readers(std::span<std::byte> control, std::span<std::byte> roster);

// Exact when nothing moves, within what moves meanwhile otherwise.
[[nodiscard]] QueueSample sample(std::span<std::byte> control);
// What was impossible in a queue that is stopped for good, and who found it. Who wrote it is not known: any
// participant that maps the region may have, and `finder` too is only what the memory says.
struct QueuePoison {
  std::uint16_t finder = 0;  // participant; 0: the runner
  const char* reason = "";   // "its ring names a block that does not exist"
};
// Nothing: as far as anybody has found, all is well.
[[nodiscard]] std::optional<QueuePoison> poisoned(std::span<std::byte> control);

// The roster: one per graph, the same size for each. Zero is its first state, but for a header.
[[nodiscard]] std::uint64_t roster_size();
[[nodiscard]] Result<void> init_roster(std::span<std::byte> roster);
// The runner writes who a number is, before the process or just after it starts; `start` as in field 22 of
// /proc/PID/stat, or 0.
void register_participant(std::span<std::byte> roster, std::uint16_t participant, std::int32_t pid,
                          std::uint64_t start = 0);
// The ports that a participant has opened, as it says itself: bit n for the n-th of its PROCGRAPH_PORTS, from
// 0 to 63.
[[nodiscard]] std::uint64_t opened_ports(std::span<std::byte> roster, std::uint16_t participant);
// After reap() of every queue that it had: the number may be used again.
void forget_participant(std::span<std::byte> roster, std::uint16_t participant);

}  // namespace procgraph
