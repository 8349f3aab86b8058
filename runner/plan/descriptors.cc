#include "plan/descriptors.h"

#include <algorithm>
#include <set>

#include "graph/wording.h"

namespace procgraph {
namespace {

class Numbers {
 public:
  Numbers(const Graph& graph, const Process& process) {
    for (const PortId id : process.ports) {
      if (graph.at(id).fd) taken_.insert(*graph.at(id).fd);
    }
  }

  int next() {
    while (taken_.contains(next_)) ++next_;
    return next_++;
  }

 private:
  std::set<int> taken_;
  int next_ = 3;
};

}  // namespace

Descriptors number_descriptors(const Graph& graph, const Process& process, const Objects& objects,
                               ObjectId roster) {
  Descriptors out;
  Numbers numbers(graph, process);
  if (roster.valid()) {
    out.roster = numbers.next();
    out.inherits.push_back({out.roster, roster, End::kReadWrite});
  }
  for (const PortId id : process.ports) {
    const Port& port = graph.at(id);
    const Channel& channel = graph.at(port.channel);
    std::string listed = cat("port=", port.name, ",channel=", channel.name, ",kind=", channel.kind->name,
                             ",access=", name(port.access));
    for (const Gift& gift : objects.gifts(id)) {
      const int fd = port.fd ? *port.fd : numbers.next();
      out.inherits.push_back({fd, gift.object, gift.end});
      listed += cat(',', gift.key, '=', fd);
    }
    if (port.stream) continue;
    for (const Fact& fact : objects.facts(id)) listed += cat(',', fact.key, '=', fact.value);
    if (port.wait != WaitMode::kDefault) listed += cat(",wait=", name(port.wait));
    out.ports += cat(out.ports.empty() ? "" : " ", listed);
  }
  std::ranges::sort(out.inherits, {}, &Inherit::fd);
  return out;
}

}  // namespace procgraph
