// copy: hands every message of one port on through another, as it came. A graph puts it between a topic and
// the copies of a process, which share what it hands on.
#include <procgraph/node.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: copy IN OUT: two ports\n");
    return 2;
  }
  procgraph::Node node;
  auto in = node.reader(argv[1]);
  auto out = node.writer(argv[2]);
  for (procgraph::Message& message : in) out.forward(message);  // acknowledged once it is put
}
