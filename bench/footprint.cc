// A node that tells what its queues cost: attaches to all of them, says how long that took, in ns, and waits
// for a line; then, where it has one to itself, it puts and gets as many messages of 64 bytes as its argument
// says, says so, and waits again.
#include <procgraph/node.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  const auto began = std::chrono::steady_clock::now();
  procgraph::Node node;
  std::vector<procgraph::Reader> readers;
  std::vector<procgraph::Writer> writers;
  for (const procgraph::PortInfo& port : node.ports()) {
    if (port.access == "read") {
      readers.push_back(node.reader(port.name));
    } else {
      writers.push_back(node.writer(port.name));
    }
  }
  const auto took = std::chrono::steady_clock::now() - began;
  std::cout << took.count() << std::endl;
  std::string line;
  std::getline(std::cin, line);
  if (argc != 2) return 0;
  for (long left = std::atol(argv[1]); left > 0; --left) {
    writers[0].put(std::string(64, 'x'));
    if (!readers[0].get()) return 1;
  }
  std::cout << "done" << std::endl;
  std::getline(std::cin, line);
}
