// The desk's answers to who waits for what, and why.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>

#include "base/text.h"
#include "os/process.h"
#include "supervise/desk.h"
#include "supervise/waits_text.h"
#include "supervise/wording.h"

namespace procgraph {
namespace {

// A spawn's processes are parties: "parse.0", and "parse.0 (sort, pid 4242)" of one that it has started.
std::string_view owner_of(const Party& party) {
  return std::string_view(party.name).substr(0, party.name.find(" ("));
}

// What the spawn as a whole waits for: nothing while one of its processes can move; else what tells the most.
std::optional<Wait> wait_of(const Waits& waits, std::string_view label) {
  std::optional<Wait> best;
  for (const Party& party : waits.parties) {
    if (owner_of(party) != label) continue;
    if (party.waits.empty()) return {};
    for (const Wait& wait : party.waits)
      if (!best || (best->what == Wait::For::kEnd && wait.what != Wait::For::kEnd)) best = wait;
  }
  return best;
}

// The channel that people know of: of a pipe to a node of ours, the one at that node's other side.
std::string known_name(const Graph& graph, const std::string& name) {
  const auto channel = std::ranges::find(graph.channels, name, &Channel::name);
  if (channel == graph.channels.end() || !channel->anonymous) return name;
  for (const auto* ends : {&channel->writers, &channel->readers}) {
    for (const PortId end : *ends) {
      const Process& process = graph.at(graph.at(end).process);
      for (const PortId port : process.ports) {
        const Channel& other = graph.at(graph.at(port).channel);
        if (process.builtin && !other.anonymous) return other.name;
      }
    }
  }
  return name;
}

Json to_json(const Graph& graph, const Waits& waits, std::string_view label, const Wait& wait) {
  Json json{{"label", label}};
  if (wait.what == Wait::For::kEnd) {
    std::vector<std::string> names;
    for (const auto& group : wait.needs)
      for (const PartyIndex party : group) names.push_back(waits.parties[party].name);
    json.update({{"for", "end"}, {"of", names}, {"text", "the end of " + join(names, ", ")}});
    return json;
  }
  const Buffer& buffer = waits.buffers[wait.buffer];
  const bool room = wait.what == Wait::For::kRoom;
  json.update({{"for", room ? "room" : "data"},
               {"channel", buffer.name},
               {"text", fmt::format("{} ({})", known_name(graph, buffer.name), room ? "full" : "empty")}});
  if (buffer.capacity > 0) json.update({{"fill", buffer.fill}, {"capacity", buffer.capacity}});
  return json;
}

}  // namespace

Answer Desk::waits(const Json& params) const {
  if (auto unknown = unknown_param(params, {})) return *unknown;
  const Sight sight = hands_.look();
  Json list = Json::array();
  for (const Spawn& spawn : plan_.spawns)
    if (const auto wait = wait_of(sight.waits, spawn.label))
      list.push_back(to_json(plan_.graph, sight.waits, spawn.label, *wait));
  return Json{{"waits", std::move(list)}, {"text", draw(sight.waits)}};
}

// Of one that has no process now.
std::string Desk::why_not(SpawnId id) const {
  const SpawnState& state = situation_.at(id);
  const std::string& label = plan_.at(id).label;
  if (state.life == life::State::kWaiting || state.life == life::State::kHeld) {
    std::vector<std::string> needs;
    for (const Need& need : cast_.at(cast_.owner(id)).needs)
      needs.push_back(fmt::format("{}: {}", plan_.graph.at(need.process).name, name(need.condition)));
    if (cast_.at(cast_.owner(id)).finally && !situation_.ending)
      return fmt::format("{} starts when all others have ended (finally)", label);
    return needs.empty() ? fmt::format("{} waits for those that start with it", label)
                         : fmt::format("{} waits to start, after {{ {} }}", label, join(needs, ", "));
  }
  if (state.life == life::State::kResting) {
    const auto due = situation_.deadlines.of(Deadlines::Kind::kRetry, id);
    const Duration left = due ? std::max(*due - hands_.now(), Duration{}) : Duration{};
    return fmt::format("{} is started again in {}", label,
                       format_duration(std::chrono::ceil<std::chrono::milliseconds>(left)));
  }
  if (!life::over(state.life)) return fmt::format("{} is {}", label, state_of(id));
  if (state.lives.starts == 0) return fmt::format("{} was never started: it is {}", label, state_of(id));
  return fmt::format("{} has ended ({}): {}", label, state_of(id), how(state.exit));
}

Answer Desk::why(const Json& params) const {
  if (auto unknown = unknown_param(params, {"processes"})) return *unknown;
  auto spawns = named(params);
  if (auto* problem = std::get_if<Problem>(&spawns)) return *problem;
  const Sight sight = hands_.look();
  std::string text;
  for (const SpawnId id : std::get<0>(spawns)) {
    if (!text.empty()) text += '\n';
    if (const int signal = hands_.stopped_by(id); signal != 0 && hands_.pid(id) > 0) {
      text +=
          fmt::format("{} is stopped by {}, until it is continued", plan_.at(id).label, signal_name(signal));
      continue;
    }
    std::vector<PartyIndex> its;
    for (PartyIndex party = 0; party < sight.waits.parties.size(); ++party)
      if (owner_of(sight.waits.parties[party]) == plan_.at(id).label) its.push_back(party);
    text += hands_.pid(id) > 0 && !its.empty() ? draw(sight.waits, its) : why_not(id);
  }
  return Json{{"text", text}};
}

}  // namespace procgraph
