#include "plan/environment.h"

#include <algorithm>

#include "graph/wording.h"

namespace procgraph {
namespace {

// What belongs to this runner, or to the service manager above it, and would mislead a child.
bool private_to_runner(std::string_view name) {
  return name.starts_with("PROCGRAPH_") || name.starts_with("LISTEN_") || name.starts_with("WATCHDOG_") ||
         name == "NOTIFY_SOCKET";
}

bool kept_when_clean(std::string_view name) {
  constexpr std::string_view kKept[] = {"PATH", "HOME", "LANG", "TERM", "TZ", "USER", "XDG_RUNTIME_DIR"};
  return std::ranges::find(kKept, name) != std::end(kKept);
}

constexpr const char* kDefaultPath = "/usr/local/bin:/usr/bin:/bin";  // where there is no PATH at all

const std::string* value_of(const Variables& variables, std::string_view name) {
  const auto found = std::ranges::lower_bound(
      variables, name, {}, [](const auto& variable) { return std::string_view(variable.first); });
  return found != variables.end() && found->first == name ? &found->second : nullptr;
}

}  // namespace

std::string fill_in(std::string_view text, std::uint32_t replica, std::uint32_t replicas) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == kReplicaMark) {
      out += std::to_string(replica);
    } else if (c == kReplicasMark) {
      out += std::to_string(replicas);
    } else {
      out += c;
    }
  }
  return out;
}

Environment::Environment(const World& world) {
  for (const auto& variable : world.environment) {
    if (private_to_runner(variable.first)) continue;
    inherited_.push_back(variable);
    if (kept_when_clean(variable.first)) clean_.push_back(variable);
  }
}

Variables Environment::declared(const Process& process, std::uint32_t replica) const {
  Variables variables;
  for (const EnvironmentEntry& entry : process.env) {
    variables.emplace_back(entry.name.value, fill_in(entry.value.value, replica, process.replicas));
  }
  return variables;
}

std::vector<std::string> Environment::block(const Process& process, const Variables& added) const {
  const Variables& base = process.clean_env ? clean_ : inherited_;
  std::vector<std::string> block;
  block.reserve(base.size() + added.size());
  auto own = added.begin();
  for (const auto& variable : base) {
    for (; own != added.end() && own->first < variable.first; ++own)
      block.push_back(cat(own->first, '=', own->second));
    if (own == added.end() || own->first != variable.first)
      block.push_back(cat(variable.first, '=', variable.second));
  }
  for (; own != added.end(); ++own) block.push_back(cat(own->first, '=', own->second));
  return block;
}

std::string Environment::path(const Process& process, const Variables& declared) const {
  for (const auto& [name, value] : declared) {
    if (name == "PATH") return value;
  }
  const std::string* inherited = value_of(process.clean_env ? clean_ : inherited_, "PATH");
  return inherited == nullptr ? kDefaultPath : *inherited;
}

Variables sorted(Variables variables) {
  std::ranges::stable_sort(variables, {},
                           [](const auto& variable) { return std::string_view(variable.first); });
  Variables unique;
  for (auto& variable : variables) {
    if (!unique.empty() && unique.back().first == variable.first) unique.pop_back();
    unique.push_back(std::move(variable));
  }
  return unique;
}

}  // namespace procgraph
