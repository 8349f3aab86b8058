// Spec: what was typed, after expansion, include and merge, with the place of everything. A value. Knows no
// defaults of channels, resolves no name: that is the graph's work.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/manifest.h"
#include "base/mark.h"
#include "base/restart_policy.h"
#include "base/socket_address.h"
#include "base/units.h"
#include "base/vocabulary.h"

namespace procgraph {

// ${replica} and ${replicas} are known only per copy: expansion leaves one of these (no file can contain
// them) in their place.
inline constexpr char kReplicaMark = '\x01';
inline constexpr char kReplicasMark = '\x02';

template <class T>
using Typed = std::optional<Marked<T>>;  // absent: the key was not written

struct CommandSpec {
  std::vector<Text> words;  // of `shell:` exactly one, the script
  bool shell = false;
  Mark mark;           // the whole value
  std::string folder;  // absolute folder of the file in which it stands

  bool operator==(const CommandSpec&) const = default;
};

// How messages are told apart in a stream of bytes: one of the words, "record" or "chunks".
struct FramingSpec {
  std::string word;
  Bytes size{};  // of a record, or the most of a chunk; else 0
  Mark mark;

  bool operator==(const FramingSpec&) const = default;
};

struct StreamSpec {
  StreamKind kind = StreamKind::kLog;
  std::string target;  // a path (absolute) or a channel's name
  bool append = false;
  std::optional<FramingSpec> framing{};
  Mark mark;

  bool operator==(const StreamSpec&) const = default;
};

struct PortSpec {
  Text port;  // its own name, by default the channel's
  Text channel;
  Typed<int> fd;
  Typed<WaitMode> wait;
  // Of one that reads a topic:
  Typed<ReaderPolicy> when_full;
  Typed<std::uint64_t> history;
  Typed<bool> broadcast;
  std::optional<FramingSpec> framing{};
  std::string variable{};  // of a socket: the one that holds its address

  bool operator==(const PortSpec&) const = default;
};

struct AfterSpec {
  Text process;
  Marked<Condition> condition;
  std::optional<Mark> restart;  // where it is said that this one is started again whenever the other is

  bool operator==(const AfterSpec&) const = default;
};

struct EnvironmentEntry {
  Text name;
  Text value;

  bool operator==(const EnvironmentEntry&) const = default;
};

struct StopSpec {
  Marked<int> signal;  // SIGTERM
  Marked<Duration> grace;

  bool operator==(const StopSpec&) const = default;
};

struct RestartSpec {
  RestartPolicy policy;
  Mark mark;      // of the policy's word
  Mark max_mark;  // of 'max', where it was written

  bool operator==(const RestartSpec&) const = default;
};

// How it is found out that a process is ready, or still works. The command, the address and the path may
// hold ${replica} and references to sockets.
struct ProbeSpec {
  ProbeKind kind = ProbeKind::kNotify;
  Mark mark;
  CommandSpec command{};   // of exec
  Typed<int> fd{};         // of fd
  Text address{};          // of tcp and http: HOST:PORT, or a path
  std::string path = "/";  // of http
  std::uint16_t least_status = 200, most_status = 399;
  std::string pattern{};  // of log

  bool operator==(const ProbeSpec&) const = default;
};

struct ReadySpec {
  ProbeSpec probe;
  Duration timeout = std::chrono::seconds(60);

  bool operator==(const ReadySpec&) const = default;
};

struct HealthSpec {
  ProbeSpec probe;
  Duration interval = std::chrono::seconds(10);
  Duration timeout = std::chrono::seconds(5);  // of a probe; of the watchdog, its longest silence
  std::uint32_t retries = 3;                   // failures in a row that count

  bool operator==(const HealthSpec&) const = default;
};

// What a process may use of the machine, and how it ranks there.
struct ResourcesSpec {
  Typed<Bytes> memory, file_size, core;
  Typed<Duration> cpu;  // time on CPUs: whole seconds
  Typed<std::uint64_t> files, processes;
  Typed<std::uint64_t> cpu_share;  // in percent of one CPU
  std::vector<Text> cpus;          // ranges, once ${replica} is known
  Typed<int> nice, oom_score_adj;

  bool operator==(const ResourcesSpec&) const = default;
};

// The command runs once for every message, or batch of them.
struct PerSpec {
  std::uint64_t messages = 1;  // of a run, at most
  Typed<Duration> within;      // the longest wait for as many
  Mark mark;

  bool operator==(const PerSpec&) const = default;
};

// Results leave in the order of their inputs.
struct OrderedSpec {
  std::uint64_t window = 1024;  // inputs in hand, at most
  Mark mark;

