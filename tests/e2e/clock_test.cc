// Clocks that are somewhere else: a run in a time namespace of a year ahead, with all that waits for a time
// in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kAYearAhead = "exec unshare --time --fork --monotonic 31536000 --boottime 31536000 ";

TEST(Clocks, OfAYearAheadEndNothingEarlyAndKeepNothingWaiting) {
  const Folder folder;
  if (shell(folder.path(), std::string(kAYearAhead) + "true").code != 0)
    GTEST_SKIP() << "no time namespace is to be had here";
  folder.write(
      "graph.yaml",
      std::string("timeout: 10m\ncontainment: { tier: guard }\nprocesses:\n"
                  "  f: { command: ") +
          NODES +
          "/numbers 1000, writes: q, timeout: 10m, after: { up: ready } }\n"
          "  m: { shell: '" +
          procgraph_path() +
          " get q | wc -l', reads: q }\n"
          "  up: { shell: 'echo up; exec sleep 1000', service: true, ready: { log: up, timeout: 10m },\n"
          "        health: { exec: 'true', interval: 1ms, timeout: 10m } }\n"
          "  again: { shell: 'echo >> lives; [ $(wc -l < lives) = 3 ]', restart: { policy: on_failure,\n"
          "           backoff: 1ms..2ms } }\n"
          "queues: { q: { expire: 1h, lease_timeout: 1h, retry: 1ms..2ms } }\n");
  const Ran ran = shell(folder.path(), kAYearAhead + procgraph_path() + " run -v graph.yaml");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("1000\n"));
  EXPECT_THAT(ran.err, HasSubstr("queue 'q': 1,000 put, 1,000 acknowledged"));
  EXPECT_THAT(ran.err, HasSubstr("(2 of 5 in 1m)"));
  EXPECT_THAT(ran.err, Not(HasSubstr("expired")));
}

}  // namespace
}  // namespace procgraph::e2e
