// `wait`: until a running graph has ended, and then its exit code.
#include <memory>

#include "verbs/outside.h"
#include "verbs/running.h"

namespace procgraph {

Action declare_wait(Flags& flags, const Context&) {
  auto own = std::make_shared<OutsideFlags>();
  flags.text("--graph", own->graph, "NAME", "the running graph; not needed while there is one");
  flags.text("--timeout", own->timeout, "DURATION", "wait so long at most, then end with exit code 124");
  return [own]() -> Outcome {
    std::optional<Duration> timeout;
    if (!read_timeout("wait", *own, timeout)) return {.code = kExitUsage};
    std::optional<Running> running = reach("wait", own->graph);
    if (!running) return {.code = kExitMachine};
    const Answer answer = running->client.call("wait", Json::object(), timeout);
    if (const auto* problem = std::get_if<Problem>(&answer)) {
      if (problem->code == Code::kSilent) return {.code = kExitTimeout};
      if (problem->code != Code::kHungUp) return {.code = tell("wait", *problem)};
      return {.code = fail("wait", "the graph has gone without a word: was it killed?", kExitMachine)};
    }
    const Json& outcome = std::get<Json>(answer);
    const auto signal = static_cast<int>(number_of(outcome, "signal"));
    return {.code = signal != 0 ? 128 + signal : static_cast<int>(number_of(outcome, "code"))};
  };
}

}  // namespace procgraph
