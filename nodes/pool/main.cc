// pool: runs a command for every message of the port "in", several at a time: the message is its stdin, its
// exit code 0 the acknowledgement, its stdout the result, which goes to the port "out" before that. A graph
// puts it in the place of a process that says `per: message`; `procgraph each` becomes one, for a shell.
#include <procgraph/node.h>

#include <cstdio>
#include <exception>
#include <optional>

#include "legacy.h"
#include "options.h"
#include "pool.h"

namespace pool {
namespace {

constexpr int kNoChannel = 69;

int work(procgraph::Node& node, const Options& options) {
  Pool pool(node, options);
  pool.work();
  return pool.code();
}

int work(const Options& options) {
  if (options.outside) {
    procgraph::Node node = procgraph::Node::outside(options.graph);
    return work(node, options);
  }
  std::optional<Legacy> legacy;
  if (options.each) legacy.emplace();
  procgraph::Node node;
  if (legacy) legacy->hand_on();
  return work(node, options);
}

}  // namespace
}  // namespace pool

int main(int argc, char** argv) {
  const auto options = pool::read_options(argc, argv);
  if (!options) return 2;
  try {
    return pool::work(*options);
  } catch (const procgraph::NoReaders&) {
    throw;  // ends us as one who was cut off
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s%s\n", options->each ? "procgraph each: " : "", error.what());
    return options->each ? pool::kNoChannel : 1;
  }
}
