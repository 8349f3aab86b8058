// `attach`: what a running graph says from here on, as if it had been started here; its exit code at the end.
#include <cstdio>
#include <memory>

#include "verbs/line_printer.h"
#include "verbs/outside.h"

namespace procgraph {
namespace {

struct AttachFlags {
  RunningFlags running;
  LinePrinter::Options lines;
};

Outcome attach(const AttachFlags& flags) {
  std::optional<Running> running = reach("attach", flags.running.graph);
  if (!running) return {.code = kExitMachine};
  const LinePrinter printer(running->client, Json::object(), flags.lines);
  const Answer answer =
      running->client.call("follow", {{"kinds", Json::array({"lines", "words"})}, {"last", 0}});
  if (const auto* problem = std::get_if<Problem>(&answer)) return {.code = tell("attach", *problem)};
  while (const auto notice = running->client.next()) {
    const Json& params = notice->params;
    if (notice->method == "record" && params.contains("message")) printer.print_words(params);
    if (notice->method == "record" && params.contains("line")) {
      printer.print_line(params, text_of(params, "stream") == "stderr" ? stderr : stdout);
      std::fflush(stdout);
    }
    if (notice->method != "end" || !params.contains("outcome")) continue;
    const Json& outcome = params["outcome"];
    if (!outcome.is_object()) return {};
    const auto signal = static_cast<int>(number_of(outcome, "signal"));
    return {.code = signal != 0 ? 128 + signal : static_cast<int>(number_of(outcome, "code"))};
  }
  return {.code = fail("attach", "the graph has gone without a word: was it killed?", kExitMachine)};
}

}  // namespace

Action declare_attach(Flags& flags, const Context&) {
  auto own = std::make_shared<AttachFlags>();
  own->running.declare(flags);
  own->lines.declare(flags);
  return [own]() -> Outcome { return attach(*own); };
}

}  // namespace procgraph
