// `stats`: the counters of a running graph's channels, once or again and again.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include "base/table.h"
#include "base/text.h"
#include "verbs/front.h"
#include "verbs/running.h"

namespace procgraph {
namespace {

struct StatsFlags {
  RunningFlags running;
  std::string color = "auto";
  bool watch = false, json = false;
};

// By channel, what was put and got by then.
struct Before {
  std::uint64_t at = 0;  // milliseconds
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> counts;
};

std::string rate(std::uint64_t before, std::uint64_t now, std::uint64_t milliseconds) {
  if (milliseconds == 0 || now < before) return "";
  const double per_second = static_cast<double>(now - before) * 1000 / static_cast<double>(milliseconds);
  if (per_second < 10'000) return fmt::format("{:.0f}/s", per_second);
  return per_second < 10'000'000 ? fmt::format("{:.0f}k/s", per_second / 1e3)
                                 : fmt::format("{:.0f}M/s", per_second / 1e6);
}

std::string_view color_of_fill(std::uint64_t waiting, std::uint64_t capacity) {
  if (capacity == 0) return "";
  return waiting >= capacity ? kRed : waiting * 4 >= capacity * 3 ? kYellow : "";
}

// Rates take two looks.
std::string rows_of(const Json& stats, Before& before, bool watch, bool color, std::size_t columns) {
  std::vector<Table::Column> head{{"CHANNEL"}, {"KIND"}, {"WAITING", true}, {"LEASED", true}};
  head.insert(head.end(), {{watch ? "PUT/S" : "PUT", true},
                           {watch ? "GOT/S" : "GOT", true},
                           {"BYTES", true},
                           {"BLOCKED", true},
                           {"NOTES"}});
  Table table(std::move(head));
  const std::uint64_t now = number_of(stats, "up_ms"), passed = before.at > 0 ? now - before.at : 0;
  for (const Json& channel : list_of(stats, "channels")) {
    const std::string name = text_of(channel, "channel");
    if (!channel.contains("put")) {
      table.add({{escape(name)}, {text_of(channel, "kind")}, {}, {}, {}, {}, {}, {}, {}});
      continue;
    }
    const std::uint64_t put = number_of(channel, "put"), got = number_of(channel, "got");
    const std::uint64_t waiting = number_of(channel, "waiting"), capacity = number_of(channel, "capacity");
    std::vector<std::string> notes;
    for (const char* key : {"redelivered", "dropped", "refused", "expired", "dead", "missed"})
      if (const std::uint64_t count = number_of(channel, key); count > 0)
        notes.push_back(fmt::format("{} {}", format_count(count), key));
    const auto [was, first] = before.counts.try_emplace(name, put, got);
    table.add({{escape(name)},
               {text_of(channel, "kind")},
               {fmt::format("{}/{}", waiting, capacity), color_of_fill(waiting, capacity)},
               {fmt::format("{}", number_of(channel, "leased"))},
               {watch ? rate(was->second.first, put, passed) : format_count(put)},
               {watch ? rate(was->second.second, got, passed) : format_count(got)},
               {brief(Bytes{number_of(channel, "bytes")})},
               {brief(Duration(static_cast<std::int64_t>(number_of(channel, "blocked_ns"))))},
               {join(notes, ", ")}});
    was->second = {put, got};
  }
  before.at = now;
  return table.text(columns, color);
}

// On a terminal each look takes the place of the one before.
Outcome stats(const StatsFlags& flags) {
  std::optional<Running> running = reach("stats", flags.running.graph);
  if (!running) return {.code = kExitMachine};
  const bool color = use_color(flags.color, STDOUT_FILENO), terminal = ::isatty(STDOUT_FILENO) == 1;
  Before before;
  for (std::size_t lines = 0;;) {
    const Answer answer = running->client.call("stats");
    if (const auto* problem = std::get_if<Problem>(&answer)) {
      if (flags.watch && lines > 0 && problem->code == Code::kHungUp) return {};  // it has ended
      return {.code = tell("stats", *problem)};
    }
    const Json& stats = std::get<Json>(answer);
    const std::string shown =
        flags.json ? to_line(stats) : rows_of(stats, before, flags.watch, color, columns_of(STDOUT_FILENO));
    if (terminal && !flags.json && lines > 0) fmt::print("\x1b[{}A\x1b[J", lines);
    std::fwrite(shown.data(), 1, shown.size(), stdout);
    std::fflush(stdout);
    lines = static_cast<std::size_t>(std::count(shown.begin(), shown.end(), '\n'));
    if (!flags.watch) return {};
    if (running->client.stirs_within(std::chrono::seconds(1))) return {};  // nothing but its end
  }
}

}  // namespace

Action declare_stats(Flags& flags, const Context&) {
  auto own = std::make_shared<StatsFlags>();
  own->running.declare(flags);
  flags.toggle("--watch", own->watch, "again each second, with rates, until the graph has ended");
  flags.toggle("--json", own->json, "a JSON object, for scripts");
  declare_color(flags, own->color);
  return [own]() -> Outcome { return stats(*own); };
}

}  // namespace procgraph
