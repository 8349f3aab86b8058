// `why`: what a process waits for, or why it does not run.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "verbs/running.h"

namespace procgraph {
namespace {

void print_trees(const Json& answer) {
  const std::string text = text_of(answer, "text");
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    fmt::print("{}\n", escape(std::string_view(text).substr(from, end - from)));
    from = end + 1;
  }
}

}  // namespace

Action declare_why(Flags& flags, const Context&) {
  auto own = std::make_shared<RunningFlags>();
  own->declare(flags);
  own->declare_processes(flags, "these; else all");
  return [own]() -> Outcome { return ask("why", *own, "why", with_processes(*own), print_trees); };
}

}  // namespace procgraph
