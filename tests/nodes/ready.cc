// Says that it is ready, twice, and waits to be ended.
#include <procgraph/node.h>
#include <unistd.h>

int main() {
  procgraph::Node node;
  node.ready();
  node.ready();
  ::pause();
}
