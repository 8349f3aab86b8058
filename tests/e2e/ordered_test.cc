// Results of nodes that leave in the order of their input, in whole graphs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <string>
#include <vector>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;

// The numbers from 1 to `last`, through copies of `answer`, to `m`.
std::string ordered_graph(int last, const std::string& arguments, const std::string& keys,
                          const std::string& queue = {}) {
  return "processes:\n  numbers: { command: numbers " + std::to_string(last) +
         ", writes: q }\n  work: { command: " + ANSWER + " " + arguments + ", reads: q, writes: r, " + keys +
         " }\n  m: { command: m, reads: r }\nqueues: { q: { capacity: 10" + queue + " }, r: { capacity: 5 }" +
         (queue.find("dead") == std::string::npos ? "" : ", bad: {}") + " }\n";
}

std::string answers(int last, int poison = 0) {
  std::string text;
  for (int n = 1; n <= last; ++n) {
    if (poison > 0 && n % poison == 0) continue;
    for (int i = 0; i < n % 4; ++i)
      text += "get in P2: " + std::to_string(n) + "." + std::to_string(i) + "\n";
  }
  return text;
}

constexpr const char* kRestart = "restart: { policy: on_failure, backoff: 1ms, max: none }";

TEST(OrderedNodes, EqualOneCopyAlone) {
  const Ran ran = run_text(ordered_graph(500, "0", "ordered: true, replicas: 4"), {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, answers(500));
}

// Copies die in the middle of their answers, behind the last, before the first, and give messages back:
// nothing is lost, doubled or out of its place.
TEST(OrderedNodes, KeepTheOrderWhenCopiesDie) {
  const Ran ran =
      run_text(ordered_graph(600, "10", std::string("ordered: { window: 16 }, replicas: 4, ") + kRestart,
                             ", max_deliveries: 1000"),
               {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, answers(600));
  EXPECT_THAT(ran.err, HasSubstr("killed by SIGKILL"));
}

TEST(OrderedNodes, SkipWhatFailsTooOftenAndMakeItADeadLetter) {
  const Ran ran = run_text(ordered_graph(200, "0 50", std::string("ordered: true, replicas: 2, ") + kRestart,
                                         ", dead_letter: bad, max_deliveries: 3"),
                           {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, answers(200, 50));
  EXPECT_THAT(ran.err, HasSubstr("4 messages were left in queue 'bad'"));
}

TEST(OrderedNodes, WithoutDeadLettersTheFirstThatFailsEndsTheGraph) {
  const Ran ran =
      run_text(ordered_graph(200, "0 50", std::string("ordered: true, ") + kRestart), {"--no-prefix"});
  EXPECT_EQ(ran.code, 65) << ran.err;
}

TEST(OrderedNodes, NoMoreAreInHandThanTheWindowAllows) {
  Folder folder;
  ASSERT_EQ(mkfifo((folder.path() + "/go").c_str(), 0600), 0);
  folder.write("g.yaml", ordered_graph(20, "0 0 go", "ordered: { window: 3 }, replicas: 2, stderr: inherit"));
  Running running(folder.path(), {procgraph_path(), "run", "g.yaml", "--no-prefix"});
  ASSERT_TRUE(running.wait_for_err("1 is held"));
  ASSERT_TRUE(running.wait_for_err("3 was got"));
  std::ofstream(folder.path() + "/go") << "go\n";
  const Ran ran = running.wait();
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, answers(20));
  EXPECT_LT(ran.err.find("1 goes on"), ran.err.find("4 was got")) << ran.err;
}

TEST(OrderedNodes, TakeFromATopicToo) {
  const Ran ran =
      run_text("processes:\n  numbers: { command: numbers 100, writes: q }\n  work: { command: " +
                   std::string(ANSWER) +
                   ", reads: q, writes: r, ordered: true, replicas: 3 }\n  m: { command: m, reads: r }\n"
                   "topics: [q]\nqueues: [r]\n",
               {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, answers(100));
}

TEST(OrderedNodes, FailWithWhatOrdersThem) {
  Folder folder;
  ASSERT_EQ(mkfifo((folder.path() + "/go").c_str(), 0600), 0);
  folder.write("g.yaml",
               ordered_graph(1000, "0 0 go", "ordered: { window: 3 }, replicas: 2, stderr: inherit"));
  Running running(folder.path(), {procgraph_path(), "run", "g.yaml", "-v", "--no-prefix"});
  const std::string words = "order:work started (pid ";
  ASSERT_TRUE(running.wait_for_err(words));
  ASSERT_TRUE(running.wait_for_err("1 is held"));
  const std::string err = running.err();
  ASSERT_EQ(kill(std::stoi(err.substr(err.find(words) + words.size())), SIGKILL), 0);
  const Ran ran = running.wait();
  EXPECT_EQ(ran.code, 137) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("order:work failed: killed by SIGKILL"));
}

TEST(OrderedNodes, LeaveWhatNoCopyIsLeftToAnswer) {
  const Ran ran = run_text(
      "processes:\n  numbers: { command: numbers 20, writes: q }\n  work: { command: " + std::string(ANSWER) +
          " 0 5, reads: q, writes: r, ordered: true, on_failure: ignore, after: { numbers: succeeded } }\n"
          "  m: { command: m, reads: r }\nqueues: [q, r]\n",
      {"--no-prefix"});
  EXPECT_EQ(ran.out, answers(4)) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("16 messages were left in queue 'q'"));
}

}  // namespace
}  // namespace procgraph::e2e
