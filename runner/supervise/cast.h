// Cast: what the supervisor's brain must know of a plan, and nothing else of it: who waits for whom, who
// writes and reads which channel, what each end means. A value, made once; knows no command, no descriptor,
// no name.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/id.h"
#include "base/restart_policy.h"
#include "base/units.h"
#include "base/vocabulary.h"

namespace procgraph {

struct Plan;
struct RunOptions;

struct Need {
  ProcessId process;
  Condition condition = Condition::kStarted;
  bool restart = false;  // it is started again whenever the other one is, and needs that one to be there

  bool operator==(const Need&) const = default;
};

// One process; its replicas are the spawns first … first + count - 1.
struct Role {
  std::uint32_t first = 0, count = 1;
  std::uint32_t spare = 0;  // so many of them may fail for good before the process has failed
  bool service = false;
  bool step = false;
  bool finally = false;  // starts once all that are not have ended; has no channel that flows
  ProcessId part_of;     // of a relay: the process that fails with it; copy by copy
  bool opens = false;    // has ports that only a program with the SDK can open
  OnFailure on_failure = OnFailure::kStop;
  std::vector<int> ok_codes{0};
  int stop_signal = 15;
  Duration grace = std::chrono::seconds(10);
  std::optional<Duration> timeout;  // of each life
  RestartPolicy restart;
  std::optional<Duration> ready;  // within which each life must be ready; absent: it is once it has started
  bool health = false;            // it is looked after, once it is ready
  std::vector<Need> needs;
  std::vector<ProcessId> dependents;     // those that need this one
  std::uint32_t group = 0;               // those of one group start together
  std::uint32_t rank = 0;                // of the orderly stop: lower first
  std::vector<ChannelId> reads, writes;  // of those that flow, and so can end

  // It may have several lives.
  [[nodiscard]] bool returns() const {
    const auto goes_with = [](const Need& need) { return need.restart; };
    return restart.restarts() || std::any_of(needs.begin(), needs.end(), goes_with);
  }
  // The graph waits for the end of these only.
  [[nodiscard]] bool counts() const { return !service && !step && !finally && count > 0; }
};

// One channel, seen from its ends; a process stands once in each list.
struct Edge {
  std::vector<ProcessId> writers, readers;
  // Programs outside the graph may be at these ends, until the run stops.
  bool outside_writes = false, outside_reads = false;
  ChannelId dead_letter;      // where its dead letters go; invalid: a dead message is the graph's end
  bool letters_fail = false;  // a dead letter of it fails the run
  std::uint32_t feeders = 0;  // channels whose dead letters come here
};

struct Cast {
  std::vector<Role> roles;
  std::vector<Edge> edges;
  std::vector<ProcessId> owners;               // by spawn
  std::vector<std::vector<ProcessId>> groups;  // by start group
  std::vector<std::vector<ProcessId>> ranks;   // by stop rank, but for those that start finally
  std::optional<Duration> timeout;
  Duration grace = std::chrono::seconds(10);
  bool keep_going = false;
  bool strict = false;  // a port that is never opened is a failure

  [[nodiscard]] const Role& at(ProcessId id) const { return roles[id.value]; }
  [[nodiscard]] const Edge& at(ChannelId id) const { return edges[id.value]; }
  [[nodiscard]] ProcessId owner(SpawnId id) const { return owners[id.value]; }
  // Of a relay the copy that it is a part of, of any other the same.
  [[nodiscard]] SpawnId whole(SpawnId id) const {
    const Role& role = at(owner(id));
    return role.part_of.valid() ? SpawnId{at(role.part_of).first + id.value - role.first} : id;
  }
};

// Of a plan; the graph's own timeout and keep_going unless the options say more.
[[nodiscard]] Cast make_cast(const Plan& plan, const RunOptions& options);
// Fills in what follows from roles: owners, groups, ranks, dependents, and the ends of `channels` channels.
void complete(Cast& cast, std::size_t channels);

}  // namespace procgraph
