// What the narrator says of those outside: where they find the run, that they come, and what they order.
#include <fmt/format.h>

#include <array>
#include <vector>

#include "procgraph/attach.h"
#include "supervise/narrator.h"

namespace procgraph {

void Narrator::door_open(const std::string& name, bool guests) {
  const bool expected = name == meeting_name(plan_.graph.name);  // where everybody looks for it
  const std::string text = fmt::format("programs outside find this run as '{}' (--graph {})", name, name);
  if (!guests) return expected ? void() : reporter_.news(text);
  const std::array<Field, 1> fields{Field{"name", std::string_view(name)}};
  reporter_.event("open_to_outside", "", fields);
  if (expected) return;
  ++words_;
  reporter_.warning(text);
}

void Narrator::no_door(const std::string& why) {
  reporter_.news("nobody can look at this run from outside: " + why);
}

void Narrator::came(std::uint16_t participant, pid_t pid) {
  outsiders_.insert(participant);
  const bool known = pid > 0;
  reporter_.news("a program outside has come" + (known ? fmt::format(" (pid {})", shown(pid)) : ""));
  std::vector<Field> fields;
  if (known) fields.push_back({"pid", std::int64_t{shown(pid)}});
  fields.push_back({"participant", std::int64_t{participant}});
  reporter_.event("came", "", fields);
}

void Narrator::went(std::uint16_t participant) {
  const std::array<Field, 1> fields{Field{"participant", std::int64_t{participant}}};
  reporter_.event("went", "", fields);
}

void Narrator::recalled(const action::Recalled& action) {
  const std::string& process = plan_.graph.at(action.process).name;
  if (!action.because.valid()) {
    reporter_.event("recalled", process, {});
    ++words_;
    return reporter_.warning(fmt::format("{} is stopped, and started again, as asked", process));
  }
  const std::string& because = plan_.graph.at(action.because).name;
  const std::array<Field, 1> fields{Field{"because", std::string_view(because)}};
  reporter_.event("recalled", process, fields);
  ++words_;
  reporter_.warning(fmt::format("{} is stopped, and started again with {}", process, because));
}

void Narrator::dismissed(const action::Dismissed& action) {
  const std::string& process = plan_.graph.at(action.process).name;
  reporter_.event("dismissed", process, {});
  ++words_;
  reporter_.warning(fmt::format("{} is stopped, and not started again, as asked", process));
}

}  // namespace procgraph
