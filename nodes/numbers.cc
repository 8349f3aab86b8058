// numbers N: puts the numbers from 1 to N, each as a message of its own.
#include <procgraph/node.h>

#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
  procgraph::Node node;
  auto out = node.writer(node.ports().at(0).name);
  const int last = argc > 1 ? std::atoi(argv[1]) : 10;
  for (int i = 1; i <= last; ++i) out.put(std::to_string(i));
}
