// Plan: a run, decided: every kernel object, every descriptor number, every command and environment, the
// order of start and stop. A value: prints as text and JSON, the same for the same text and world. Nothing of
// it exists yet.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/resources.h"
#include "base/socket_address.h"
#include "base/units.h"
#include "graph/channel_kind.h"
#include "graph/graph.h"

namespace procgraph {

struct PipeObject {
  Bytes capacity{};  // 0: the kernel's default
  bool operator==(const PipeObject&) const = default;
};
struct SocketPairObject {
  bool operator==(const SocketPairObject&) const = default;
};
struct MemoryObject {
  Bytes size{};
  bool mapped = false;    // the runner maps it too
  std::string initial{};  // a file whose bytes it begins with; empty: zeros
  bool prefault = false;  // all of it is taken before the start
  bool operator==(const MemoryObject&) const = default;
};
struct FileObject {
  std::string path;
  bool append = false;
  bool operator==(const FileObject&) const = default;
};
struct ListenerObject {
  SocketAddress address;  // as declared: what it leaves open is known when the object is open
  bool operator==(const ListenerObject&) const = default;
};

enum class End : std::uint8_t {
  kRead,
  kWrite,
  kA,
  kB,
  kReadOnly,
  kReadWrite,
  kListen
};  // of a pipe, a socket pair, a memory or file, a listener

struct Object {
  ObjectId id;
  ChannelId channel;  // invalid: of the graph (the roster) or of a stream (a file)
  std::string name;   // "q.control"
  std::variant<PipeObject, SocketPairObject, MemoryObject, FileObject, ListenerObject> what;
};

// One descriptor of a child: `fd` in it is `end` of `object`.
struct Inherit {
  int fd = -1;
  ObjectId object;
  End end = End::kRead;
};

// How it is found out that a process is ready, or still works: all that can be known before it runs.
struct Probe {
  ProbeKind kind = ProbeKind::kNotify;
  int fd = -1;                    // of fd: the child's
  std::string program{};          // of exec, absolute; its environment and folder are the process's
  std::vector<std::string> argv;  // of exec; may refer to sockets
  std::string address{};          // of tcp and http: HOST:PORT or a path; may refer to sockets
  std::string path{};             // of http
  std::uint16_t least_status = 200, most_status = 399;
  std::string pattern{};  // of log
};

struct Spawn {
  SpawnId id;
  ProcessId process;
  std::uint32_t replica = 0;
  std::string label;    // "m", "parse.0"
  std::string program;  // absolute
  // In these, references to sockets (base/socket_address.h) stand for addresses that are known once they are
  // open.
  std::vector<std::string> argv;
  // "K=V", sorted; all of it but PROCGRAPH_PID, and LISTEN_PID of one that listens, which the child writes
  std::vector<std::string> env;
  bool listens = false;
  std::string cwd;
  std::optional<std::uint32_t> umask;
  Resources resources;
  std::array<StreamKind, 3> streams{StreamKind::kNone, StreamKind::kLog,
                                    StreamKind::kLog};  // kFile, kChannel: an Inherit says which
  std::vector<Inherit> inherits;                        // sorted by fd
  std::uint16_t participant = 0;                        // in the roster; 0: none
  std::optional<Probe> ready, health;                   // absent: nothing is asked

  // It is given a socket for sd_notify's messages.
  [[nodiscard]] bool notifies() const {
    return (ready && ready->kind == ProbeKind::kNotify) || (health && health->kind == ProbeKind::kWatchdog);
  }
};

// What holds the run's processes together.
struct Containment {
  Tier tier = Tier::kGuard;
  GroupPlace place;     // of kCgroup: where the run's group lies
  std::string because;  // why it is no better; empty: it is the best that a run has without asking for more

  bool operator==(const Containment&) const = default;
};

struct Plan {
  Graph graph;
  std::vector<Object> objects;
  std::vector<Spawn> spawns;               // replicas of a process stand together, in order
  ObjectId roster;                         // invalid: no native channel
  std::vector<std::uint32_t> start_group;  // by process: those joined by one byte pipe start together
  std::vector<std::uint32_t> stop_rank;    // by process: lower stops first; a circle shares one
  std::uint64_t descriptors = 0;           // that the runner needs open at once
  Bytes memory{};                          // of all channels
  Containment containment;
  bool can_hang = false;   // its shape lets processes wait for each other: somebody has to look
  std::string run_folder;  // for sockets without a path of their own, as mkdtemp wants it; empty: none

  [[nodiscard]] const Object& at(ObjectId id) const { return objects[id.value]; }
  [[nodiscard]] const Spawn& at(SpawnId id) const { return spawns[id.value]; }
};

// Graph to Plan. Looks programs up in `world`; what this machine lacks is an error with `machine` set (exit
// 69), a program that is missing or not executable is one of the text (exit 78).
struct PlanErrors {
  bool machine = false;
};
[[nodiscard]] Plan make_plan(const Graph& graph, const World& world, Diagnostics& diagnostics,
                             PlanErrors& errors);

[[nodiscard]] std::string to_text(const Plan& plan);
[[nodiscard]] std::string to_json(const Plan& plan);

}  // namespace procgraph
