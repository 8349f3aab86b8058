// A graph of two hundred processes that do not want to end: a stop ends them all, when its grace is over.
// PROCGRAPH_TEST_STOPS is how often.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "harness.h"

namespace procgraph::e2e {
namespace {

std::string of_forty(const std::string& behaviour) {
  return "  " + behaviour + ": { command: " + TEST_NODES + "/node_hostile " + behaviour +
         ", replicas: 40 }\n";
}

// "up" is said by who starts when all others have.
const std::string kHostile =
    "grace: 1s\ncontainment: { tier: guard }\nprocesses:\n" + of_forty("ignore") + of_forty("stop") +
    of_forty("setsid") + of_forty("daemon") +
    "  slow: { shell: \"trap 'sleep 0.3; exit 0' TERM; while :; do sleep 1000 & wait; done\", replicas: 40 "
    "}\n"
    "  up: { shell: 'echo up; exec sleep 1000', after: { ignore: started, stop: started, setsid: started,\n"
    "        daemon: started, slow: started } }\n";

TEST(HostileStop, EndsWithItsGrace) {
  const char* asked = std::getenv("PROCGRAPH_TEST_STOPS");
  const int stops = asked != nullptr ? std::atoi(asked) : 1;
  std::vector<std::chrono::milliseconds> taken;
  for (int i = 0; i < stops; ++i) {
    Folder folder;
    folder.write("graph.yaml", kHostile);
    Running run(folder.path(), {procgraph_path(), "run", "graph.yaml"});
    ASSERT_TRUE(run.wait_for_out("up")) << run.wait().err;
    const auto began = std::chrono::steady_clock::now();
    run.signal(SIGTERM);
    ASSERT_EQ(run.wait().signal, SIGTERM) << run.err();
    taken.push_back(
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began));
  }
  std::ranges::sort(taken);
  std::printf("%d stops of 201 processes with a grace of 1 s: median %ld ms, most %ld ms\n", stops,
              static_cast<long>(taken[taken.size() / 2].count()), static_cast<long>(taken.back().count()));
}

}  // namespace
}  // namespace procgraph::e2e
