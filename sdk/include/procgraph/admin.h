// What the runner does to the memory of a queue, a topic or an area: its size, its first state, what happens
// at the death of a process, its counters. Pure functions over mapped memory: no system call but futex
// wake-ups. Nodes do not need this header.
//
// Nothing read from the memory is trusted: a region that a hostile node has changed is poisoned, never
// followed. Every function may run at the same time as any operation of any node; each but move_dead() may be
// killed at any instruction and run again. One process at a time repairs a graph: two that reap the same
// participant at once would count its deliveries twice.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "procgraph/message.h"
#include "procgraph/result.h"

namespace procgraph {

inline constexpr std::uint16_t kMaxParticipants = 4095;  // per graph; numbers start at 1

// What a full queue does to a writer.
enum class Overflow : std::uint8_t {
  kBlock,       // it waits
  kDropNewest,  // its message is dropped
  kDropOldest,  // the oldest messages that nobody has taken are dropped
  kReject,      // it is told
  kGrow,        // the bounds rise as far as they may, then it waits
};

// What becomes of messages that find no room, that nobody takes, and that come back.
struct QueuePolicy {
  Overflow when_full = Overflow::kBlock;
  bool at_most_once = false;           // a message whose reader dies does not come back
  std::uint32_t max_deliveries = 0;    // then it is parked, for the runner; at most 65,535; 0: no limit
  std::chrono::nanoseconds expire{0};  // older ones are dropped when they would be taken; 0: never
  std::chrono::nanoseconds lease_timeout{0};  // see leases(); 0: none
  // How long a message that came back rests: doubling from first to most, with up to a quarter more at
  // random.
  std::chrono::nanoseconds retry_first{0}, retry_most{0};

  bool operator==(const QueuePolicy&) const = default;
};

// What is declared about a queue. The same value gives the sizes (before the start) and the first state (once
// the memory exists).
struct QueueShape {
  std::uint64_t capacity = 1024;  // messages that may wait; exact
  // Payload bytes in flight: waiting, leased and on loan. Messages of up to 80 bytes count nothing where all
  // that there can be are no more than a sixteenth of it.
  std::uint64_t memory = 16u << 20;
  std::uint64_t max_message = 0;   // bytes; 0: memory / 4
  std::uint64_t max_capacity = 0;  // what the capacity may be raised to; 0: some room, at little cost
  std::uint64_t max_memory = 0;    // what the memory may be raised to; 0: it stays
  std::uint32_t participants = 0;  // processes that hold a port of it, replicas counted; 0: unknown
  std::uint32_t writers = 0;       // those of them that write; 0: unknown, then close() waits for the runner
  std::uint64_t letter_room = 0;   // bytes by which a dead letter may be longer than max_message
  bool prefault = false;  // all memory is there before the first process is: each maps its pages at once
  QueuePolicy policy{};

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
  std::uint64_t put = 0;           // ever; what follows sums up to it, but for `got`
  std::uint64_t acknowledged = 0;  // ever; where a message is delivered at most once: taken
  std::uint64_t dropped = 0;       // ever: put, and then dropped for a newer one
  std::uint64_t expired = 0;       // ever: put, and too old when their turn came
  std::uint64_t dead = 0;          // ever: put, and failed max_deliveries times, or rejected
  std::uint64_t got = 0;           // ever: how often a message was delivered
  std::uint64_t redelivered = 0;   // how often one came back to be delivered again
  std::uint64_t refused = 0;       // never put, for there was no room: dropped as the newest, or rejected
  std::uint64_t parked = 0;        // of the dead: still here, for the runner
  std::uint64_t bytes = 0;         // of payload in flight
  // The most that ever waited: exact where the queue was ever full, else to within a sixteenth of the limit
  // or 8.
  std::uint64_t deepest = 0;
  std::chrono::nanoseconds blocked{
      0};  // that writers have waited, all together; what is being waited not counted

