// The sentences of a run, from facts: how a process ended, what that does to the graph, what is left. Pure.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/restart_policy.h"
#include "base/units.h"
#include "graph/channel_kind.h"
#include "graph/graph.h"
#include "supervise/actions.h"
#include "supervise/cast.h"
#include "supervise/events.h"

namespace procgraph {

// "1 process", "3 processes".
[[nodiscard]] std::string count(std::uint64_t n, std::string_view one, std::string_view many);
// "exit code 1", "killed by SIGSEGV (core dumped)".
[[nodiscard]] std::string how(const Exit& exit);

// What is known of a failure, beyond its numbers.
struct Failing {
  std::string label;    // of the process, the title of the channel; "" the graph's
  std::string channel;  // "queue 'jobs'": whose message it was
  Exit exit;
  std::string explanation;  // of the limit that it died of, of a start that failed, of an output that cannot
                            // be written, of a poisoning
  int stopped_by = 0;       // the signal that had it stopped when we asked it to end
  Duration timeout{};
  std::string trouble{};      // of a probe, or what was not heard
  std::uint64_t letters = 0;  // messages of the channel that are dead letters
};

// A message that failed too often: "message 17 of queue 'jobs' failed 5 times, the last time when worker
// died".
[[nodiscard]] std::string died(std::string_view channel, const DeadFact& fact);

// "worker failed: exit code 1", "api failed: still ran after 30s", "the graph still ran after 1m".
[[nodiscard]] std::string why(const Failing& failing, Why why);
// "grep failed with its relay: ", before why that failed.
[[nodiscard]] std::string failed_with_relay(std::string_view label);
// "clock ended: exit code 0".
[[nodiscard]] std::string ended(std::string_view label, const Exit& exit);
// "; restarted in 400ms (2 of 5 in 1m)".
[[nodiscard]] std::string restarted(const action::Restarting& action, const RestartPolicy& policy);
// ", after 5 restarts in 41s (max: 5 in 1m)", where that is why it is not restarted again.
[[nodiscard]] std::string after_restarts(const Failure& failure, const RestartPolicy& policy);
// "; 2 of 4 copies are left (min_replicas: 2)", where some can be spared.
[[nodiscard]] std::string copies_left(const Failure& failure, const Role& role);
// "; 12 bytes of pipe 'p' are unread".
[[nodiscard]] std::string unread(std::string_view channel, std::uint64_t bytes);
// "recovered from worker.1: queue 'work': 3 messages came back, 1 unfinished put was undone".
[[nodiscard]] std::string recovered(std::string_view label, std::string_view channel, const Reaped& what);
// "worker was stopped by SIGTTIN, for it read from the terminal".
[[nodiscard]] std::string was_stopped(std::string_view label, int signal);
// "backup was killed, but the kernel does not let it go: 4242 hangs …".
[[nodiscard]] std::string hangs(std::string_view label, std::span<const pid_t> pids);
// "'sort' never opened its ports 'a' and 'b'".
[[nodiscard]] std::string never_opened(std::string_view label, std::span<const std::string> ports);
// "; the graph stops", "; the rest goes on" …
[[nodiscard]] std::string_view consequence(Effect effect);
// "INT: the graph stops; once more kills it".
[[nodiscard]] std::string stopping(Reason reason, int signal);
// "1,204 messages were left in queue 'jobs'; messages had come back 2 times".
[[nodiscard]] std::string left_over(std::string_view channel, std::uint64_t messages,
                                    std::uint64_t redelivered);
// "queue 'jobs': 1,204 put, 1,200 acknowledged, 4 dropped; at most 12 waited"; nothing where nothing passed.
[[nodiscard]] std::string counters(std::string_view channel, const ChannelSample& sample);
// The names of the processes.
[[nodiscard]] std::vector<std::string> names(std::span<const ProcessId> processes, const Graph& graph);
// What those that start finally are told: PROCGRAPH_RESULT=failure, PROCGRAPH_EXIT_CODE=3,
// PROCGRAPH_FAILED="parse load".
[[nodiscard]] std::vector<std::string> environment_of(const Ending& ending, const Graph& graph);
// "2 dead letters of queue 'jobs' found no room in queue 'failed'".
[[nodiscard]] std::string kept(std::string_view channel, std::uint64_t messages, std::string_view target);

}  // namespace procgraph
