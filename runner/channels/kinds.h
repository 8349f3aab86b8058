// The list of kinds. main hands it on; everything else knows a kind by its row only.
#pragma once

#include "graph/channel_kind.h"

namespace procgraph {

extern const ChannelKind kPipeKind;          // pipe.cc
extern const ChannelKind kQueueKind;         // queue.cc
extern const ChannelKind kSharedMemoryKind;  // shared_memory.cc
extern const ChannelKind kSocketKind;        // socket.cc
extern const ChannelKind kTopicKind;         // topic.cc

[[nodiscard]] ChannelKinds all_kinds();

}  // namespace procgraph
