// `ps`: the processes of running graphs, as a table or as JSON.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <memory>

#include "base/table.h"
#include "base/text.h"
#include "os/door.h"
#include "os/usage.h"
#include "procgraph/attach.h"
#include "verbs/front.h"
#include "verbs/running.h"

namespace procgraph {
namespace {

struct PsFlags {
  RunningFlags running;
  std::string color = "auto";
  bool wide = false, json = false;
};

std::string_view color_of_state(const std::string& state) {
  if (state == "running") return kGreen;
  if (state == "failed") return kRed;
  if (state == "done" || state == "stopped" || state == "skipped" || state == "cut off" || state == "waiting")
    return kDim;
  return kYellow;
}

// "done 0", "failed 1", "failed SEGV".
std::string state_of(const Json& process) {
  const std::string state = text_of(process, "state");
  const bool tells = state == "done" || state == "failed";
  if (tells && process.contains("signal")) {
    const std::string signal = text_of(process, "signal");
    return fmt::format("{} {}", state, signal.starts_with("SIG") ? signal.substr(3) : signal);
  }
  return tells && process.contains("code") ? fmt::format("{} {}", state, number_of(process, "code")) : state;
}

// What it has used, and what it waits for, into what the graph says of it.
void complete(Json& status, const Json& waits) {
  std::vector<pid_t> leaders;
  for (const Json& process : list_of(status, "processes"))
    if (process.contains("pid")) leaders.push_back(static_cast<pid_t>(number_of(process, "pid")));
  const std::map<pid_t, Usage> usage = usage_of_sessions(leaders);
  std::map<std::string, std::string> awaited;
  for (const Json& wait : list_of(waits, "waits")) awaited[text_of(wait, "label")] = text_of(wait, "text");
  if (!status.contains("processes") || !status["processes"].is_array()) return;
  for (Json& process : status["processes"]) {
    if (const auto wait = awaited.find(text_of(process, "label")); wait != awaited.end())
      process["waits_for"] = wait->second;
    const auto its = usage.find(static_cast<pid_t>(number_of(process, "pid")));
    if (its == usage.end()) continue;
    const auto cpu = static_cast<std::uint64_t>(its->second.cpu / std::chrono::milliseconds(1));
    process["cpu_ms"] = cpu;
    process["memory"] = its->second.memory.value;
    if (const std::uint64_t up = number_of(process, "up_ms"); up > 0)
      process["cpu_percent"] = static_cast<double>(cpu) * 100 / static_cast<double>(up);
  }
}

std::string rows_of(const Json& status, const Json& graph, const PsFlags& flags, bool color,
                    std::size_t columns) {
  std::vector<Table::Column> head{{"PROCESS"},  {"STATE"},     {"READY"},    {"RESTARTS", true},
                                  {"UP", true}, {"CPU", true}, {"MEM", true}};
  if (flags.wide) head.push_back({"PID", true});
  head.push_back({"WAITS FOR"});
  if (flags.wide) head.push_back({"COMMAND"});
  std::map<std::string, std::string> commands;
  for (const Json& process : list_of(graph, "processes")) {
    std::vector<std::string> words;
    for (const Json& word : list_of(process, "command"))
      if (word.is_string()) words.push_back(word.get<std::string>());
    commands[text_of(process, "name")] = escape(shell_join(words));
  }
  Table table(std::move(head));
  for (const Json& process : list_of(status, "processes")) {
    if (flag_of(process, "builtin") && !flags.wide && flags.running.processes.empty()) continue;
    const std::string state = text_of(process, "state");
    const bool runs = process.contains("pid");
    const std::uint64_t time = number_of(process, runs ? "up_ms" : "ran_ms");
    const double percent = process.contains("cpu_percent") && process["cpu_percent"].is_number()
                               ? process["cpu_percent"].get<double>()
                               : 0.0;
    std::vector<Table::Cell> row{
        {escape(text_of(process, "label"))},
        {state_of(process), color_of_state(state)},
        {runs ? (flag_of(process, "ready") ? "yes" : "no") : ""},
        {fmt::format("{}", number_of(process, "restarts"))},
        {runs || process.contains("ran_ms") ? brief(Duration(std::chrono::milliseconds(time))) : ""},
        {runs ? fmt::format("{:.0f} %", percent) : ""},
        {runs ? brief(Bytes{number_of(process, "memory")}) : ""}};
    if (flags.wide) row.push_back({runs ? fmt::format("{}", number_of(process, "pid")) : ""});
    row.push_back({escape(text_of(process, "waits_for"))});
    if (flags.wide) row.push_back({commands[text_of(process, "process")]});
    table.add(std::move(row));
  }
  return table.text(flags.wide ? 0 : columns, color);
}

struct Seen {
  Json status, graph;
};

// Exit code 0: it was asked and has answered.
int look(Client& client, const PsFlags& flags, Seen& seen, bool may_end = false) {
  Answer status = client.call("status", with_processes(flags.running));
  if (const auto* problem = std::get_if<Problem>(&status)) {
    if (may_end && problem->code == Code::kHungUp) return kExitMachine;  // it has ended: one less to show
    return tell("ps", *problem);
  }
  seen.status = std::get<Json>(std::move(status));
  const Answer waits = client.call("waits");
  complete(seen.status, std::holds_alternative<Json>(waits) ? std::get<Json>(waits) : Json::object());
  if (!flags.wide) return 0;
  Answer graph = client.call("graph");
  if (std::holds_alternative<Json>(graph)) seen.graph = std::get<Json>(std::move(graph));
  return 0;
}

void print_graphs(const std::vector<Seen>& all, const PsFlags& flags) {
  if (flags.json) {
    Json graphs = Json::array();
    for (const Seen& seen : all) graphs.push_back(seen.status);
    fmt::print("{}", to_line({{"graphs", std::move(graphs)}}));
    return;
  }
  const bool color = use_color(flags.color, STDOUT_FILENO);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Json& status = all[i].status;
    if (all.size() > 1)
      fmt::print(
          "{}{}  {}, up {}, pid {}\n", i > 0 ? "\n" : "", text_of(status, "name"), text_of(status, "state"),
          brief(Duration(std::chrono::milliseconds(number_of(status, "up_ms")))), number_of(status, "pid"));
    const std::string rows = rows_of(status, all[i].graph, flags, color, columns_of(STDOUT_FILENO));
    std::fwrite(rows.data(), 1, rows.size(), stdout);
  }
}

Outcome ps(const PsFlags& flags) {
  std::vector<Seen> all;
  if (!flags.running.graph.empty() || !flags.running.processes.empty()) {
    std::optional<Running> running = reach("ps", flags.running.graph);
    if (!running) return {.code = kExitMachine};
    if (const int code = look(running->client, flags, all.emplace_back()); code != 0) return {.code = code};
  } else {
    for (Knock& found : knock_everywhere(meeting_folders())) {
      Client client(std::move(found.line));
      if (Seen seen; look(client, flags, seen, true) == 0) all.push_back(std::move(seen));
    }
    if (all.empty() && !flags.json) fmt::print(stderr, "procgraph ps: no graph is running\n");
  }
  print_graphs(all, flags);
  return {};
}

}  // namespace

Action declare_ps(Flags& flags, const Context&) {
  auto own = std::make_shared<PsFlags>();
  own->running.declare(flags);
  flags.toggle("-w,--wide", own->wide, "with process ids, commands and the nodes that procgraph has put in");
  flags.toggle("--json", own->json, "one JSON object, for scripts");
  declare_color(flags, own->color);
  own->running.declare_processes(flags, "only these; else all of all running graphs");
  return [own]() -> Outcome { return ps(*own); };
}

}  // namespace procgraph
