#include "supervise/wording.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <csignal>
#include <utility>
#include <vector>

#include "base/text.h"
#include "graph/wording.h"
#include "os/process.h"

namespace procgraph {
namespace {

// "stopped by SIGTTIN, for it read from the terminal".
std::string stopped(int signal) {
  const std::string_view reason = signal == SIGTTIN   ? ", for it read from the terminal"
                                  : signal == SIGTTOU ? ", for it wrote to the terminal"
                                                      : "";
  return fmt::format("stopped by {}{}", signal_name(signal), reason);
}

std::string in_brackets(int stopped_by) {
  return stopped_by == 0 ? "" : fmt::format(" (it was {})", stopped(stopped_by));
}

}  // namespace

std::string count(std::uint64_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", format_count(n), n == 1 ? one : many);
}

std::string how(const Exit& exit) {
  if (exit.signal == 0) return fmt::format("exit code {}", exit.code);
  return fmt::format("killed by {}{}", signal_name(exit.signal), exit.core ? " (core dumped)" : "");
}

std::string why(const Failing& failing, Why why) {
  switch (why) {
    case Why::kExit:
      return fmt::format("{} failed: {}{}{}{}", failing.label, how(failing.exit),
                         failing.explanation.empty() ? "" : ": ", failing.explanation,
                         in_brackets(failing.stopped_by));
    case Why::kRefused:
      return fmt::format("{} failed: {}", failing.label, failing.explanation);
    case Why::kTimeout:
      return fmt::format("{} failed: it still ran after {}, its timeout{}", failing.label,
                         format_duration(failing.timeout), in_brackets(failing.stopped_by));
    case Why::kGraphTimeout:
      return fmt::format("the graph still ran after {}, its timeout", format_duration(failing.timeout));
    case Why::kHangs:
      return fmt::format("{} failed: it was killed and has not ended", failing.label);
    case Why::kUnopened:
      return fmt::format("{} failed: it never opened a port that the file gives it, and this is --strict",
                         failing.label);
    case Why::kPoisoned:
      return fmt::format("{} is poisoned: {}", failing.label, failing.explanation);
    case Why::kLease:
      return fmt::format("{} failed: it held a message of {} for more than {}, the lease_timeout{}",
                         failing.label, failing.channel, format_duration(failing.timeout),
                         in_brackets(failing.stopped_by));
    case Why::kReady:
      return fmt::format("{} failed: it was not ready after {} ({}){}", failing.label,
                         format_duration(failing.timeout), failing.trouble, in_brackets(failing.stopped_by));
    case Why::kHealth:
      return fmt::format("{} failed: it was not healthy any more ({}){}", failing.label, failing.trouble,
                         in_brackets(failing.stopped_by));
    case Why::kDeadMessage:
      return fmt::format("{}; it has no dead_letter to take it", failing.explanation);
    case Why::kDeadLetters:
      return fmt::format("{} of {} {} dead", count(failing.letters, "message", "messages"), failing.channel,
                         failing.letters == 1 ? "is" : "are");
    case Why::kDeadlock:
      return failing.explanation;
    case Why::kOutput:
      return fmt::format("stdout cannot be written: {}", failing.explanation);
  }
  return {};
}

std::string failed_with_relay(std::string_view label) {
  return fmt::format("{} failed with its relay: ", label);
}

std::string ended(std::string_view label, const Exit& exit) {
  return fmt::format("{} ended: {}", label, how(exit));
}

std::string restarted(const action::Restarting& action, const RestartPolicy& policy) {
  std::string text = fmt::format("; restarted in {}", format_duration(action.wait));
  if (!policy.max) return text + fmt::format(" ({} so far)", format_count(action.restarts));
  return text + fmt::format(" ({} of {} in {})", action.recent, policy.max->count,
                            format_duration(policy.max->within));
}

std::string after_restarts(const Failure& failure, const RestartPolicy& policy) {
  if (failure.restarts == 0) return {};
  return fmt::format(", after {} in {} (max: {} in {})", count(failure.restarts, "restart", "restarts"),
                     format_duration(failure.in), policy.max->count, format_duration(policy.max->within));
}

std::string copies_left(const Failure& failure, const Role& role) {
  if (!failure.left) return {};
  return fmt::format("; {} of {} copies {} left (min_replicas: {})", *failure.left, role.count,
                     *failure.left == 1 ? "is" : "are", role.count - role.spare);
}

std::string unread(std::string_view channel, std::uint64_t bytes) {
  return fmt::format("; {} of {} {} unread", count(bytes, "byte", "bytes"), channel,
                     bytes == 1 ? "is" : "are");
}

std::string died(std::string_view channel, const DeadFact& fact) {
  return fmt::format("message {} of {} failed {}, the last time when {} {}", format_count(fact.sequence),
                     channel, count(fact.deliveries, "time", "times"), fact.process,
                     fact.cause == "death"    ? "died"
                     : fact.cause == "reject" ? "rejected it"
                                              : "gave it back");
}

std::string recovered(std::string_view label, std::string_view channel, const Reaped& what) {
  struct Count {
    std::uint64_t n;
    std::string_view one, many;
  };
  const std::array<Count, 6> all{
      Count{what.returned, "message came back", "messages came back"},
      Count{what.dead, "message has failed too often", "messages have failed too often"},
      Count{what.gone, "message is gone (at_most_once)", "messages are gone (at_most_once)"},
      Count{what.undone, "message that was not put yet is undone",
            "messages that were not put yet are undone"},
      Count{what.freed, "lock is free", "locks are free"},
      Count{what.torn, "write is torn", "writes are torn"}};
  std::vector<std::string> parts;
  for (const Count& part : all) {
    if (part.n > 0) parts.push_back(count(part.n, part.one, part.many));
  }
  return fmt::format("recovered from {}: {}: {}", label, channel, fmt::join(parts, ", "));
}

std::string was_stopped(std::string_view label, int signal) {
  return fmt::format("{} was {}", label, stopped(signal));
}

std::string hangs(std::string_view label, std::span<const pid_t> pids) {
  return fmt::format(
      "{} was killed, but the kernel does not let it go: {} {} in a call that does not end (state D); nobody "
      "waits for that any more",
      label, fmt::join(pids, ", "), pids.size() == 1 ? "hangs" : "hang");
}

std::string never_opened(std::string_view label, std::span<const std::string> ports) {
  return fmt::format("'{}' never opened its {} {}", label, ports.size() == 1 ? "port" : "ports",
                     quoted_list(ports));
}

std::string_view consequence(Effect effect) {
  constexpr std::array<std::string_view, 5> kWords{"; the graph stops", "; the rest goes on",
                                                   "; that is ignored", "; the graph is stopping",
                                                   "; the others go on"};
  return kWords[static_cast<std::size_t>(effect)];
}

std::string stopping(Reason reason, int signal) {
  switch (reason) {
    case Reason::kComplete:
      return "all that the graph waits for has ended; the services are stopped";
    case Reason::kSignal:
      return fmt::format("{}: the graph stops, in order; INT or TERM once more kills it",
                         signal_name(signal));
    case Reason::kForced:
      return fmt::format("{}: the graph is killed", signal == 0 ? "as asked" : signal_name(signal));
    case Reason::kOrdered:
      return "as asked, the graph stops, in order; INT or TERM kills it";
    case Reason::kStdoutLost:
      return "nobody reads stdout any more; the graph stops, in order";
    case Reason::kFailure:
    case Reason::kTimeout:
      return "everything is asked to end";
  }
  return {};
}

std::string left_over(std::string_view channel, std::uint64_t messages, std::uint64_t redelivered) {
  std::string text = fmt::format("{} {} left in {}", format_count(messages),
                                 messages == 1 ? "message was" : "messages were", channel);
  if (redelivered == 1) text += "; one had come back";
  if (redelivered > 1) text += fmt::format("; messages had come back {} times", format_count(redelivered));
  return text;
}

std::string counters(std::string_view channel, const ChannelSample& sample) {
  using Count = std::pair<std::uint64_t, std::string_view>;
  const std::array<Count, 8> all{Count{sample.put, "put"},
                                 Count{sample.acknowledged, "acknowledged"},
                                 Count{sample.redelivered, "redelivered"},
                                 Count{sample.dead, "dead"},
                                 Count{sample.dropped, "dropped"},
                                 Count{sample.expired, "expired"},
                                 Count{sample.refused, "refused"},
                                 Count{sample.missed, "missed"}};
  std::vector<std::string> parts;
  for (const auto& [n, what] : all) {
    if (n > 0) parts.push_back(fmt::format("{} {}", format_count(n), what));
  }
  if (parts.empty()) return {};
  std::string text = fmt::format("{}: {}", channel, fmt::join(parts, ", "));
  if (sample.deepest > 0) text += fmt::format("; at most {} waited", format_count(sample.deepest));
  if (sample.blocked.count() > 0) {
    const std::chrono::duration<double> blocked = sample.blocked;
    text += fmt::format("; writers waited {:.3f} s", blocked.count());
  }
  return text;
}

std::vector<std::string> names(std::span<const ProcessId> processes, const Graph& graph) {
  std::vector<std::string> list;
  for (const ProcessId id : processes) list.push_back(graph.at(id).name);
  return list;
}

std::vector<std::string> environment_of(const Ending& ending, const Graph& graph) {
  return {fmt::format("PROCGRAPH_RESULT={}", name(ending.how)),
          fmt::format("PROCGRAPH_EXIT_CODE={}", ending.code),
          fmt::format("PROCGRAPH_FAILED={}", join(names(ending.failed, graph), " "))};
}

std::string kept(std::string_view channel, std::uint64_t messages, std::string_view target) {
  return fmt::format("{} of {} found no room in {}", count(messages, "dead letter", "dead letters"), channel,
                     target);
}

}  // namespace procgraph
