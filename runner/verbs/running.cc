#include "verbs/running.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <utility>

#include "base/text.h"
#include "os/door.h"
#include "procgraph/attach.h"
#include "verbs/outside.h"

namespace procgraph {

void RunningFlags::declare(Flags& flags) {
  flags.text("--graph", graph, "NAME", "the running graph; not needed while there is one");
}

void RunningFlags::declare_processes(Flags& flags, std::string help) {
  flags.arguments("PROCESS", processes, std::move(help));
}

namespace {

std::vector<std::string> names_of(const std::vector<Knock>& found) {
  std::vector<std::string> names;
  for (const Knock& one : found) names.push_back(one.name);
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  for (const std::string& name : names) quoted.push_back(fmt::format("'{}'", name));
  return join(quoted, ", ");
}

}  // namespace

std::optional<Running> reach(std::string_view verb, const std::string& graph) {
  const std::vector<std::string> folders = meeting_folders();
  if (!graph.empty()) {
    if (auto found = knock(folders, meeting_name(graph)))
      return Running{found->name, Client(std::move(found->line))};
  }
  std::vector<Knock> all = knock_everywhere(folders);
  const std::vector<std::string> names = names_of(all);
  if (graph.empty() && all.size() == 1) return Running{all[0].name, Client(std::move(all[0].line))};
  if (all.empty()) {
    fail(verb,
         graph.empty() ? "no graph is running" : fmt::format("no graph '{}' is running; none is", graph),
         kExitMachine);
  } else if (graph.empty()) {
    fail(verb, fmt::format("several graphs are running; --graph names one of {}", listed(names)), kExitUsage);
  } else {
    const std::string hint = did_you_mean(graph, names);
    fail(
        verb,
        fmt::format("no graph '{}' is running; {}", graph, hint.empty() ? "there is " + listed(names) : hint),
        kExitMachine);
  }
  return {};
}

int tell(std::string_view verb, const Problem& problem) {
  return fail(verb, problem.message, problem.code == Code::kBadParams ? kExitUsage : kExitMachine);
}

Outcome ask(std::string_view verb, const RunningFlags& flags, std::string_view method, Json params,
            const std::function<void(const Json&)>& show) {
  std::optional<Running> running = reach(verb, flags.graph);
  if (!running) return {.code = kExitMachine};
  const Answer answer = running->client.call(method, std::move(params));
  if (const auto* problem = std::get_if<Problem>(&answer)) return {.code = tell(verb, *problem)};
  if (show) show(std::get<Json>(answer));
  return {};
}

Json with_processes(const RunningFlags& flags) {
  Json params = Json::object();
  if (!flags.processes.empty()) params["processes"] = flags.processes;
  return params;
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

bool flag_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

const Json& list_of(const Json& object, const char* key) {
  static const Json kNone = Json::array();
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : kNone;
}

std::size_t columns_of(int fd) {
  if (::isatty(fd) != 1) return 0;
  winsize size{};
  const bool known = ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace procgraph
