#include "channels/kinds.h"

namespace procgraph {

ChannelKinds all_kinds() {
  static constexpr const ChannelKind* kKinds[] = {&kQueueKind, &kTopicKind, &kPipeKind, &kSharedMemoryKind,
                                                  &kSocketKind};
  return kKinds;
}

}  // namespace procgraph
