// take: takes one message of its first port and dies of SIGKILL while it holds it.
#include <procgraph/node.h>
#include <procgraph/queue.h>

#include <csignal>

int main() {
  procgraph::Node node;
  auto reader = node.reader(node.ports().front().name);
  const auto message = reader.get();
  if (message) std::raise(SIGKILL);
}
