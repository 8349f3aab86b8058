// fill COUNT SIZE [OWN]: takes OWN bytes of memory for itself, then puts COUNT messages of SIZE bytes into
// its first port.
#include <procgraph/node.h>
#include <procgraph/queue.h>

#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto number = [&](int i) { return i < argc ? std::strtoul(argv[i], nullptr, 10) : 0; };
  procgraph::Node node;
  auto writer = node.writer(node.ports().front().name);
  const std::string message(number(2), 'x'), own(number(3), 'x');
  for (unsigned long i = 0; i < number(1); ++i) writer.put(message);
}
