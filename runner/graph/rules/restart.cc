// Restarts that cannot do what they say, and what they cost.
#include <algorithm>
#include <optional>

#include "graph/channel_kind.h"
#include "graph/rules.h"
#include "graph/wording.h"

namespace procgraph {
namespace {

Duration waits(const RestartPolicy& policy, std::uint32_t count, Duration enough) {
  Duration sum{};
  for (std::uint32_t n = 0; n < count && sum < enough; ++n) sum += policy.wait(n);
  return sum;
}

// Whether a success of it may be final: it is, once the data that it reads has ended.
bool may_end_well(const Graph& graph, const Process& process) {
  const RestartPolicy& policy = process.restart;
  const auto reads = [&](PortId id) {
    const Port& port = graph.at(id);
    return graph.at(port.channel).kind->flows && port.access != Access::kWrite;
  };
  const auto is_final = [&](int code) {
    return std::ranges::find(policy.except, code) != policy.except.end();
  };
  return policy.when != Restart::kAlways || std::ranges::any_of(process.ports, reads) ||
         std::ranges::any_of(process.ok_codes, is_final);
}

void check_wait(const Graph& graph, const Process& process, const After& after, Diagnostics& diagnostics) {
  const Process& before = graph.at(after.process);
  const bool success = after.condition == Condition::kSucceeded;
  if (!success && after.condition != Condition::kFinished) return;
  if (may_end_well(graph, before)) return;
  const std::string hint =
      cat("'restart: on_failure' lets ", quoted(before.name), " end when it has succeeded");
  auto& said =
      success || !before.restart.max
          ? diagnostics.error(after.mark,
                              cat("process ", quoted(process.name), " never starts: ", quoted(before.name),
                                  " is always started again"),
                              hint)
          : diagnostics.warning(after.mark,
                                cat("process ", quoted(process.name), " starts when ", quoted(before.name),
                                    " has failed too often: until then it is always started again"),
                                hint);
  said.notes.push_back({before.restart_mark, "said here"});
}

}  // namespace

// Only where no run within that time can be long enough to begin the waits anew.
void restarts_can_reach_their_limit(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Process& process : graph.processes) {
    const RestartPolicy& policy = process.restart;
    if (!policy.restarts() || !policy.max || policy.reset_after < policy.max->within) continue;
    const Duration least = waits(policy, policy.max->count, policy.max->within);
    if (least < policy.max->within) continue;
    const bool written = process.restart_max_mark.known();
    diagnostics.error(
        written ? process.restart_max_mark : process.restart_mark,
        cat("process ", quoted(process.name), " never comes to ", std::to_string(policy.max->count),
            " restarts in ", format_duration(policy.max->within), ": the waits between them take longer"),
        "lower 'backoff' or the number in 'max', or raise its time; 'max: none' is for no limit");
  }
}

void what_is_always_restarted_is_not_waited_for(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Process& process : graph.processes) {
    if (process.finally) continue;  // then nothing is started again
    for (const After& after : process.after) check_wait(graph, process, after, diagnostics);
    if (process.service || process.step || may_end_well(graph, process)) continue;
    diagnostics.warning(
        process.restart_mark,
        cat("the graph does not end by itself: process ", quoted(process.name), " is always started again"),
        "'restart: on_failure' lets it end when it has succeeded; 'service: true' lets the "
        "graph end without it");
  }
}

namespace {

// Where it says that it may be started again: by itself, or with another process.
std::optional<Mark> restart_of(const Process& process) {
  if (process.restart.restarts()) return process.restart_mark;
  for (const After& after : process.after)
    if (after.restart) return after.restart;
  return {};
}

}  // namespace

void what_another_is_restarted_with_can_be(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Process& process : graph.processes) {
    for (const After& after : process.after) {
      const Process& before = graph.at(after.process);
      if (!after.restart || restart_of(before)) continue;
      diagnostics
          .warning(*after.restart,
                   cat("process ", quoted(process.name), " is never restarted with ", quoted(before.name),
                       ", which is never started again"),
                   cat("give ", quoted(before.name), " 'restart: on_failure', or leave this out"))
          .notes.push_back({before.mark, "declared here"});
    }
  }
}

// At a queue or a topic too, where a relay gives a plain program bytes.
void restarts_lose_what_is_in_byte_pipes(const Graph& graph, const World&, Diagnostics& diagnostics) {
  for (const Port& port : graph.ports) {
    const Process& process = graph.at(port.process);
    const Channel& channel = graph.at(port.channel);
    const std::optional<Mark> restart = restart_of(process);
    const bool relayed = needs_relay(graph, port) && !process.per && port.fd != 2;
    if ((!channel.kind->bytes && !relayed) || !restart) continue;
    const bool writes = port.access == Access::kWrite;
    const std::string_view lost = writes    ? "what it writes then may begin in the middle of a record"
                                  : relayed ? "what it had read and not answered is lost"
                                            : "what it had read before is lost, and a record may be torn";
    diagnostics.warning(
        *restart,
        cat("process ", quoted(process.name), " may be started again at ", title(graph, channel), ": ", lost),
        !relayed ? "a queue gives whole messages, and gives back those that were not acknowledged"
        : writes
            ? "a program of the SDK puts whole messages; 'per: message' puts what a whole run has printed"
            : "with 'per: message' what a run does not finish comes back, as with a program of the SDK");
  }
}

}  // namespace procgraph
