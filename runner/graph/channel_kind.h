// ChannelKind: a sort of channel as one row. The facts and the first four functions are pure; the others work
// on a running graph's shared memory and are null where the kernel does the work. main owns the list of rows
// and hands it on.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/world.h"
#include "graph/graph.h"
#include "procgraph/result.h"

namespace procgraph {

class PlanBuilder;  // plan/builder.h

// A native channel of a running graph, as the runner holds it.
struct LiveChannel {
  const Channel* channel = nullptr;
  std::span<std::byte> control;  // mapped read-write by the runner
  std::span<std::byte> roster;   // of the graph, mapped read-write
  std::span<std::byte> payload;  // only where the runner reads or writes messages itself
};

struct ChannelSample {
  std::uint64_t waiting = 0;  // messages that nobody has taken yet
  std::uint64_t leased = 0;   // taken and not acknowledged
  std::uint64_t put = 0, acknowledged = 0, redelivered = 0;
  std::uint64_t missed = 0;  // passed over by readers that are too slow; of a topic
  std::uint64_t got = 0, dropped = 0, refused = 0, expired = 0, dead = 0;
  std::uint64_t parked = 0;   // of the dead: not moved yet
  std::uint64_t bytes = 0;    // in flight
  std::uint64_t deepest = 0;  // the most that ever waited
  Duration blocked{};         // that writers have waited
};

// What a look at a running channel is told.
struct Attention {
  std::chrono::steady_clock::time_point now;
  std::chrono::steady_clock::time_point amnesty;      // what readers held before that counts from then on
  std::optional<LiveChannel> dead_letters;            // where this channel's go; nothing: nowhere
  std::function<std::string(std::uint16_t)> name_of;  // of a participant
  std::uint32_t parks = 0;                            // what the last look said of these
  bool kept = false;
};

struct DeadFact {
  std::string process;  // that had it last
  std::uint64_t sequence = 0;
  std::uint32_t deliveries = 0;
  std::string_view cause = "nack";  // or its "death", or "reject"
};

// A thread that sleeps until the channel changes; the doorbell is the graph's roster's.
struct Sleeper {
  std::uint32_t doorbell = 0;
  bool writes = false;  // it waits for room, else for a message
  bool loans = false;   // for bytes, which other writers, too, can give back
  bool stirs = false;   // for nothing that can be told: it is about to look, or to be rung
};

// The two bounds of what may wait in a channel.
enum class Bound : std::uint8_t { kMessages, kBytes };
// What of it is taken, what there is, and the most that it can be made.
struct Room {
  std::uint64_t fill = 0, capacity = 0, most = 0;
};

// What the channel needs of the supervisor.
struct Needs {
  std::vector<std::uint16_t> overdue;  // participants that hold a message for too long
  std::vector<DeadFact> dead;  // messages that were moved; of a channel without dead letters the first
  std::optional<std::chrono::steady_clock::time_point> look;  // when to look again though nobody rings
  std::uint32_t parks = 0;                                    // changes when a message has died
  bool kept = false;                                          // there was no room for a dead letter
  bool finished = false;  // nothing more can come of it, not even a dead letter
};

// What becomes of what is in a channel.
struct Death {
  std::string_view of;  // "reader", "runner"
  std::string then;     // one clause
};

// What a dead participant held in a channel.
struct Reaped {
  std::uint64_t returned = 0;  // messages that come again
  std::uint64_t dead = 0;      // that have failed too often
  std::uint64_t gone = 0;      // that are delivered at most once
  std::uint64_t undone = 0;    // that it had begun and not put
  std::uint64_t freed = 0;     // locks
  std::uint64_t torn = 0;      // writes that it had begun

