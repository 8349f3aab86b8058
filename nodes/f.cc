// f: hands something to m. Over a queue or a topic a text, over a pipe four numbers: whichever channel the
// graph gave it.
#include <procgraph/node.h>

int main() {
  procgraph::Node node;
  const procgraph::PortInfo& port = node.ports().at(0);
  if (port.kind != "pipe") {
    node.writer(port.name).put("['HelloWorld']");
  } else {
    auto connection = node.connection(port.name);
    connection.send("[1, 2, 3, 4]");
    connection.close();
  }
}
