// echo: hands on what it reads.
#include <procgraph/node.h>

#include <iostream>

int main() try {
  procgraph::Node node;
  auto in = node.reader("in");
  auto out = node.writer("out");
  for (procgraph::Message& message : in) out.put(message.bytes());
} catch (const procgraph::NotInGraph& e) {
  std::cout << e.what() << '\n';
  return 3;
}
