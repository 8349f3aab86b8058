// The desk's counters of channels.
#include "supervise/desk.h"

namespace procgraph {

// What is the kernel's has no counters.
Answer Desk::stats(const Json& params) const {
  if (auto unknown = unknown_param(params, {})) return *unknown;
  Json channels = Json::array();
  for (const Channel& channel : plan_.graph.channels) {
    Json json{{"channel", channel.name}, {"kind", channel.kind->name}, {"anonymous", channel.anonymous}};
    if (channel.kind->sample != nullptr) {
      const LiveChannel live = opened_.live(channel.id);
      const ChannelSample now = channel.kind->sample(live);
      const auto bound = [&](Bound of, std::uint64_t declared) {
        return channel.kind->room != nullptr ? channel.kind->room(live, of).capacity : declared;
      };
      json.update({{"waiting", now.waiting},
                   {"leased", now.leased},
                   {"capacity", bound(Bound::kMessages, channel.capacity)},
                   {"put", now.put},
                   {"got", now.got},
                   {"acknowledged", now.acknowledged},
                   {"redelivered", now.redelivered},
                   {"missed", now.missed},
                   {"dropped", now.dropped},
                   {"refused", now.refused},
                   {"expired", now.expired},
                   {"dead", now.dead},
                   {"bytes", now.bytes},
                   {"memory", bound(Bound::kBytes, channel.memory.value)},
                   {"deepest", now.deepest},
                   {"blocked_ns", now.blocked.count()}});
    }
    channels.push_back(std::move(json));
  }
  return Json{{"name", name_},
              {"up_ms", hands_.now() / std::chrono::milliseconds(1)},
              {"channels", std::move(channels)}};
}

}  // namespace procgraph
