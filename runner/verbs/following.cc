#include "verbs/following.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>

#include "base/text.h"
#include "verbs/outside.h"

namespace procgraph {
namespace {

// The parameters that the flags mean; nothing: they make no sense, which was said.
std::optional<Json> parameters(std::string_view verb, const FollowFlags& flags, const char* kind) {
  Json params = with_processes(flags.running);
  params.update({{"kinds", Json::array({kind})}, {"live", flags.follow}});
  if (!flags.lines.empty()) {
    const auto count = read_number(verb, "--lines", "lines", flags.lines, 1);
    if (!count) return {};
    params["last"] = *count;
  }
  if (!flags.since.empty()) {
    const auto since = parse_duration(flags.since);
    if (!since) {
      fail(verb, fmt::format("--since {}: a duration such as 90s, 5m or 1h", flags.since), kExitUsage);
      return {};
    }
    params["since_ms"] = static_cast<std::uint64_t>(*since / std::chrono::milliseconds(1));
  }
  return params;
}

}  // namespace

void FollowFlags::declare(Flags& flags, std::string_view things) {
  running.declare(flags);
  flags.toggle("-f,--follow", follow, "go on with what is still to come, until the graph has ended");
  flags.text("-n,--lines", lines, "NUMBER", fmt::format("only the last so many {} of what there is", things));
  flags.text("--since", since, "DURATION", "only what is not older than that (90s, 5m, 1h)");
  flags.toggle("--json", json, "each as a JSON object on a line, with its number and time");
  running.declare_processes(flags, "only of these; else of all");
}

Outcome follow(std::string_view verb, const FollowFlags& flags, const char* kind, Client& client,
               const std::function<void(const Json&)>& show) {
  const std::optional<Json> params = parameters(verb, flags, kind);
  if (!params) return {.code = kExitUsage};
  const Answer answer = client.call("follow", *params);
  if (const auto* problem = std::get_if<Problem>(&answer)) return {.code = tell(verb, *problem)};
  while (const auto notice = client.next()) {
    if (notice->method == "end") return {};
    if (notice->method == "missed") {
      std::fflush(stdout);
      fail(verb,
           fmt::format("{} records are missing here: this reader was too slow for them",
                       format_count(number_of(notice->params, "count"))),
           0);
    }
    if (notice->method != "record") continue;
    flags.json ? fmt::print("{}", to_line(notice->params)) : show(notice->params);
    if (flags.follow) std::fflush(stdout);
  }
  return {.code = fail(verb, "the graph has gone without a word: was it killed?", kExitMachine)};
}

std::string clock_time(const std::string& utc) {
  std::tm parts{};
  const char* rest = ::strptime(utc.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return escape(utc);
  const std::time_t at = ::timegm(&parts);
  ::localtime_r(&at, &parts);
  std::string fraction(rest);
  if (fraction.ends_with('Z')) fraction.pop_back();
  return fmt::format("{:02}:{:02}:{:02}{}", parts.tm_hour, parts.tm_min, parts.tm_sec, escape(fraction));
}

}  // namespace procgraph