  bool operator==(const QueueSample&) const = default;
};

// Fails where the shape makes no sense or is too large, with the reason in words.
[[nodiscard]] Result<QueueSizes> queue_sizes(const QueueShape& shape);

// All-zero memory of the size above to an empty, open queue. The payload needs no first state.
[[nodiscard]] Result<void> init_queue(std::span<std::byte> control, const QueueShape& shape);

// A reader of a topic: a port of a process, or of one of its copies. Known by its index among them.
struct TopicReader {
  bool gates = true;                   // writers wait for it; else it misses what it is too slow for
  std::uint64_t history = 0;           // messages that it may be behind, at most the topic's; 0: as many
  bool outside = false;                // nobody has the place before open_place(); does not gate
  bool at_most_once = false;           // what it gives back, or dies with, does not come again
  std::chrono::nanoseconds expire{0};  // older messages are passed over when their turn comes; 0: none

  bool operator==(const TopicReader&) const = default;
};

// What is declared about a topic.
struct TopicShape {
  std::uint64_t history = 64;             // messages kept
  std::uint64_t memory = 16u << 20;       // payload bytes kept or on loan
  std::uint64_t max_message = 256 << 10;  // bytes
  std::uint64_t max_history = 0;          // what the history may be raised to; 0: it stays
  std::uint64_t max_memory = 0;           // what the memory may be raised to; 0: it stays
  std::uint32_t participants = 0;         // processes that hold a port of it, replicas counted; 0: unknown
  std::uint32_t writers = 0;  // those of them that write; 0: unknown, then close() waits for the runner
  std::vector<TopicReader> readers;  // all of them: each has its place from the first message on

  bool operator==(const TopicShape&) const = default;
};

struct TopicReaderSample {
  std::uint64_t waiting = 0;       // messages that it may still take, those that came back included
  std::uint64_t leased = 0;        // taken and not acknowledged
  std::uint64_t acknowledged = 0;  // ever; where a message is delivered at most once: taken and let go of
  std::uint64_t missed = 0;        // ever, up to the last one that it has taken
  std::uint64_t redelivered = 0;   // how often a message came back
  std::uint64_t expired = 0;       // ever: too old when their turn came; not among those missed
  bool gone = false;               // for good

  bool operator==(const TopicReaderSample&) const = default;
};

struct TopicSample {
  std::uint64_t put = 0;    // ever
  std::uint64_t kept = 0;   // messages
  std::uint64_t bytes = 0;  // of payload kept or on loan
  std::vector<TopicReaderSample> readers;

  bool operator==(const TopicSample&) const = default;
};

[[nodiscard]] Result<QueueSizes> topic_sizes(const TopicShape& shape);
[[nodiscard]] Result<void> init_topic(std::span<std::byte> control, const TopicShape& shape);
// This reader will not come again, whether or not it ever came: nothing is kept for it and no writer waits
// for it. Idempotent.
void reader_gone(std::span<std::byte> control, std::span<std::byte> roster, std::uint32_t reader);
// A place for readers from outside is this participant's from now on: it gets the last `replay` messages, as
// far as they are still kept, and all that come. False: there is no such place, or somebody has it.
[[nodiscard]] bool open_place(std::span<std::byte> control, std::uint32_t reader, std::uint16_t participant,
                              std::uint64_t replay);
// It is somebody else's to open: what the one who had it held is free. After reap() of that one. Idempotent.
void empty_place(std::span<std::byte> control, std::span<std::byte> roster, std::uint32_t reader);
[[nodiscard]] TopicSample sample_topic(std::span<std::byte> control);

// From here on `control` is a queue's or a topic's, where nothing else is said.

// What was found in the hands of a dead participant, and what became of it. A reap that was killed and is run
// again tells of what is left only.
struct Recovery {
  std::uint64_t returned = 0;  // messages that it had not acknowledged: they come again
  std::uint64_t dead = 0;      // the same, but they have failed too often
  std::uint64_t gone = 0;      // the same, and they are delivered at most once
  std::uint64_t undone = 0;    // messages that it had begun and not put
  std::uint64_t freed = 0;     // locks of an area
  std::uint64_t torn = 0;      // writes to an area that it had begun

