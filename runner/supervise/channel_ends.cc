#include "supervise/channel_ends.h"

namespace procgraph {

void ChannelEnds::tell(const std::vector<ChannelId>& channels, OfParticipant what, SpawnId id) const {
  const std::uint16_t participant = plan_.at(id).participant;
  if (participant == 0) return;
  for (const ChannelId channel : channels) {
    const auto function = plan_.graph.at(channel).kind->*what;
    if (function != nullptr) function(opened_.live(channel), participant);
  }
}

void ChannelEnds::tell(ChannelId id, OfChannel what) const {
  const auto function = plan_.graph.at(id).kind->*what;
  if (function != nullptr) function(opened_.live(id));
}

void ChannelEnds::reap(SpawnId id) const {
  tell(role(id).reads, &ChannelKind::reap, id);
  tell(role(id).writes, &ChannelKind::reap, id);
}

void ChannelEnds::sidestep(SpawnId id) const {
  tell(role(id).reads, &ChannelKind::sidestep, id);
  tell(role(id).writes, &ChannelKind::sidestep, id);
}

void ChannelEnds::writer_gone(SpawnId id) const {
  tell(role(id).writes, &ChannelKind::writer_gone, id);
}
void ChannelEnds::end_of_writers(ChannelId id) const {
  tell(id, &ChannelKind::end_of_writers);
}
void ChannelEnds::end_of_readers(ChannelId id) const {
  tell(id, &ChannelKind::end_of_readers);
}

}  // namespace procgraph
