// fussy N: prints the numbers that it gets, but for those that N divides: these it gives back each time.
#include <procgraph/node.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>

int main(int argc, char** argv) {
  procgraph::Node node;
  auto in = node.reader(node.ports().at(0).name);
  const int dislikes = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 3;
  for (procgraph::Message& message : in) {
    if (std::atoi(std::string(message.text()).c_str()) % dislikes == 0) {
      message.nack();
    } else {
      std::cout << message.text() << std::endl;
    }
  }
}
