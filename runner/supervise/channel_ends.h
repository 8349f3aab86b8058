// ChannelEnds: tells native channels what has become of those at their ends. Knows when to say nothing (a
// pipe is the kernel's business), not why anything ended.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "launch/launch.h"
#include "plan/plan.h"
#include "supervise/cast.h"

namespace procgraph {

class ChannelEnds {
 public:
  ChannelEnds(const Plan& plan, const Cast& cast, const Opened& opened)
      : plan_(plan), cast_(cast), opened_(opened) {}

  // What somebody dead held in a channel; only where that is something.
  struct Recovered {
    ChannelId channel;
    Reaped what;
  };
  using Recoveries = std::vector<Recovered>;

  Recoveries reap(SpawnId id) const;  // it is dead: what it held comes back
  // The same for a process that it had started, which had a number of its own and does not need it any more.
  Recoveries reap_guest(SpawnId id, std::uint16_t number) const;
  // The same for a program from outside, and what it had opened.
  Recoveries reap_outsider(const std::set<ChannelId>& channels, std::uint16_t number) const;
  // A process that it had started has opened ports in its place.
  void share_opened(SpawnId id, std::uint16_t number) const;
  void sidestep(SpawnId id) const;     // it is stopped: others go on in its place
  void writer_gone(SpawnId id) const;  // it writes no more
  void reader_gone(SpawnId id) const;  // it reads no more
  // Of a process that has ended, while the runner still holds its ends. Some channel that it writes has no
  // reader any more, as the kernel sees it.
  [[nodiscard]] bool unread(SpawnId id) const;
  // All data that it reads has ended, and nothing of it is left for it.
  [[nodiscard]] bool ended(SpawnId id) const;
  // Bytes that wait for it in byte pipes.
  struct Unread {
    ChannelId channel;
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] std::vector<Unread> unread_bytes(SpawnId id) const;
  // Its ports that are the SDK's to open and that it has not opened.
  [[nodiscard]] std::vector<PortId> unopened(SpawnId id) const;
  [[nodiscard]] std::vector<ChannelId> channels_of(SpawnId id) const;  // of whatever kind, each once
  // It has opened some port with the SDK.
  [[nodiscard]] bool opens(SpawnId id) const;
  [[nodiscard]] std::optional<Poisoning> poisoned(ChannelId channel) const;
  void end_of_writers(ChannelId id) const;
  void end_of_readers(ChannelId id) const;

 private:
  using OfParticipant = void (*ChannelKind::*)(const LiveChannel&, std::uint16_t);
  using OfChannel = void (*ChannelKind::*)(const LiveChannel&);

  [[nodiscard]] bool ended(SpawnId id, ChannelId channel) const;
  // Its end of a byte pipe; -1: it has none, or it is not held any more.
  [[nodiscard]] int held_end(SpawnId id, ChannelId channel) const;
  // The indices of its places in a channel of a kind with places.
  [[nodiscard]] std::vector<std::uint32_t> places(SpawnId id, ChannelId channel) const;
  void reap(ChannelId channel, std::uint16_t participant, Recoveries& all) const;
  // Each channel of the process, once.
  void tell_all(SpawnId id, OfParticipant what, std::uint16_t participant) const;
  void tell(ChannelId channel, OfParticipant what, std::uint16_t participant) const;
  void tell(ChannelId id, OfChannel what) const;
  [[nodiscard]] const Role& role(SpawnId id) const { return cast_.at(cast_.owner(id)); }

  const Plan& plan_;
  const Cast& cast_;
  const Opened& opened_;
};

}  // namespace procgraph
