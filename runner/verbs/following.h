// What `logs` and `events` have in common: which records of a running graph's journal they want, and the loop
// that hears them.
#pragma once

#include <functional>
#include <string>

#include "verbs/running.h"

namespace procgraph {

struct FollowFlags {
  RunningFlags running;
  std::string lines, since;
  bool follow = false, json = false;

  void declare(Flags& flags, std::string_view things);
};

// Calls `show` with each record, until all are shown or, with --follow, the graph has ended.
[[nodiscard]] Outcome follow(std::string_view verb, const FollowFlags& flags, const char* kind,
                             Client& client, const std::function<void(const Json&)>& show);
// "2026-01-02T03:04:05.678Z" as people here read it: "04:05:06.678"; what is none, as it is.
[[nodiscard]] std::string clock_time(const std::string& utc);

}  // namespace procgraph
