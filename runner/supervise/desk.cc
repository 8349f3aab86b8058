#include "supervise/desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <set>
#include <utility>

#include "base/text.h"
#include "os/process.h"

namespace procgraph {
namespace {

std::int64_t milliseconds(Duration time) {
  return time / std::chrono::milliseconds(1);
}

std::string_view word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSucceeded:
      return "done";
    case Verdict::kCutOff:
      return "cut off";
    case Verdict::kStopped:
      return "stopped";
    case Verdict::kFailed:
      return "failed";
    case Verdict::kSkipped:
      return "skipped";
    case Verdict::kNone:
    case Verdict::kLate:
      break;
  }
  return "ended";
}

Json names_of(const Graph& graph, const std::vector<PortId>& ports) {
  return process_names(graph, ports);
}

}  // namespace

Desk::Desk(const Plan& plan, const Cast& cast, const Situation& situation, const Opened& opened,
           std::string name, pid_t pid, Hands hands)
    : plan_(plan),
      cast_(cast),
      situation_(situation),
      opened_(opened),
      name_(std::move(name)),
      pid_(pid),
      hands_(std::move(hands)) {}

Server::Table Desk::table() const {
  Server::Table table;
  const auto add = [&](std::string_view name, Answer (Desk::*method)(const Json&) const) {
    table.methods.push_back({name, [this, method](const Json& params) { return (this->*method)(params); }});
  };
  add("graph", &Desk::graph);
  add("status", &Desk::status);
  add("stats", &Desk::stats);
  add("waits", &Desk::waits);
  add("why", &Desk::why);
  add("stop", &Desk::stop);
  add("restart", &Desk::restart);
  add("signal", &Desk::signal);
  table.methods.push_back({"pause", [this](const Json& params) { return pause(params, SIGSTOP); }});
  table.methods.push_back({"resume", [this](const Json& params) { return pause(params, SIGCONT); }});
  table.labels =
      [this](const std::vector<std::string>& names) -> std::variant<std::set<std::string>, Problem> {
    auto spawns = of_names(names);
    if (auto* problem = std::get_if<Problem>(&spawns)) return std::move(*problem);
    std::set<std::string> labels(names.begin(), names.end());  // of events of the whole process
    for (const SpawnId id : std::get<0>(spawns)) labels.insert(plan_.at(id).label);
    return labels;
  };
  return table;
}

Desk::Spawns Desk::of_names(const std::vector<std::string>& names) const {
  std::vector<SpawnId> found;
  for (const std::string& name : names) {
    const std::size_t before = found.size();
    for (const Spawn& spawn : plan_.spawns)
      if (spawn.label == name || plan_.graph.at(spawn.process).name == name) found.push_back(spawn.id);
    if (found.size() > before) continue;
    std::vector<std::string> candidates;
    for (const Process& process : plan_.graph.processes) candidates.push_back(process.name);
    for (const Spawn& spawn : plan_.spawns) candidates.push_back(spawn.label);
    const std::string hint = did_you_mean(name, candidates);
    return Problem{.code = Code::kBadParams,
                   .message = fmt::format("graph '{}' has no process '{}'{}{}", plan_.graph.name,
                                          escape(name), hint.empty() ? "" : "; ", hint)};
  }
  return found;
}

Desk::Spawns Desk::named(const Json& params, bool must) const {
  auto names = list_param(params, "processes");
  if (auto* problem = std::get_if<Problem>(&names)) return std::move(*problem);
  const auto& given = std::get<0>(names);
  if (given && !given->empty()) return of_names(*given);
  if (must) return Problem{.code = Code::kBadParams, .message = "'processes' is to name at least one"};
  std::vector<SpawnId> all;
  for (const Spawn& spawn : plan_.spawns)
    if (!plan_.graph.at(spawn.process).builtin) all.push_back(spawn.id);
  return all;
}

