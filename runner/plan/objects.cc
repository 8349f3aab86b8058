#include "plan/objects.h"

#include <algorithm>

#include "graph/wording.h"

namespace procgraph {

ObjectId Objects::object(ChannelId channel, std::string suffix, decltype(Object::what) what) {
  const std::string& name = graph_.at(channel).name;
  const ObjectId id = add(suffix.empty() ? name : cat(name, '.', suffix), std::move(what));
  objects_.back().channel = channel;
  return id;
}

ObjectId Objects::add(std::string name, decltype(Object::what) what) {
  const ObjectId id{static_cast<std::uint32_t>(objects_.size())};
  objects_.push_back({id, {}, std::move(name), std::move(what)});
  return id;
}

void Objects::give(PortId port, std::string key, ObjectId object, End end) {
  gifts_[port.value].push_back({std::move(key), object, end});
}

void Objects::give_each(PortId port, std::string key, ObjectId first, End end) {
  gifts_[port.value].push_back({std::move(key), first, end, true});
}

bool Objects::any_takes_part() const {
  return std::ranges::find(takes_part_, true) != takes_part_.end();
}

}  // namespace procgraph
