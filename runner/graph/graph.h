// Graph: the declared processes and channels with every name resolved to an id and every default filled in. A
// value: rules read it, rewrites return a changed one, drawings print it. Knows no fd, no path of a program,
// no system call.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/mark.h"
#include "base/restart_policy.h"
#include "base/units.h"
#include "base/vocabulary.h"
#include "config/spec.h"

namespace procgraph {

struct ChannelKind;

// What a port that reads a topic says for itself; absent: as the topic has it.
struct Subscription {
  Typed<ReaderPolicy> when_full;
  Typed<std::uint64_t> history;
  Typed<bool> broadcast;

  [[nodiscard]] bool is_broadcast() const { return broadcast && broadcast->value; }
};

// Of a socket, a server's port reads and a client's port writes.
struct Port {
  PortId id;
  ProcessId process;
  ChannelId channel;
  std::string name;
  Access access = Access::kRead;
  bool stream = false;    // stdin, stdout or stderr of the process: fd is 0, 1 or 2
  std::optional<int> fd;  // fixed by the file, or by the stream
  WaitMode wait = WaitMode::kDefault;
  std::optional<FramingSpec> framing;
  Subscription subscription;
  bool ordered =
      false;  // what the process puts at such a port answers what it gets at the other one, and says so
  std::string variable;  // of a socket: the one that holds its address
  Mark mark;
};

struct Stream {
  StreamKind kind = StreamKind::kLog;
  std::string file;  // absolute
  bool append = false;
  PortId port;  // of kind kChannel
  Mark mark;
};

struct After {
  ProcessId process;
  Condition condition = Condition::kStarted;
  Mark mark;
  std::optional<Mark> restart;  // it is started again whenever the other one is
};

struct Process {
  ProcessId id;
  std::string name;
  std::string description;
  Mark mark;
  CommandSpec command;
  std::optional<Manifest> manifest;  // what its program says of itself
  bool builtin =
      false;  // a node of ours that a rewrite put in (relay, discard): command.words[0] is its name
  ProcessId
      part_of;  // of a relay: the process without which it is nothing; replica i is that of its replica i
  std::vector<PortId> ports;
  std::array<Stream, 3> streams;
  std::uint32_t replicas = 1;
  Mark replicas_mark;
  std::optional<PerSpec>
      per;  // runs once per message: one process, and so many runs of the command at a time
  std::uint32_t runs = 1;
  std::optional<OrderedSpec> ordered;
  std::optional<CommandSpec> each;            // once a rewrite has made it a pool: the command that it runs
  std::optional<std::uint32_t> min_replicas;  // with fewer that have not failed it has failed; absent: all
  Mark min_replicas_mark;
  std::vector<EnvironmentEntry> env;
  bool clean_env = false;
  std::string cwd;
  Mark cwd_mark;
  std::optional<std::uint32_t> umask;
  std::vector<After> after;
  std::optional<ReadySpec> ready;  // absent: once it has started
  std::optional<HealthSpec> health;
  bool finally = false;  // starts when all others have ended
  bool service = false;
  bool step = false;  // others wait in `after` for its end, and it has no channel
  OnFailure on_failure = OnFailure::kStop;
  std::vector<int> ok_codes{0};
  int stop_signal = 15;
  Duration grace = std::chrono::seconds(10);
  std::optional<Duration> timeout;  // from each start
  RestartPolicy restart;
  Mark restart_mark, restart_max_mark;
  ResourcesSpec resources;  // as typed

  // It may have several lives.
  [[nodiscard]] bool may_return() const {
    const auto goes_with = [](const After& other) { return other.restart.has_value(); };
    return restart.restarts() || std::any_of(after.begin(), after.end(), goes_with);
  }
};

// A reader's place in a topic, which it has from before anything starts.
struct ReaderPlace {
  PortId port;
  std::uint32_t replica = 0;
  ReaderPolicy policy = ReaderPolicy::kBlock;
  std::uint64_t history = 0;  // messages that it may be behind
};

struct SocketOptions {
  SocketAddress address;
  Mark mark;  // of the address, where it was written
  bool opened_by_server = false;
};

// Of a channel that programs which the graph did not start may read or write.
struct OutsideEnd {
  bool reads = false, writes = false;
  std::uint32_t places = 0;       // how many of them can use it at a time
  std::uint64_t replay = 0;       // of a topic: how many of the last messages a reader of them gets first
  Mark mark;                      // of what says so
  Mark places_mark, replay_mark;  // of 'spare' and 'replay', where they were written