  bool operator==(const Recovery&) const = default;
};

// Gives back what `participant` held: loans and unfinished puts are undone, leases become messages again (of
// a topic for the same reader, once it has been started again). Only once every thread of it is dead (its
// pidfd is readable). Frees its doorbells, so call it for each channel before the number is used again.
Recovery reap(std::span<std::byte> control, std::span<std::byte> roster, std::uint16_t participant);

// The participant was stopped by a signal: whoever else waits goes on in its place. It waits again when it is
// continued.
void sidestep(std::span<std::byte> control, std::span<std::byte> roster, std::uint16_t participant);

// This process will not write any more, now or after a restart. When the last of `writers` is gone, or has
// closed its end itself, the drain begins as with end_of_writers. Idempotent.
void writer_gone(std::span<std::byte> control, std::span<std::byte> roster, std::uint16_t participant);

// No writer will ever come again: readers drain, then see the end. Idempotent.
void end_of_writers(std::span<std::byte> control, std::span<std::byte> roster);
// Whether that is so, however it came: readers get what is left, then the end.
[[nodiscard]] bool is_draining(std::span<std::byte> control);
// No reader will ever come again: writers get NoReaders. Idempotent.
void end_of_readers(std::span<std::byte> control, std::span<std::byte> roster);

// Of a queue. Exact when nothing moves, within what moves meanwhile otherwise; no kill puts a count of
// messages wrong.
[[nodiscard]] QueueSample sample(std::span<std::byte> control);
// What was impossible in a channel that is stopped for good, and who found it. Who wrote it is not known: any
// participant that maps the region may have, and `finder` too is only what the memory says.
struct QueuePoison {
  std::uint16_t finder = 0;  // participant; 0: the runner
  const char* reason = "";   // "its ring names a block that does not exist"
};
// Nothing: as far as anybody has found, all is well.
[[nodiscard]] std::optional<QueuePoison> poisoned(std::span<std::byte> control);

// Messages that failed `max_deliveries` times, or were rejected, are parked: no reader's any more, and not
// gone. The runner's doorbell (below) rings when that happens.
struct DeadMessage {
  std::uint64_t sequence = 0;
  std::uint32_t deliveries = 0;
  std::uint16_t participant = 0;  // that had it last
  std::string_view cause;         // its "death", "nack" or "reject"

  bool operator==(const DeadMessage&) const = default;
};
[[nodiscard]] std::vector<DeadMessage> parked(std::span<std::byte> control);
// Differs from what it was whenever another message was parked, by a reader or by reap().
[[nodiscard]] std::uint32_t parks(std::span<std::byte> control);

// A queue with its payload, as the runner maps it where it must read or write messages.
struct QueueRegions {
  std::span<std::byte> control, payload, roster;
};
inline constexpr std::uint32_t kLetterRoom = 256;  // bytes that a dead letter is longer, at most

// Moves the parked message letter.sequence of `from` into `to`, by the policy of `to` but without waiting.
// False: no room, it stays; the runner's doorbell rings when there is. The one function here that is not to
// be run again after a kill in its middle: the letter may be in both queues.
[[nodiscard]] bool move_dead(const QueueRegions& from, const QueueRegions& to, const DeadLetter& letter);
// Nothing more can come of the queue, not even a dead letter: it is drained or has no reader, and nothing is
// leased or parked. Readers that see its end ring the runner's doorbell.
[[nodiscard]] bool finished(std::span<std::byte> control);

struct Leases {
  std::vector<std::uint16_t> overdue;  // who has held a message for longer than lease_timeout, each once
  // When to look again; nothing: nobody holds a message, and the runner's doorbell rings when somebody does.
  std::optional<std::chrono::steady_clock::time_point> look;
};
// Of a queue with a lease_timeout. What a reader held before `amnesty` counts from then on only.
[[nodiscard]] Leases leases(std::span<std::byte> control, std::chrono::steady_clock::time_point now,
                            std::chrono::steady_clock::time_point amnesty);

// A thread that sleeps until a queue or a topic changes, for one thing; of one that waits for several there
// are several, with the same doorbell.
struct SleepingThread {
  enum class For : std::uint8_t {
    kMessage,  // a reader
    kPlace,    // a writer: fewer messages waiting
    kMemory,   // a writer: less of it in use, by messages or by what others are about to put
  };
  std::uint32_t doorbell = 0;
  std::uint16_t participant = 0;
  For what = For::kMessage;

