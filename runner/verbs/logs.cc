// `logs`: what the processes of a running graph have printed lately, and what they print.
#include <cstdio>
#include <memory>

#include "verbs/following.h"
#include "verbs/line_printer.h"

namespace procgraph {
namespace {

struct LogsFlags {
  FollowFlags follow;
  LinePrinter::Options lines;
};

}  // namespace

Action declare_logs(Flags& flags, const Context&) {
  auto own = std::make_shared<LogsFlags>();
  own->follow.declare(flags, "lines");
  own->lines.declare(flags);
  return [own]() -> Outcome {
    std::optional<Running> running = reach("logs", own->follow.running.graph);
    if (!running) return {.code = kExitMachine};
    const LinePrinter printer(running->client, with_processes(own->follow.running), own->lines);
    return follow("logs", own->follow, "lines", running->client,
                  [&](const Json& record) { printer.print_line(record, stdout); });
  };
}

}  // namespace procgraph
