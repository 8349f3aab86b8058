// `restart`: another life of processes of a running graph.
#include <memory>

#include "verbs/running.h"

namespace procgraph {

Action declare_restart(Flags& flags, const Context&) {
  auto own = std::make_shared<RunningFlags>();
  own->declare(flags);
  own->declare_processes(flags,
                         "those that have a 'restart' in the file, so that their channels wait for them");
  return [own]() -> Outcome { return ask("restart", *own, "restart", with_processes(*own)); };
}

}  // namespace procgraph
