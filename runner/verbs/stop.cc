// `stop`: the end of a running graph, or of some of its processes.
#include <memory>

#include "verbs/running.h"

namespace procgraph {
namespace {

struct StopFlags {
  RunningFlags running;
  bool kill = false, no_wait = false;
};

Outcome stop(const StopFlags& flags) {
  std::optional<Running> running = reach("stop", flags.running.graph);
  if (!running) return {.code = kExitMachine};
  Json params = with_processes(flags.running);
  if (flags.kill) params["force"] = true;
  const Answer answer = running->client.call("stop", params);
  if (const auto* problem = std::get_if<Problem>(&answer); problem != nullptr) {
    const bool over = problem->code == Code::kHungUp && flags.running.processes.empty();  // as was wanted
    return {.code = over ? 0 : tell("stop", *problem)};
  }
  if (!flags.running.processes.empty() || flags.no_wait) return {};
  (void)running->client.call("wait", Json::object(), {});  // whichever way it ends
  return {};
}

}  // namespace

Action declare_stop(Flags& flags, const Context&) {
  auto own = std::make_shared<StopFlags>();
  own->running.declare(flags);
  flags.toggle("--kill", own->kill, "at once, and not in order");
  flags.toggle("--no-wait", own->no_wait, "do not wait until the graph has ended");
  own->running.declare_processes(flags, "only these, which are not started again; else the whole graph");
  return [own]() -> Outcome { return stop(*own); };
}

}  // namespace procgraph
