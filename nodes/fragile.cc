// fragile N: prints the numbers that it gets; at the first sight of one that N divides it crashes, with the
// number in its hands.
#include <procgraph/node.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>

int main(int argc, char** argv) {
  procgraph::Node node;
  auto in = node.reader(node.ports().at(0).name);
  const int breaks_it = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 3;
  for (procgraph::Message& message : in) {
    const bool new_to_all = message.deliveries() == 1;
    if (new_to_all && std::atoi(std::string(message.text()).c_str()) % breaks_it == 0) std::_Exit(1);
    std::cout << message.text() << std::endl;
  }
}
