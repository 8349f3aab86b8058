// letters: prints dead letters, and why each of them is one.
#include <procgraph/node.h>

#include <iostream>

int main() {
  procgraph::Node node;
  auto in = node.reader(node.ports().at(0).name);
  for (procgraph::Message& message : in) {
    const auto letter = message.dead_letter();
    if (!letter) continue;  // put here by somebody, in the ordinary way
    std::cout << message.text() << ": " << letter->deliveries << " times, " << letter->cause << " of "
              << letter->process << std::endl;
  }
}
