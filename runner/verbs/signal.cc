// `signal`: any signal to processes of a running graph.
#include <memory>

#include "verbs/running.h"

namespace procgraph {
namespace {

struct SignalFlags {
  RunningFlags running;
  std::string signal;
};

}  // namespace

Action declare_signal(Flags& flags, const Context&) {
  auto own = std::make_shared<SignalFlags>();
  own->running.declare(flags);
  flags.argument("SIGNAL", own->signal, "by name or number: HUP, USR1, 15", true);
  own->running.declare_processes(flags, "whose first process gets it");
  return [own]() -> Outcome {
    Json params = with_processes(own->running);
    params["signal"] = own->signal;
    return ask("signal", own->running, "signal", std::move(params));
  };
}

}  // namespace procgraph