  bool operator==(const OrderedSpec&) const = default;
};

struct ProcessSpec {
  Text name;
  std::string description;
  std::optional<CommandSpec> command;
  std::vector<PortSpec> reads, writes;
  std::vector<PortSpec> serves, connects;  // sockets
  std::optional<StreamSpec> in, out, err;  // stdin, stdout, stderr
  Typed<std::uint32_t> replicas;           // `cores` is already the machine's number
  Typed<std::uint64_t> min_replicas;
  std::vector<EnvironmentEntry> env_file;  // what those files say, in their order: the last of a name counts
  std::vector<EnvironmentEntry> env;       // each name once; wins over that
  bool clean_env = false;
  Text cwd;            // absolute; empty value: the folder of the file
  std::string folder;  // absolute folder of the file that declares it
  Typed<std::uint32_t> umask;
  std::vector<AfterSpec> after;
  std::optional<ReadySpec> ready;  // absent: once it has started
  std::optional<HealthSpec> health;
  bool finally = false;
  bool service = false;
  OnFailure on_failure = OnFailure::kStop;
  std::vector<int> ok_codes;  // empty: {0}
  std::optional<StopSpec> stop;
  std::optional<RestartSpec> restart;
  Typed<Duration> timeout;
  ResourcesSpec resources;
  std::optional<Manifest> manifest;  // what its program says of itself
  std::optional<PerSpec> per;
  std::optional<OrderedSpec> ordered;
  bool enabled = true;

  bool operator==(const ProcessSpec&) const = default;
};

// How long a message that came back rests.
struct RetrySpec {
  Duration first{}, most{};
  Mark mark;

  bool operator==(const RetrySpec&) const = default;
};

// What a queue or a topic does with messages that find no room, fail, or are held or kept too long.
struct PolicySpec {
  std::optional<Text> when_full, delivery;
  Typed<std::uint64_t> max_capacity, max_deliveries;
  Typed<Bytes> max_memory;
  Typed<Duration> expire, lease_timeout;
  std::optional<RetrySpec> retry;
  std::optional<Text> dead_letter;
  bool dead_letter_fails = false;
  bool prefault = false;
  std::vector<int> reject_codes;  // of the runs of a process with `per`
  Mark reject_codes_mark;

  bool operator==(const PolicySpec&) const = default;
};

struct ChannelSpec {
  Text name;
  std::string kind;               // "queue", "topic", "pipe": the singular of the top-level key
  Typed<std::uint64_t> capacity;  // messages of a queue, bytes of a pipe
  Typed<Bytes> memory;
  Typed<Bytes> max_message;
  Typed<bool> duplex;
  Typed<std::uint64_t> history;          // messages of a topic
  Typed<ReaderPolicy> when_full;         // of a topic's readers
  PolicySpec policies;                   // of a queue
  std::optional<FramingSpec> framing{};  // of plain programs at a queue or a topic
  std::optional<Text> external;          // who comes from outside the graph: "read", "write", "both"
  Typed<std::uint64_t> spare;            // how many of them at a time
  Typed<std::uint64_t> replay;           // of a topic: messages that a reader of them gets first
  Typed<Bytes> size;
  bool lock = false;
  Text initial{};            // of an area: the file that it begins with; absolute
  std::vector<Text> sync{};  // of an area: names of objects
  Typed<SocketAddress> listen;
  bool opened_by_server = false;

  bool operator==(const ChannelSpec&) const = default;
};

// One entry of `pipelines:`: names of processes and channels, left to right.
struct PipelineSpec {
  std::vector<Text> names;

  bool operator==(const PipelineSpec&) const = default;
};

// Where the log is written to, beside the console.
struct LogsSpec {
  Text folder;  // absolute
  Bytes rotate{10U << 20U};
  std::uint32_t keep = 5;
  bool json = false;

  bool operator==(const LogsSpec&) const = default;
};

// How firmly the processes are held together; absent: as firmly as this machine can without being asked.
struct ContainmentSpec {
  Typed<Tier> tier, require;

  bool operator==(const ContainmentSpec&) const = default;
};

// What is done about processes that wait for each other for ever.
struct DeadlockSpec {
  DeadlockPolicy policy = DeadlockPolicy::kGrow;
  Bytes budget{64U << 20U};                  // that buffers may grow by, all together
  Duration after = std::chrono::seconds(1);  // so long nothing must have moved

  bool operator==(const DeadlockSpec&) const = default;
};

struct Spec {
  Text name;           // default: the first file's stem
  std::string folder;  // absolute folder of the first file
  std::string description;
  std::vector<ProcessSpec> processes;  // in the order of the text
  std::vector<ChannelSpec> channels;   // in the order of the text, all kinds together
  std::vector<PipelineSpec> pipelines;
  Typed<Duration> timeout;
  Typed<Duration> grace;
  bool keep_going = false;
  bool single = false;
  std::optional<LogsSpec> logs;
  ContainmentSpec containment;
  DeadlockSpec deadlock;

  bool operator==(const Spec&) const = default;
};

}  // namespace procgraph