  [[nodiscard]] bool any() const { return reads || writes; }
};

struct AreaOptions {
  bool lock = false;
  std::string initial;  // absolute; empty: zeros
  Mark initial_mark;
  std::vector<std::string> sync;
};

// How often a queue tries a message where the file says nothing.
inline constexpr std::uint32_t kMaxDeliveries = 5;

struct Channel {
  ChannelId id;
  std::string name;  // of an anonymous one "left|right"
  const ChannelKind* kind = nullptr;
  Mark mark;
  bool anonymous = false;
  std::uint64_t capacity = 0;  // messages of a queue or a topic; bytes of a pipe, 0 the kernel's default
  Bytes memory{};              // of messages in flight; the size of an area
  Bytes growth{};              // by which that may be raised while the graph runs, where it would else hang
  Bytes max_message{};
  bool duplex = false;
  bool per_replica = false;  // of a pipe: one for each replica, whose number is the same at both ends
  std::optional<FramingSpec> framing;          // of plain programs at it whose ports say nothing else
  ReaderPolicy policy = ReaderPolicy::kBlock;  // of a topic's readers that say nothing else
  AreaOptions area;
  SocketOptions socket;
  OutsideEnd outside;
  bool ended_from_start = false;  // select() took out all its writers
  Mark capacity_mark, max_message_mark, memory_mark;
  PolicySpec policies;    // of a queue or a topic, as typed
  ChannelId dead_letter;  // of a queue, or a topic's readers: where its dead letters go; invalid: nowhere
  bool takes_letters = false;            // another queue's dead_letter: the runner writes it too
  Bytes largest_letter{};                // the largest message that may become one of its dead letters
  std::vector<PortId> writers, readers;  // a duplex pipe lists both its ports in both
  std::uint32_t holders = 0;             // processes that have a port of it, replicas counted
  std::uint32_t writing_holders = 0;     // those of them that write
  std::vector<ReaderPlace> places;       // of a topic: each reader's, by its index in memory

  // Of a topic: what its readers do with messages takes a queue for each of them (graph/rewrite.h).
  [[nodiscard]] bool gives_queues() const {
    return policies.max_deliveries || policies.dead_letter || policies.lease_timeout;
  }
  // As far as its memory may grow.
  [[nodiscard]] Bytes most_memory() const {
    return policies.max_memory ? policies.max_memory->value : memory;
  }
};

struct Graph {
  std::string name;
  std::string folder;
  std::string description;
  std::vector<Process> processes;  // indexed by id
  std::vector<Channel> channels;
  std::vector<Port> ports;
  std::optional<Duration> timeout;
  Duration grace{};  // of the whole: declared, else the longest of the processes'
  bool keep_going = false;
  bool single = false;  // no two runs of this name
  std::optional<LogsSpec> logs;
  ContainmentSpec containment;
  DeadlockSpec deadlock;
  bool incomplete = false;         // a name was not found: what seems to miss an end may not
  std::vector<std::string> notes;  // what enabled/--only/--except took out, for people

  [[nodiscard]] const Process& at(ProcessId id) const { return processes[id.value]; }
  [[nodiscard]] const Channel& at(ChannelId id) const { return channels[id.value]; }
  [[nodiscard]] const Port& at(PortId id) const { return ports[id.value]; }
  [[nodiscard]] Process& at(ProcessId id) { return processes[id.value]; }
  [[nodiscard]] Channel& at(ChannelId id) { return channels[id.value]; }
  [[nodiscard]] Port& at(PortId id) { return ports[id.value]; }
};

// How the messages at the port are told apart in bytes, as the port or its channel says; null: nothing is
// said.
[[nodiscard]] const FramingSpec* framing_of(const Graph& graph, const Port& port);
// The program finds bytes at this port, but the channel carries messages.
[[nodiscard]] bool needs_relay(const Graph& graph, const Port& port);
// "pipe 'p'", "queue 'q'", "the pipe from 'a' to 'b'" of an anonymous one.
[[nodiscard]] std::string title(const Graph& graph, const Channel& channel);
// The names of the processes that hold these ports, each once, in order.
[[nodiscard]] std::vector<std::string> process_names(const Graph& graph, const std::vector<PortId>& ports);
// Whether one of the processes that hold these ports may have several lives.
[[nodiscard]] bool any_may_return(const Graph& graph, const std::vector<PortId>& ports);
// What a program that knows no SDK would want instead of this port: "a plain program wants 'stdin: a'".
[[nodiscard]] std::string stream_instead(const Graph& graph, const Port& port);
// The same for several: as far as one stream will do for all that it reads, or writes; else nothing.
[[nodiscard]] std::string streams_instead(const Graph& graph, const std::vector<PortId>& ports);
// "read and written from outside"; nothing where it is not.
[[nodiscard]] std::string from_outside(const Channel& channel);
// "parse", or "parse.0" of a process with replicas.
[[nodiscard]] std::string label(const Process& process, std::uint32_t replica);

}  // namespace procgraph
