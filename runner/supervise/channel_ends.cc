#include "supervise/channel_ends.h"

#include <algorithm>

#include "procgraph/admin.h"

namespace procgraph {

void ChannelEnds::tell_all(SpawnId id, OfParticipant what, std::uint16_t participant) const {
  const Graph& graph = plan_.graph;
  std::vector<ChannelId> told;
  for (const PortId port : graph.at(plan_.at(id).process).ports) {
    const ChannelId channel = graph.at(port).channel;
    if (std::ranges::find(told, channel) != told.end()) continue;
    told.push_back(channel);
    tell(channel, what, participant);
  }
}

void ChannelEnds::tell(ChannelId channel, OfParticipant what, std::uint16_t participant) const {
  const auto function = plan_.graph.at(channel).kind->*what;
  if (participant != 0 && function != nullptr) function(opened_.live(channel), participant);
}

void ChannelEnds::tell(ChannelId id, OfChannel what) const {
  const auto function = plan_.graph.at(id).kind->*what;
  if (function != nullptr) function(opened_.live(id));
}

void ChannelEnds::reap(SpawnId id) const {
  tell_all(id, &ChannelKind::reap, plan_.at(id).participant);
}
void ChannelEnds::sidestep(SpawnId id) const {
  tell_all(id, &ChannelKind::sidestep, plan_.at(id).participant);
}
void ChannelEnds::reap_guest(SpawnId id, std::uint16_t number) const {
  tell_all(id, &ChannelKind::reap, number);
  share_opened(id, number);
  forget_participant(opened_.roster(), number);
}
void ChannelEnds::reap_outsider(const std::set<ChannelId>& channels, std::uint16_t number) const {
  for (const ChannelId channel : channels) tell(channel, &ChannelKind::reap, number);
  forget_participant(opened_.roster(), number);
}
void ChannelEnds::share_opened(SpawnId id, std::uint16_t number) const {
  share_opened_ports(opened_.roster(), number, plan_.at(id).participant);
}
void ChannelEnds::writer_gone(SpawnId id) const {
  for (const ChannelId channel : role(id).writes)
    tell(channel, &ChannelKind::writer_gone, plan_.at(id).participant);
}
void ChannelEnds::reader_gone(SpawnId id) const {
  const Graph& graph = plan_.graph;
  for (const ChannelId channel : role(id).reads) {
    const auto& places = graph.at(channel).places;
    for (std::uint32_t i = 0; i < places.size(); ++i) {
      const bool its = graph.at(places[i].port).process == plan_.at(id).process &&
                       places[i].replica == plan_.at(id).replica;
      if (its) graph.at(channel).kind->reader_gone(opened_.live(channel), i);
    }
  }
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
