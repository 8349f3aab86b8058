// Narrator: what a run says of itself. It keeps what is worth telling of each spawn and turns the brain's
// actions into words and events for the reporter. Decides nothing.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "launch/launch.h"
#include "plan/plan.h"
#include "report/reporter.h"
#include "supervise/channel_ends.h"
#include "supervise/deadlock_watch.h"
#include "supervise/logs.h"
#include "supervise/situation.h"
#include "supervise/wording.h"

namespace procgraph {

class Narrator {
 public:
  // `shown_pid`: see RunOptions.
  Narrator(const Plan& plan, const Cast& cast, Reporter& reporter, const Logs& logs,
           std::function<pid_t(pid_t)> shown_pid);

  void begin(const std::string& containment, const std::string& because);
  void started(SpawnId id, pid_t pid, Instant now);
  void refused(SpawnId id, std::string explanation);
  // Others may rely on it.
  void ready(SpawnId id, Instant now);
  void unhealthy(SpawnId id);
  // Why the last probe of it failed; what it says of itself; that it wants so much more time to be ready.
  void trouble(SpawnId id, std::string text) { facts_[id.value].trouble = std::move(text); }
  void status(SpawnId id, std::string_view text);
  void patience(SpawnId id, Duration more, Instant now);
  void exited(SpawnId id, const Exit& exit, std::string limit, Instant now);  // the limit it died of, or ""
  void hangs(SpawnId id, std::span<const pid_t> pids);
  // `plain`: it has opened none at all.
  void unopened(SpawnId id, const std::vector<PortId>& ports, bool plain);
  void poisoned(ChannelId id, const Poisoning& poison);  // the first time counts
  // What somebody dead held: a process, one that it had started (with its number), or a program from outside
  // (without an id).
  void recovered(SpawnId id, std::uint16_t participant, const ChannelEnds::Recoveries& all);
  void joined(SpawnId id, std::uint16_t participant, pid_t pid);  // a process that it has started
  void left(SpawnId id, std::uint16_t participant);
  // The run is to be found outside under this name, and some of its channels are open there; or it is not to
  // be found at all.
  void door_open(const std::string& name, bool guests);
  void no_door(const std::string& why);
  void came(std::uint16_t participant, pid_t pid);  // from outside; kNoNumber: it is not to be seen from here
  void went(std::uint16_t participant);
  void stopped(SpawnId id, int signal);  // by somebody else, until continued
  void continued(SpawnId id) { facts_[id.value].stopped_by = 0; }
  void asked(SpawnId id) { facts_[id.value].stopped_when_asked = facts_[id.value].stopped_by; }
  void output_lost(std::string explanation) { output_ = std::move(explanation); }

  // A message failed too often.
  void died(ChannelId channel, const DeadFact& fact);
  void overdue(ChannelId channel, SpawnId id) { facts_[id.value].overdue = channel; }

  // Both return what was said. With what waits for it in byte pipes.
  std::string restarting(const action::Restarting& action, const std::vector<ChannelEnds::Unread>& unread);
  std::string failed(const action::Failed& action);
  void recalled(const action::Recalled& action);
  void dismissed(const action::Dismissed& action);
  void skipped(const action::Skipped& action);
  void stopping(const action::Stopping& action);
  void finale(const action::Finale& action);
  // The last words of the run.
  void done(const action::Done& action, const Situation& situation, const Opened& opened, Instant now);
  // On request: who is in which state, and who waits for whom.
  void status(const Situation& situation, Instant now, const std::string& waits);
  // Processes that wait for each other for ever, and what was done about it.
  void deadlock(const Deadlock& deadlock);
  // The number by which people know a process of ours.
  [[nodiscard]] pid_t shown(pid_t pid) const { return shown_pid_ ? shown_pid_(pid) : pid; }
  // The signal that has it stopped, until it is continued; 0: it is not.
  [[nodiscard]] int stopped_by(SpawnId id) const { return facts_[id.value].stopped_by; }

 private:
  struct Facts {
    Instant began{};
    Exit exit;
    std::string explanation;
    std::string limit;
    int stopped_by = 0;
    int stopped_when_asked = 0;
    std::string trouble, status;
    Duration patience{};  // beyond the file's: as long as it has asked for
    ChannelId overdue;    // a message of which it held for too long
  };

  [[nodiscard]] const std::string& label(SpawnId id) const { return plan_.at(id).label; }
  [[nodiscard]] std::string holder(std::uint16_t participant) const;
  [[nodiscard]] std::string why(const Failure& failure) const;
  [[nodiscard]] std::string why_of_spawn(const Failure& failure) const;
  [[nodiscard]] std::string why_of_channel(const Failure& failure) const;
  [[nodiscard]] std::string after(const Failure& failure) const;
  [[nodiscard]] Duration time_of(const Failure& failure) const;
  [[nodiscard]] std::string why_overdue(const Failure& failure) const;
  [[nodiscard]] std::string named(ChannelId id) const;
  void final_failure(const Failure& failure);
  void count(const Channel& channel, const ChannelSample& now);
  void tell_of_channels(const Opened& opened, const action::Done& end, const Situation& situation);
  [[nodiscard]] bool were_cut_off(const std::vector<PortId>& readers, const Situation& situation) const;
  [[nodiscard]] std::string restarts(const Situation& situation) const;
  void summary(const Situation& situation, Instant now);
  [[nodiscard]] std::uint64_t said() const { return words_ + logs_.lines(); }

  const Plan& plan_;
  const Cast& cast_;
  Reporter& reporter_;
  const Logs& logs_;
  const std::function<pid_t(pid_t)> shown_pid_;
  std::vector<Facts> facts_;  // by spawn
  std::map<ChannelId, std::string> poisonings_;
  std::map<std::uint16_t, SpawnId> guests_;  // who had a number last
  std::set<std::uint16_t> outsiders_;        // numbers that one from outside had last
  std::vector<std::uint64_t> letters_;       // by channel: its messages that died
  std::string output_, dead_message_, deadlock_;
  std::uint64_t words_ = 0;    // of ours, so far
  std::uint64_t told_at_ = 0;  // said() when the first failure was told
  std::uint64_t told_ = 0;     // its order; 0: none was
};

}  // namespace procgraph
