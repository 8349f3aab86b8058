// tally: counts in shared memory. `tally N` adds 1 to the total N times; without N it prints the total.
#include <procgraph/node.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>

int main(int argc, char** argv) {
  procgraph::Node node;
  procgraph::Value<std::uint64_t> total(node.shared_memory("total"));
  if (argc < 2) {
    std::cout << total.load() << std::endl;
    return 0;
  }
  for (int n = std::atoi(argv[1]); n > 0; --n) total.update([](std::uint64_t& now) { ++now; });
}
