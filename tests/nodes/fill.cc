// fill COUNT SIZE [OWN]: takes OWN bytes of memory for itself, then puts COUNT messages of SIZE bytes into
// its first port, each of which begins with its number, from 1, and says so of each that it has put.
#include <procgraph/node.h>
#include <procgraph/queue.h>

#include <cstdlib>
#include <iostream>
#include <string>

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto argument = [&](int i) { return i < argc ? std::strtoul(argv[i], nullptr, 10) : 0; };
  procgraph::Node node;
  auto writer = node.writer(node.ports().front().name);
  const std::string own(argument(3), 'x');
  for (unsigned long i = 1; i <= argument(1); ++i) {
    std::string message = std::to_string(i);
    message.resize(argument(2), 'x');
    writer.put(message);
    std::cout << "put " << i << std::endl;
  }
}
