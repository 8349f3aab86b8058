// The descriptors of one process: which number is which end of which object, and the PROCGRAPH_PORTS that
// says so.
#pragma once

#include <string>
#include <vector>

#include "plan/objects.h"

namespace procgraph {

struct Descriptors {
  std::vector<Inherit> inherits;  // sorted by number; streams that are files are not among them
  std::string ports;              // PROCGRAPH_PORTS, or ""
  int roster = -1;
  unsigned listeners = 0;    // on 3, 4 …
  std::string listen_names;  // of their ports, with ':' between
  bool own = false;          // some of them are of objects that only this replica has
};

// 0 to 2 are streams, listeners come first from 3, `fd: N` is N, everything else lies on the lowest free
// numbers after the listeners: the roster, then the ports in their order. `roster` is invalid where the
// process does not take part. The numbers are the same for all replicas.
[[nodiscard]] Descriptors number_descriptors(const Graph& graph, const Process& process,
                                             const Objects& objects, ObjectId roster, std::uint32_t replica);

}  // namespace procgraph
