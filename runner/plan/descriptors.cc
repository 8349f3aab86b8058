#include "plan/descriptors.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "graph/wording.h"

namespace procgraph {
namespace {

class Numbers {
 public:
  Numbers(const Graph& graph, const Process& process) {
    for (const PortId id : process.ports) {
      if (graph.at(id).fd) taken_.insert(*graph.at(id).fd);
    }
    if (process.ready && process.ready->probe.fd) taken_.insert(process.ready->probe.fd->value);
  }

  int next() {
    while (taken_.contains(next_)) ++next_;
    return next_++;
  }

 private:
  std::set<int> taken_;
  int next_ = 3;
};

bool listens(std::span<const Gift> gifts) {
  return std::ranges::any_of(gifts, [](const Gift& gift) { return gift.end == End::kListen; });
}

std::string_view access_of(const Channel& channel, const Port& port) {
  if (!channel.kind->served) return name(port.access);
  return port.access == Access::kRead ? "serve" : "connect";
}

}  // namespace

Descriptors number_descriptors(const Graph& graph, const Process& process, const Objects& objects,
                               ObjectId roster, std::uint32_t replica) {
  Descriptors out;
  Numbers numbers(graph, process);
  std::unordered_map<PortId, int> listeners;
  for (const PortId id : process.ports) {
    if (!listens(objects.gifts(id))) continue;
    listeners.emplace(id, numbers.next());
    out.listen_names += cat(out.listeners++ == 0 ? "" : ":", graph.at(id).name);
  }
  if (roster.valid()) {
    out.roster = numbers.next();
    out.inherits.push_back({out.roster, roster, End::kReadWrite});
  }
  for (const PortId id : process.ports) {
    const Port& port = graph.at(id);
    const Channel& channel = graph.at(port.channel);
    std::string listed = cat("port=", port.name, ",channel=", channel.name, ",kind=", channel.kind->name,
                             ",access=", access_of(channel, port));
    for (const Gift& gift : objects.gifts(id)) {
      const auto listener = listeners.find(id);
      const int fd = port.fd ? *port.fd : listener != listeners.end() ? listener->second : numbers.next();
      out.inherits.push_back({fd, gift.of(replica), gift.end});
      out.own = out.own || gift.each;
      listed += cat(',', gift.key, '=', fd);
    }
    if (port.stream) continue;
    for (const Fact& fact : objects.facts(id)) listed += cat(',', fact.key, '=', fact.value);
    if (!port.variable.empty()) listed += cat(",variable=", port.variable);
    if (port.wait != WaitMode::kDefault) listed += cat(",wait=", name(port.wait));
    out.ports += cat(out.ports.empty() ? "" : " ", listed);
  }
  std::ranges::sort(out.inherits, {}, &Inherit::fd);
  return out;
}

}  // namespace procgraph
