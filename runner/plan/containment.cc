#include "plan/containment.h"

#include <algorithm>
#include <optional>

#include "graph/wording.h"

namespace procgraph {
namespace {

// Nothing: it can be had.
std::optional<std::string> why_not(Tier tier, const World& world) {
  if (tier == Tier::kCgroup && world.machine.run_groups.version == 0) return world.machine.run_groups.missing;
  if (tier != Tier::kPidNamespace || !world.why_no_pid_namespace) return {};
  std::string reason = world.why_no_pid_namespace();
  if (reason.empty()) return {};
  return reason;
}

std::string cure(Tier tier) {
  if (tier == Tier::kCgroup)
    return "run as root, or where systemd hands cgroups on: systemd-run --user --scope -p Delegate=yes "
           "procgraph "
           "run …";
  return "run as root, or where user namespaces may be made; `procgraph doctor` says what this machine has";
}

Tier wanted(const ContainmentSpec& asked) {
  if (asked.tier) return asked.tier->value;
  return std::max(Tier::kCgroup, asked.require ? asked.require->value : Tier::kGuard);
}

}  // namespace

Containment decide_containment(const ContainmentSpec& asked, const World& world, Diagnostics& diagnostics,
                               PlanErrors& errors) {
  Containment decided{.tier = wanted(asked)};
  for (; decided.tier != Tier::kGuard; decided.tier = Tier(static_cast<int>(decided.tier) - 1)) {
    const std::optional<std::string> reason = why_not(decided.tier, world);
    if (!reason) break;
    decided.because += cat(decided.because.empty() ? "" : "; ", "no ", name(decided.tier), ": ", *reason);
    const std::string message =
        cat("containment by ", name(decided.tier), " cannot be had on this machine: ", *reason);
    if (asked.require && decided.tier <= asked.require->value) {
      errors.machine = true;
      diagnostics.error(asked.require->mark, message, cure(decided.tier));
      return decided;
    }
    if (asked.tier && decided.tier == asked.tier->value)
      diagnostics.warning(asked.tier->mark, message, cure(decided.tier));
  }
  if (decided.tier == Tier::kCgroup) decided.place = world.machine.run_groups;
  return decided;
}

}  // namespace procgraph