  bool operator==(const SleepingThread&) const = default;
};
[[nodiscard]] std::vector<SleepingThread> sleeping_threads(std::span<std::byte> control);
// Doorbells of threads that are about to look whether to sleep, or to be rung.
[[nodiscard]] std::vector<std::uint32_t> stirring_doorbells(std::span<std::byte> control);
// The doorbell that lies so many bytes into the roster: it is what its thread's futex call names.
[[nodiscard]] std::optional<std::uint32_t> doorbell_at(std::uint64_t offset);
// The readers of a topic that are as far behind as they may be: its writers wait for each of them.
[[nodiscard]] std::vector<std::uint32_t> readers_behind(std::span<std::byte> control);

// How many messages may wait in a queue, or are kept in a topic, and as many as they can ever be: the memory
// is laid out for those.
struct QueueBounds {
  std::uint64_t capacity = 0, most = 0;

  bool operator==(const QueueBounds&) const = default;
};
[[nodiscard]] QueueBounds bounds(std::span<std::byte> control);
// The same of the bytes in flight.
[[nodiscard]] QueueBounds memory_bounds(std::span<std::byte> control);
// Raises the capacity, or the history, as far as it goes; writers that waited for a place go on. A reader of
// a topic may be so much further behind as the history is longer than declared.
void raise_capacity(std::span<std::byte> control, std::span<std::byte> roster, std::uint64_t capacity);
// Raises the memory, as far as it goes; writers that waited for it go on.
void raise_memory(std::span<std::byte> control, std::span<std::byte> roster, std::uint64_t bytes);

// What is declared about a shared memory area.
struct AreaShape {
  std::uint64_t size = 0;         // bytes of data
  bool lock = false;              // lock() may be used
  std::vector<std::string> sync;  // names of locks, events and semaphores

  bool operator==(const AreaShape&) const = default;
};

// In bytes: whole pages, and as declared.
struct AreaSizes {
  std::uint64_t control = 0;
  std::uint64_t data = 0;

  bool operator==(const AreaSizes&) const = default;
};

// Fails where the shape makes no sense or is too large, with the reason in words.
[[nodiscard]] Result<AreaSizes> area_sizes(const AreaShape& shape);
// All-zero memory of that size to an area of which nothing is locked or made. The data needs no first state.
[[nodiscard]] Result<void> init_area(std::span<std::byte> control, const AreaShape& shape);
// Frees what `participant` had locked, so that the next holder is told, and marks as torn what it was
// writing. As reap(), but one at a time.
Recovery reap_area(std::span<std::byte> control, std::uint16_t participant);
// Whether its control region says what cannot be: looked for now, by what was declared. Its users do not
// look.
[[nodiscard]] std::optional<QueuePoison> poisoned_area(std::span<std::byte> control, const AreaShape& shape);
// A participant was stopped by a signal: whoever waits looks again.
void sidestep_area(std::span<std::byte> control);

// The roster: one per graph, the same size for each. Zero is its first state, but for a header.
[[nodiscard]] std::uint64_t roster_size();
[[nodiscard]] Result<void> init_roster(std::span<std::byte> roster, std::chrono::nanoseconds wake_cost = {});
// What it costs here and now to be woken by a thread on another CPU: the median of nine round trips, by half.
// Blocks for about as long as twenty of those take, and starts two threads; 0 where they are not to be had.
[[nodiscard]] std::chrono::nanoseconds measure_wake_cost();
// The runner's own doorbell: how often it was rung, modulo 2^32. wait_for_rings() blocks while that is
// `seen`; it may return for no reason, too.
[[nodiscard]] std::uint32_t rings(std::span<std::byte> roster);
void wait_for_rings(std::span<std::byte> roster, std::uint32_t seen);
void ring(std::span<std::byte> roster);
// The runner writes who a number is, before the process or just after it starts; `start` as in field 22 of
// /proc/PID/stat, or 0.
void register_participant(std::span<std::byte> roster, std::uint16_t participant, std::int32_t pid,
                          std::uint64_t start = 0);
// The ports that a participant has opened, as it says itself: bit n for the n-th of its PROCGRAPH_PORTS, from
// 0 to 63.
[[nodiscard]] std::uint64_t opened_ports(std::span<std::byte> roster, std::uint16_t participant);
// What `from` has opened `to` has too: both are processes of one node.
void share_opened_ports(std::span<std::byte> roster, std::uint16_t from, std::uint16_t to);
// After reap() of every queue that it had: the number may be used again.
void forget_participant(std::span<std::byte> roster, std::uint16_t participant);

}  // namespace procgraph
