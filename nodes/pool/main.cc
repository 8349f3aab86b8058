// pool: runs a command for every message of the port "in", several at a time: the message is its stdin, its
// exit code 0 the acknowledgement, its stdout the result, which goes to the port "out" before that. A graph
// puts it in the place of a process that says `per: message`.
#include <procgraph/node.h>

#include <cstdio>
#include <exception>

#include "options.h"
#include "pool.h"

int main(int argc, char** argv) {
  const auto options = pool::read_options(argc, argv);
  if (!options) return 2;
  procgraph::Node node;
  try {
    pool::Pool(node, *options).work();
    return 0;
  } catch (const procgraph::NoReaders&) {
    throw;  // ends us as one who was cut off
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
