// A disk that takes seconds for each write of a log: nobody waits for it, neither who is started again nor
// who has messages for another one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "e2e/harness.h"

namespace procgraph::testing {
namespace {

using ::testing::HasSubstr;

constexpr int kLives = 30;
constexpr std::int64_t kWrite = 3'000'000'000;  // ns: one write of slow_disk.cc

// When it lives, each time; it prints, so that there is something to be written.
const std::string kGraph =
    std::string("containment: { tier: guard }\nprocesses:\n") +
    "  again: { shell: 'date +%s%N >> lives; seq 100; [ $(wc -l < lives) -ge " + std::to_string(kLives) +
    " ]',\n    restart: { policy: on_failure, backoff: 1ms..1ms, max: none } }\n" +
    "  f: { command: " + NODES + "/numbers 1000, writes: q }\n  m: { shell: '" + PROCGRAPH_BINARY +
    " get q | while read -r n; do echo $n; done | tail -1 > last', reads: q }\n" +
    "queues: [q]\nlogs: { dir: logs }\n";

struct Times {
  std::int64_t p99 = 0, most = 0;  // ns from one life to the next
};

Times run_with(const std::string& preloaded) {
  const e2e::Folder folder;
  folder.write("graph.yaml", kGraph);
  const e2e::Ran ran =
      e2e::shell(folder.path(), preloaded + "exec " + e2e::procgraph_path() + " run graph.yaml >/dev/null");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(folder.read("last"), "1000\n");
  std::istringstream lives(folder.read("lives"));
  std::vector<std::int64_t> times, pauses;
  for (std::int64_t time = 0; lives >> time;) times.push_back(time);
  EXPECT_EQ(times.size(), static_cast<std::size_t>(kLives));
  for (std::size_t i = 1; i < times.size(); ++i) pauses.push_back(times[i] - times[i - 1]);
  std::ranges::sort(pauses);
  return {pauses[pauses.size() * 99 / 100], pauses.back()};
}

TEST(SlowDisk, IsWaitedForByNobody) {
  const Times usual = run_with(""), slow = run_with(std::string("LD_PRELOAD=") + SLOW_DISK + " ");
  EXPECT_LT(slow.most, kWrite);
  std::printf("from life to life, p99: %.1f ms, with 3 s for each write of a log: %.1f ms\n",
              static_cast<double>(usual.p99) / 1e6, static_cast<double>(slow.p99) / 1e6);
}

}  // namespace
}  // namespace procgraph::testing
