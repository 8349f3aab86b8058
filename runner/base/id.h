// Id<Tag>: an index into one vector of a Graph or Plan, typed so that it cannot index another one.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace procgraph {

template <class Tag>
struct Id {
  std::uint32_t value = ~0U;

  auto operator<=>(const Id&) const = default;
  [[nodiscard]] bool valid() const { return value != ~0U; }
};

using ProcessId = Id<struct ProcessTag>;
using ChannelId = Id<struct ChannelTag>;
using PortId = Id<struct PortTag>;
using ObjectId = Id<struct ObjectTag>;
using SpawnId = Id<struct SpawnTag>;

}  // namespace procgraph

template <class Tag>
struct std::hash<procgraph::Id<Tag>> {
  std::size_t operator()(procgraph::Id<Tag> id) const noexcept { return id.value; }
};