  bool operator==(const Reaped&) const = default;
};

// Something impossible was found in a channel's memory: it is stopped for good.
struct Poisoning {
  std::uint16_t finder = 0;  // participant, as the memory says; 0: the runner
  std::string_view reason;   // "its ring names a block that does not exist"
};

struct ChannelKind {
  std::string_view name;      // "queue"
  std::string_view noun{};    // in messages, where it is not the name: "area"
  std::string_view key;       // "queues"
  std::string_view summary;   // one sentence, for `kinds`
  std::string_view survives;  // what is kept at the death of a reader, a writer, the runner, the machine
  bool bytes = false;         // a stream without boundaries: tears between several readers or writers
  bool to_each = false;       // what is written goes to every reader; else to one of them
  bool flows = true;    // data goes from writers to readers and ends with the writers; false: all come and go
  bool served = false;  // its readers are servers ('serves'), its writers clients ('connects')
  std::uint32_t max_writers = 0, max_readers = 0;  // 0: any number

  void (*fill)(const ChannelSpec&, Channel&) = nullptr;  // what was typed, and a default for what was not
  void (*check)(const Graph&, const Channel&, const World&, Diagnostics&) = nullptr;
  void (*plan)(const Graph&, const Channel&, PlanBuilder&) = nullptr;
  std::vector<Death> (*deaths)(const Graph&, const Channel&) = nullptr;

  Result<void> (*init)(const LiveChannel&) = nullptr;  // all-zero memory to an empty channel
  // Gives back what a dead participant held, and says what that was; idempotent.
  Reaped (*reap)(const LiveChannel&, std::uint16_t participant) = nullptr;
  void (*sidestep)(const LiveChannel&,
                   std::uint16_t participant) =
      nullptr;  // it is stopped by a signal: others go on in its place
  void (*writer_gone)(const LiveChannel&,
                      std::uint16_t participant) = nullptr;  // it will not write again; may be the last
  void (*reader_gone)(const LiveChannel&,
                      std::uint32_t place) = nullptr;  // it will not read again; of kinds with places
  // Of kinds with places: the n-th of those from outside is now the participant's. Returns its index among
  // all.
  std::uint32_t (*open_place)(const LiveChannel&, std::uint32_t outsider,
                              std::uint16_t participant) = nullptr;
  void (*empty_place)(const LiveChannel&, std::uint32_t outsider) = nullptr;  // its reader is gone and reaped
  void (*end_of_writers)(const LiveChannel&) =
      nullptr;  // no writer will ever come again: readers drain, then end
  void (*end_of_readers)(const LiveChannel&) =
      nullptr;  // no reader will ever come again: writers get NoReaders
  // Its data has ended, and nothing of it waits for a reader (of kinds with places: for this one).
  bool (*ended)(const LiveChannel&, std::uint32_t place) = nullptr;
  // Does what can be done without waiting, and says what else must be: after a death, when the roster's bell
  // rings, and when it asked for.
  Needs (*attend)(const LiveChannel&, const Attention&) = nullptr;
  ChannelSample (*sample)(const LiveChannel&) = nullptr;
  // Whether a participant has opened the n-th of its PROCGRAPH_PORTS, which is one of this channel.
  bool (*has_opened)(const LiveChannel&, std::uint16_t participant, std::size_t port) = nullptr;
  std::optional<Poisoning> (*poisoned)(const LiveChannel&) = nullptr;
  // Who waits at it, at this instant.
  std::vector<Sleeper> (*sleepers)(const LiveChannel&) = nullptr;
  // Of kinds with places: those whose readers writers wait for, every one.
  std::vector<std::uint32_t> (*behind)(const LiveChannel&) = nullptr;
  // Of kinds that can be enlarged while the graph runs.
  std::string_view capacity_key{};  // which key says how many messages it holds; 'memory': how many bytes
  Room (*room)(const LiveChannel&, Bound) = nullptr;
  void (*enlarge)(const LiveChannel&, Bound, std::uint64_t to) = nullptr;

  [[nodiscard]] std::string_view title() const { return noun.empty() ? name : noun; }
  // In memory that its processes share: each of them has a number in the roster.
  [[nodiscard]] bool native() const { return reap != nullptr; }
};

using ChannelKinds = std::span<const ChannelKind* const>;

}  // namespace procgraph
