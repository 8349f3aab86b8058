// Processes that only live to start the next one are reaped as they end.
// PROCGRAPH_TEST_FORKS is how many of them there are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "harness.h"

namespace procgraph::e2e {
namespace {

// Since this machine was started, of all programs.
std::uint64_t forks() {
  std::ifstream file("/proc/stat");
  std::string word;
  std::uint64_t number = 0;
  while (file >> word)
    if (word == "processes" && file >> number) break;
  return number;
}

int zombies_of(const std::string& program) {
  int found = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    std::ifstream file(entry.path() / "stat");
    std::string line;
    std::getline(file, line);
    found += line.find("(" + program + ") Z") != std::string::npos ? 1 : 0;
  }
  return found;
}

TEST(Zombies, AreReapedAsTheyCome) {
  constexpr int kTolerated =
      5;  // at the best moment: what ends while the runner has no processor waits for it
  const char* asked = std::getenv("PROCGRAPH_TEST_FORKS");
  const std::uint64_t until = forks() + (asked != nullptr ? std::strtoull(asked, nullptr, 10) : 200);
  const Folder folder;
  folder.write("graph.yaml", std::string("containment: { tier: pid_namespace }\nprocesses:\n  hop: ") +
                                 TEST_NODES + "/node_hostile hop\n");
  Running run(folder.path(), {procgraph_path(), "run", "-v", "graph.yaml"});
  ASSERT_TRUE(run.wait_for_err("hop started"));
  int samples = 0, least = 1 << 20, most = 0;
  const std::uint64_t begin = forks();
  while (forks() < until || samples == 0) {
    const int zombies = zombies_of("node_hostile");
    most = std::max(most, zombies);
    if (forks() < begin + (until - begin) / 2) continue;
    least = std::min(least, zombies);
    ++samples;
  }
  run.signal(SIGQUIT);
  run.wait();
  EXPECT_GT(samples, 0);
  EXPECT_LE(least, kTolerated);
  std::printf("at most %d zombies in %d looks\n", most, samples);
}

}  // namespace
}  // namespace procgraph::e2e
