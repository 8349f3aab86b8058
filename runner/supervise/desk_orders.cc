// What the desk does to a run and its processes.
#include <fmt/format.h>

#include <csignal>
#include <cstring>
#include <string>

#include "base/text.h"
#include "os/process.h"
#include "supervise/desk.h"

namespace procgraph {
namespace {

Json done_to(const Plan& plan, std::span<const SpawnId> spawns) {
  Json labels = Json::array();
  for (const SpawnId id : spawns) labels.push_back(plan.at(id).label);
  return {{"processes", std::move(labels)}};
}

// "HUP", "SIGHUP", "1"; 0: none of them.
int signal_of(const std::string& text) {
  for (int number = 1; number < SIGRTMIN; ++number) {
    const std::string name = signal_name(number);
    if (text == name || "SIG" + text == name || text == std::to_string(number)) return number;
  }
  return 0;
}

}  // namespace

Desk::Spawns Desk::able(const Json& params, Order order) const {
  auto spawns = named(params, true);
  if (std::holds_alternative<Problem>(spawns)) return spawns;
  for (const SpawnId id : std::get<0>(spawns)) {
    const std::string_view refused = order_refused(cast_, situation_, id, order);
    if (!refused.empty())
      return Problem{.code = Code::kRefused, .message = fmt::format("{} {}", plan_.at(id).label, refused)};
  }
  return spawns;
}

// Without processes: the whole run.
Answer Desk::stop(const Json& params) const {
  if (auto unknown = unknown_param(params, {"processes", "force"})) return *unknown;
  const auto force = flag_param(params, "force");
  if (const auto* problem = std::get_if<Problem>(&force)) return *problem;
  if (!params.contains("processes")) {
    hands_.tell(event::StopOrder{.force = std::get<0>(force).value_or(false)});
    return Json::object();
  }
  if (std::get<0>(force).value_or(false))
    return Problem{.code = Code::kBadParams, .message = "'force' is for the whole graph"};
  auto spawns = able(params, Order::kEnd);
  if (auto* problem = std::get_if<Problem>(&spawns)) return *problem;
  hands_.tell(event::EndOrder{std::get<0>(spawns)});
  return done_to(plan_, std::get<0>(spawns));
}

Answer Desk::restart(const Json& params) const {
  if (auto unknown = unknown_param(params, {"processes"})) return *unknown;
  auto spawns = able(params, Order::kRestart);
  if (auto* problem = std::get_if<Problem>(&spawns)) return *problem;
  hands_.tell(event::RestartOrder{std::get<0>(spawns)});
  return done_to(plan_, std::get<0>(spawns));
}

Answer Desk::signal(const Json& params) const {
  if (auto unknown = unknown_param(params, {"processes", "signal"})) return *unknown;
  const auto text = text_param(params, "signal");
  if (const auto* problem = std::get_if<Problem>(&text)) return *problem;
  const std::string wanted = std::get<0>(text).value_or("");
  const int signal = signal_of(wanted);
  if (signal == 0)
    return Problem{.code = Code::kBadParams,
                   .message = fmt::format("'{}' is no signal: HUP, USR1, TERM …", escape(wanted))};
  auto spawns = able(params, Order::kSignal);
  if (auto* problem = std::get_if<Problem>(&spawns)) return *problem;
  for (const SpawnId id : std::get<0>(spawns)) {
    if (const int error = hands_.signal(id, signal); error != 0)
      return Problem{
          .code = Code::kRefused,
          .message = fmt::format("{} gets no signal: {}", plan_.at(id).label, std::strerror(error))};
  }
  return done_to(plan_, std::get<0>(spawns));
}

// All of a process's own, and of what these have started. Those of a whole graph that do not run are left.
Answer Desk::pause(const Json& params, int signal) const {
  if (auto unknown = unknown_param(params, {"processes"})) return *unknown;
  auto spawns = params.contains("processes") ? able(params, Order::kSignal) : named(params);
  if (auto* problem = std::get_if<Problem>(&spawns)) return *problem;
  auto& those = std::get<0>(spawns);
  std::erase_if(those, [&](SpawnId id) { return hands_.pid(id) <= 0; });
  hands_.signal_all(those, signal);
  return done_to(plan_, those);
}

}  // namespace procgraph