Answer Desk::graph(const Json& params) const {
  if (auto unknown = unknown_param(params, {})) return *unknown;
  const Graph& graph = plan_.graph;
  Json processes = Json::array(), channels = Json::array();
  for (const Process& process : graph.processes) {
    Json reads = Json::array(), writes = Json::array();
    for (const PortId id : process.ports) {
      const Port& port = graph.at(id);
      if (port.access != Access::kWrite) reads.push_back(graph.at(port.channel).name);
      if (port.access != Access::kRead) writes.push_back(graph.at(port.channel).name);
    }
    Json words = Json::array();
    for (const Text& one : process.command.words) words.push_back(one.value);
    processes.push_back({{"name", process.name},
                         {"replicas", process.replicas},
                         {"command", std::move(words)},
                         {"service", process.service},
                         {"builtin", process.builtin},
                         {"restartable", cast_.at(process.id).returns()},
                         {"reads", std::move(reads)},
                         {"writes", std::move(writes)}});
  }
  for (const Channel& channel : graph.channels) {
    channels.push_back({{"name", channel.name},
                        {"kind", channel.kind->name},
                        {"anonymous", channel.anonymous},
                        {"capacity", channel.capacity},
                        {"memory", channel.memory.value},
                        {"writers", names_of(graph, channel.writers)},
                        {"readers", names_of(graph, channel.readers)}});
  }
  return Json{{"protocol", kControlProtocol},   {"graph", graph.name}, {"name", name_},
              {"folder", graph.folder},         {"pid", pid_},         {"processes", std::move(processes)},
              {"channels", std::move(channels)}};
}

std::string_view Desk::state_of(SpawnId id) const {
  switch (situation_.at(id).life) {
    case life::State::kWaiting:
      return "waiting";
    case life::State::kQueued:
    case life::State::kDelayed:
      return "starting";
    case life::State::kRunning:
      return hands_.stopped_by(id) != 0 ? "paused" : "running";
    case life::State::kStopping:
    case life::State::kKilled:
      return "stopping";
    case life::State::kLeft:
    case life::State::kSwept:
      return "ending";
    case life::State::kResting:
      return "restarting";
    case life::State::kHeld:
      return "held";
    case life::State::kEnded:
    case life::State::kSkipped:
      break;
  }
  return word(situation_.at(id).verdict);
}

// Its times are those of its life now, or of its last one.
Json Desk::status_of(SpawnId id) const {
  const Spawn& spawn = plan_.at(id);
  const SpawnState& state = situation_.at(id);
  const Process& process = plan_.graph.at(spawn.process);
  Json json{{"process", process.name},
            {"label", spawn.label},
            {"state", state_of(id)},
            {"ready", state.ready},
            {"restarts", state.lives.restarts},
            {"service", process.service},
            {"builtin", process.builtin}};
  const bool began = state.lives.starts > 0;
  const pid_t pid = hands_.pid(id);
  if (pid > 0) json["pid"] = pid;
  if (pid > 0 && began) {
    json["up_ms"] = milliseconds(hands_.now() - state.since);
  } else if (began && life::over(state.life)) {
    json["ran_ms"] = milliseconds(state.ran);
    if (state.exit.signal != 0) {
      json["signal"] = signal_name(state.exit.signal);
    } else {
      json["code"] = state.refusal != 0 ? state.refusal : state.exit.code;
    }
  }
  return json;
}

Answer Desk::status(const Json& params) const {
  if (auto unknown = unknown_param(params, {"processes"})) return *unknown;
  auto spawns = named(params);
  if (auto* problem = std::get_if<Problem>(&spawns)) return *problem;
  const bool all = !params.contains("processes");
  Json processes = Json::array();
  if (all) {
    for (const Spawn& spawn : plan_.spawns) processes.push_back(status_of(spawn.id));
  } else {
    for (const SpawnId id : std::get<0>(spawns)) processes.push_back(status_of(id));
  }
  return Json{{"graph", plan_.graph.name},
              {"name", name_},
              {"pid", pid_},
              {"up_ms", milliseconds(hands_.now())},
              {"state", situation_.done                       ? "ended"
                        : situation_.stop.mode == Mode::kNone ? "running"
                                                              : "stopping"},
              {"processes", std::move(processes)}};
}

}  // namespace procgraph
