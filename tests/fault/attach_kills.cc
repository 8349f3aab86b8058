// attach_kills [outside]: starts a process that attaches to the graph, opens its ends, takes a message, and
// is killed at a call of the kernel; then one that attaches, puts a message and ends. So again, one call
// later each, until one has got to its end. Prints how many were killed. `outside` of the graph "g", else as
// a node of it; its ports are "in", "news" and "out".
#include <procgraph/node.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <string_view>

#include "killstep_tracee.h"

namespace {

using procgraph::Node;
using procgraph::testing::Tracee;

bool outside = false;

std::unique_ptr<Node> attach() {
  return std::unique_ptr<Node>(outside ? new Node(Node::outside("g")) : new Node());
}

// Whoever looks at the graph sees nothing of a process but its calls of the kernel and what it writes into
// shared memory; that this may end anywhere the tests of the SDK show.
bool is_killed_at(long call) {
  Tracee victim([] {},
                [] {
                  const auto node = attach();
                  auto in = node->reader("in"), news = node->reader("news");
                  auto out = node->writer("out");
                  if (auto message = in.try_get()) message->put_back();
                });
  for (long n = 0; n < call; ++n)
    if (!victim.step_to_call()) return false;
  return true;
}

// It has room, and whatever the dead one had.
bool next_attaches() {
  Tracee next([] {},
              [] {
                const auto node = attach();
                auto in = node->reader("in"), news = node->reader("news");
                node->writer("out").put("x");
              });
  next.finish();
  return !next.has_failed();
}

}  // namespace

int main(int argc, char** argv) {
  outside = argc > 1 && std::string_view(argv[1]) == "outside";
  for (long call = 0;; ++call) {
    const bool killed = is_killed_at(call);
    if (!next_attaches()) {
      std::cout << "after call " << call << " the next one could not attach" << std::endl;
      return 1;
    }
    if (killed) continue;
    std::cout << "killed " << call + 1 << std::endl;
    return 0;
  }
}
