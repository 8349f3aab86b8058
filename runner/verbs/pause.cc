// `pause` and `resume`: processes of a running graph stand still, and go on.
#include <memory>

#include "verbs/running.h"

namespace procgraph {
namespace {

Action declare(Flags& flags, std::string_view verb) {
  auto own = std::make_shared<RunningFlags>();
  own->declare(flags);
  own->declare_processes(flags, "these, with all that they have started; else all");
  return [own, verb]() -> Outcome { return ask(verb, *own, verb, with_processes(*own)); };
}

}  // namespace

Action declare_pause(Flags& flags, const Context&) {
  return declare(flags, "pause");
}

Action declare_resume(Flags& flags, const Context&) {
  return declare(flags, "resume");
}

}  // namespace procgraph
