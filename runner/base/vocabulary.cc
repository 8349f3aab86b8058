#include "base/vocabulary.h"

#include <array>

namespace procgraph {

std::string_view name(Access access) {
  static constexpr std::array<std::string_view, 3> kNames{"read", "write", "both"};
  return kNames.at(static_cast<std::size_t>(access));
}

std::string_view name(StreamKind kind) {
  static constexpr std::array<std::string_view, 5> kNames{"none", "log", "inherit", "file", "channel"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::string_view name(Condition condition) {
  static constexpr std::array<std::string_view, 5> kNames{"started", "ready", "finished", "succeeded",
                                                          "failed"};
  return kNames.at(static_cast<std::size_t>(condition));
}

std::string_view name(ProbeKind kind) {
  static constexpr std::array<std::string_view, 7> kNames{"notify", "fd",  "exec",    "tcp",
                                                          "http",   "log", "watchdog"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::string_view name(OnFailure on_failure) {
  static constexpr std::array<std::string_view, 3> kNames{"stop", "finish", "ignore"};
  return kNames.at(static_cast<std::size_t>(on_failure));
}

std::string_view name(Restart when) {
  static constexpr std::array<std::string_view, 3> kNames{"never", "on_failure", "always"};
  return kNames.at(static_cast<std::size_t>(when));
}

std::string_view name(ReaderPolicy policy) {
  static constexpr std::array<std::string_view, 3> kNames{"block", "drop_oldest", "latest"};
  return kNames.at(static_cast<std::size_t>(policy));
}

std::string_view name(Tier tier) {
  static constexpr std::array<std::string_view, 3> kNames{"guard", "cgroup", "pid_namespace"};
  return kNames.at(static_cast<std::size_t>(tier));
}

std::string_view name(DeadlockPolicy policy) {
  static constexpr std::array<std::string_view, 3> kNames{"grow", "warn", "fail"};
  return kNames.at(static_cast<std::size_t>(policy));
}

std::string_view name(WaitMode wait) {
  static constexpr std::array<std::string_view, 5> kNames{"", "latency", "balanced", "throughput", "sleep"};
  return kNames.at(static_cast<std::size_t>(wait));
}

}  // namespace procgraph
