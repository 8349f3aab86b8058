// What the channel kinds asked of the plan: the objects, and which port's process gets which end of them. The
// one PlanBuilder there is.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "plan/builder.h"

namespace procgraph {

struct Gift {
  std::string key;  // "fd", "control", "payload"
  ObjectId object;
  End end = End::kRead;
  bool each = false;  // replica i gets the i-th object from this one on

  [[nodiscard]] ObjectId of(std::uint32_t replica) const {
    return each ? ObjectId{object.value + replica} : object;
  }
};

// What a port's processes are told beside its descriptors.
struct Fact {
  std::string key;  // "reader"
  std::uint64_t value = 0;
};

class Objects final : public PlanBuilder {
 public:
  explicit Objects(const Graph& graph)
      : graph_(graph),
        gifts_(graph.ports.size()),
        facts_(graph.ports.size()),
        takes_part_(graph.processes.size(), false) {}

  ObjectId object(ChannelId channel, std::string suffix, decltype(Object::what) what) override;
  void give(PortId port, std::string key, ObjectId object, End end) override;
  void give_each(PortId port, std::string key, ObjectId first, End end) override;
  void tell(PortId port, std::string key, std::uint64_t value) override {
    facts_[port.value].push_back({std::move(key), value});
  }
  void participant(PortId port) override { takes_part_[graph_.at(port).process.value] = true; }
  [[nodiscard]] std::uint32_t holders(ChannelId channel) const override { return graph_.at(channel).holders; }

  // An object of no channel: the roster, a file.
  ObjectId add(std::string name, decltype(Object::what) what);
  [[nodiscard]] std::span<const Gift> gifts(PortId port) const { return gifts_[port.value]; }
  [[nodiscard]] std::span<const Fact> facts(PortId port) const { return facts_[port.value]; }
  [[nodiscard]] bool takes_part(ProcessId process) const { return takes_part_[process.value]; }
  [[nodiscard]] bool any_takes_part() const;
  [[nodiscard]] std::vector<Object> take() { return std::move(objects_); }

 private:
  const Graph& graph_;
  std::vector<Object> objects_;
  std::vector<std::vector<Gift>> gifts_;  // by port
  std::vector<std::vector<Fact>> facts_;  // by port
  std::vector<bool> takes_part_;          // by process
};

}  // namespace procgraph
