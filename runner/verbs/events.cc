// `events`: what has happened in a running graph lately, and what happens.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <set>

#include "base/text.h"
#include "verbs/following.h"

namespace procgraph {
namespace {

// "12:34:56.789  worker    exited      code 1, milliseconds 34".
void print_event(const Json& record) {
  static const std::set<std::string> kShown{"sequence", "time", "event", "process"};
  std::vector<std::string> details;
  for (const auto& [key, value] : record.items()) {
    if (kShown.contains(key)) continue;
    details.push_back(fmt::format("{} {}", key, value.is_string() ? value.get<std::string>() : value.dump()));
  }
  const std::string process = text_of(record, "process");
  const std::string line = fmt::format("{}  {:<16}  {:<12}  {}", clock_time(text_of(record, "time")),
                                       escape(process.empty() ? "-" : process),
                                       escape(text_of(record, "event")), escape(join(details, ", ")));
  fmt::print("{}\n", line.substr(0, line.find_last_not_of(' ') + 1));
}

}  // namespace

Action declare_events(Flags& flags, const Context&) {
  auto own = std::make_shared<FollowFlags>();
  own->declare(flags, "events");
  return [own]() -> Outcome {
    std::optional<Running> running = reach("events", own->running.graph);
    if (!running) return {.code = kExitMachine};
    return follow("events", *own, "events", running->client, print_event);
  };
}

}  // namespace procgraph
