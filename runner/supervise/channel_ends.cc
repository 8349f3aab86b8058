#include "supervise/channel_ends.h"

#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "procgraph/admin.h"

namespace procgraph {
namespace {

// What the kernel says of a pipe at this end: whether there is anybody at the other one.
short look(int fd) {
  pollfd end{fd, POLLRDHUP, 0};
  ::poll(&end, 1, 0);
  return end.revents;
}

std::uint64_t waiting_bytes(int fd) {
  int bytes = 0;
  return ::ioctl(fd, FIONREAD, &bytes) == 0 ? static_cast<std::uint64_t>(bytes) : 0;
}

}  // namespace

std::vector<ChannelId> ChannelEnds::channels_of(SpawnId id) const {
  const Graph& graph = plan_.graph;
  std::vector<ChannelId> all;
  for (const PortId port : graph.at(plan_.at(id).process).ports) {
    const ChannelId channel = graph.at(port).channel;
    if (std::ranges::find(all, channel) == all.end()) all.push_back(channel);
  }
  return all;
}

void ChannelEnds::tell_all(SpawnId id, OfParticipant what, std::uint16_t participant) const {
  for (const ChannelId channel : channels_of(id)) tell(channel, what, participant);
}

void ChannelEnds::tell(ChannelId channel, OfParticipant what, std::uint16_t participant) const {
  const auto function = plan_.graph.at(channel).kind->*what;
  if (participant != 0 && function != nullptr) function(opened_.live(channel), participant);
}

void ChannelEnds::tell(ChannelId id, OfChannel what) const {
  const auto function = plan_.graph.at(id).kind->*what;
  if (function != nullptr) function(opened_.live(id));
}

void ChannelEnds::reap(ChannelId channel, std::uint16_t participant, Recoveries& all) const {
  const auto function = plan_.graph.at(channel).kind->reap;
  if (participant == 0 || function == nullptr) return;
  const Reaped what = function(opened_.live(channel), participant);
  if (what != Reaped{}) all.push_back({channel, what});
}

ChannelEnds::Recoveries ChannelEnds::reap(SpawnId id) const {
  Recoveries all;
  for (const ChannelId channel : channels_of(id)) reap(channel, plan_.at(id).participant, all);
  return all;
}
void ChannelEnds::sidestep(SpawnId id) const {
  tell_all(id, &ChannelKind::sidestep, plan_.at(id).participant);
}
ChannelEnds::Recoveries ChannelEnds::reap_guest(SpawnId id, std::uint16_t number) const {
  Recoveries all;
  for (const ChannelId channel : channels_of(id)) reap(channel, number, all);
  share_opened(id, number);
  forget_participant(opened_.roster(), number);
  return all;
}
ChannelEnds::Recoveries ChannelEnds::reap_outsider(const std::set<ChannelId>& channels,
                                                   std::uint16_t number) const {
  Recoveries all;
  for (const ChannelId channel : channels) reap(channel, number, all);
  forget_participant(opened_.roster(), number);
  // Its place at a topic is emptied: what it had in hand there comes back to nobody.
  for (auto& [channel, what] : all)
    if (plan_.graph.at(channel).kind->to_each) what.returned = 0;
  std::erase_if(all, [](const auto& one) { return one.what == Reaped{}; });
  return all;
}
void ChannelEnds::share_opened(SpawnId id, std::uint16_t number) const {
  share_opened_ports(opened_.roster(), number, plan_.at(id).participant);
}
void ChannelEnds::writer_gone(SpawnId id) const {
  for (const ChannelId channel : role(id).writes)
    tell(channel, &ChannelKind::writer_gone, plan_.at(id).participant);
}
std::vector<std::uint32_t> ChannelEnds::places(SpawnId id, ChannelId channel) const {
  const Graph& graph = plan_.graph;
  const auto& all = graph.at(channel).places;
  std::vector<std::uint32_t> its;
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    if (graph.at(all[i].port).process == plan_.at(id).process && all[i].replica == plan_.at(id).replica)
      its.push_back(i);
  }
  return its;
}
void ChannelEnds::reader_gone(SpawnId id) const {
  for (const ChannelId channel : role(id).reads) {
    for (const std::uint32_t place : places(id, channel))
      plan_.graph.at(channel).kind->reader_gone(opened_.live(channel), place);
  }
}

int ChannelEnds::held_end(SpawnId id, ChannelId channel) const {
  if (!plan_.graph.at(channel).kind->bytes) return -1;
  for (const Inherit& inherit : plan_.at(id).inherits) {
    if (plan_.at(inherit.object).channel == channel) return opened_.fd(inherit.object, inherit.end);
  }
  return -1;
}
bool ChannelEnds::unread(SpawnId id) const {
  return std::ranges::any_of(role(id).writes, [&](ChannelId channel) {
    const int fd = held_end(id, channel);
    return fd >= 0 && (look(fd) & (POLLERR | POLLHUP)) != 0;
  });
}
bool ChannelEnds::ended(SpawnId id) const {
  return std::ranges::all_of(role(id).reads, [&](ChannelId channel) { return ended(id, channel); });
}
bool ChannelEnds::ended(SpawnId id, ChannelId channel) const {
  if (const int fd = held_end(id, channel); fd >= 0)
    return (look(fd) & (POLLHUP | POLLRDHUP)) != 0 && waiting_bytes(fd) == 0;
  const auto ended = plan_.graph.at(channel).kind->ended;
  if (ended == nullptr) return false;
  const std::vector<std::uint32_t> its = places(id, channel);
  if (its.empty()) return ended(opened_.live(channel), 0);
  return std::ranges::all_of(its, [&](std::uint32_t place) { return ended(opened_.live(channel), place); });
}
std::vector<ChannelEnds::Unread> ChannelEnds::unread_bytes(SpawnId id) const {
  std::vector<Unread> all;
  for (const ChannelId channel : role(id).reads) {
    const int fd = held_end(id, channel);
    if (fd >= 0) all.push_back({channel, waiting_bytes(fd)});
  }
  return all;
}

std::vector<PortId> ChannelEnds::unopened(SpawnId id) const {
  const Graph& graph = plan_.graph;
  std::vector<PortId> found;
  std::size_t place = 0;  // in PROCGRAPH_PORTS, which lists all but streams
  for (const PortId port : graph.at(cast_.owner(id)).ports) {
    if (graph.at(port).stream) continue;
    const ChannelId channel = graph.at(port).channel;
    const auto has_opened = graph.at(channel).kind->has_opened;
    const std::size_t here = place++;
    if (has_opened != nullptr && !has_opened(opened_.live(channel), plan_.at(id).participant, here))
      found.push_back(port);
  }
  return found;
}

bool ChannelEnds::opens(SpawnId id) const {
  return opened_ports(opened_.roster(), plan_.at(id).participant) != 0;
}

std::optional<Poisoning> ChannelEnds::poisoned(ChannelId channel) const {
  const auto look = plan_.graph.at(channel).kind->poisoned;
  if (look == nullptr) return {};
  return look(opened_.live(channel));
}

void ChannelEnds::end_of_writers(ChannelId id) const {
  tell(id, &ChannelKind::end_of_writers);
}
void ChannelEnds::end_of_readers(ChannelId id) const {
  tell(id, &ChannelKind::end_of_readers);
}

}  // namespace procgraph
