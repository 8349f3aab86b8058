// The words that the file, the graph and the plan share: small enumerations, with the spelling that people
// see.
#pragma once

#include <cstdint>
#include <string_view>

namespace procgraph {

enum class Access : std::uint8_t { kRead, kWrite, kBoth };
enum class StreamKind : std::uint8_t { kNone, kLog, kInherit, kFile, kChannel };
enum class Condition : std::uint8_t { kStarted, kReady, kFinished, kSucceeded, kFailed };
// How it is found out that a process is ready, or still works.
enum class ProbeKind : std::uint8_t { kNotify, kFd, kExec, kTcp, kHttp, kLog, kWatchdog };
enum class OnFailure : std::uint8_t { kStop, kFinish, kIgnore };
enum class Restart : std::uint8_t { kNever, kOnFailure, kAlways };
// What a reader of a topic does to a writer that is ahead of it.
enum class ReaderPolicy : std::uint8_t { kBlock, kDropOldest, kLatest };
// How firmly a run's processes are held together, the weakest first.
enum class Tier : std::uint8_t { kGuard, kCgroup, kPidNamespace };
// What is done about processes that wait for each other for ever.
enum class DeadlockPolicy : std::uint8_t { kGrow, kWarn, kFail };
enum class WaitMode : std::uint8_t { kDefault, kLatency, kBalanced, kThroughput, kSleep };

[[nodiscard]] std::string_view name(Access access);          // read, write, both
[[nodiscard]] std::string_view name(StreamKind kind);        // none, log, inherit, file, channel
[[nodiscard]] std::string_view name(Condition condition);    // started, ready, finished, succeeded, failed
[[nodiscard]] std::string_view name(ProbeKind kind);         // notify, fd, exec, tcp, http, log, watchdog
[[nodiscard]] std::string_view name(OnFailure on_failure);   // stop, finish, ignore
[[nodiscard]] std::string_view name(Restart when);           // never, on_failure, always
[[nodiscard]] std::string_view name(ReaderPolicy policy);    // block, drop_oldest, latest
[[nodiscard]] std::string_view name(Tier tier);              // guard, cgroup, pid_namespace
[[nodiscard]] std::string_view name(DeadlockPolicy policy);  // grow, warn, fail
[[nodiscard]] std::string_view name(
    WaitMode wait);  // "" for the default, latency, balanced, throughput, sleep

}  // namespace procgraph
