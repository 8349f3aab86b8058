// m: prints what f hands to it, until there is no more.
#include <procgraph/node.h>

#include <iostream>

int main() {
  procgraph::Node node;
  const procgraph::PortInfo& port = node.ports().at(0);
  if (port.kind != "pipe") {
    auto reader = node.reader(port.name);
    for (procgraph::Message& message : reader) std::cout << "get in P2: " << message.text() << std::endl;
  } else {
    auto connection = node.connection(port.name);
    while (auto text = connection.recv_text()) std::cout << *text << std::endl;
    connection.close();
  }
}
