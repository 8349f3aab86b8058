// take [hold]: takes one message of its first port and dies of SIGKILL while it holds it, or holds it for
// ever.
#include <procgraph/node.h>
#include <procgraph/queue.h>
#include <unistd.h>

#include <csignal>

int main(int argc, char**) {
  procgraph::Node node;
  auto reader = node.reader(node.ports().front().name);
  const auto message = reader.get();
  if (message && argc == 1) std::raise(SIGKILL);
  while (message) pause();
}
