// PlanBuilder: what a channel kind may ask of the plan: objects, and which end of them each port's process
// gets.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "plan/plan.h"

namespace procgraph {

class PlanBuilder {
 public:
  virtual ~PlanBuilder() = default;

  virtual ObjectId object(ChannelId channel, std::string suffix, decltype(Object::what) what) = 0;
  // Every replica of the port's process gets `end` of `object`: at the port's fixed fd if it has one, else at
  // the lowest free one; the number is listed in PROCGRAPH_PORTS under `key` ("fd", "control", "payload"). A
  // port that is a stream is not listed.
  virtual void give(PortId port, std::string key, ObjectId object, End end) = 0;
  // Replica i gets `end` of the i-th object from `first` on; else as give().
  virtual void give_each(PortId port, std::string key, ObjectId first, End end) = 0;
  // Every replica is told a number about the port, in PROCGRAPH_PORTS.
  virtual void tell(PortId port, std::string key, std::uint64_t value) = 0;
  // The port's process takes part in the roster.
  virtual void participant(PortId port) = 0;
  // How many spawned processes hold the given channel's ports (replicas counted).
  [[nodiscard]] virtual std::uint32_t holders(ChannelId channel) const = 0;
};

}  // namespace procgraph
