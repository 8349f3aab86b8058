// A thousand graphs made at random, on the kernel's own pipes and on our queues and topics: those that finish
// are never called dead, those that hang always are, and what is said agrees with an exhaustive search of all
// that could become of them. PROCGRAPH_TEST_GRAPHS says how many; by default few.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "script_graph.h"

namespace procgraph::e2e {
namespace {

constexpr unsigned kShards = 4;   // that ctest runs beside each other
constexpr unsigned kEnough = 40;  // graphs, of which some of each sort are to be expected
constexpr const char* kCalled = "deadlock (";

unsigned script_graphs() {
  const char* asked = std::getenv("PROCGRAPH_TEST_GRAPHS");
  return asked != nullptr ? static_cast<unsigned>(std::atoi(asked)) : kEnough;
}

std::vector<std::string> script_run(const std::string& graph) {
  return {procgraph_path(), "run", "--nodes", TEST_NODES, "--timeout", "100s", graph};
}

// "deadlock (true, local): p1 ◀─[c0 empty]─ p3 …": 1 and 3.
std::vector<unsigned> called_dead(const std::string& line) {
  std::vector<unsigned> all;
  for (std::size_t at = line.find(kCalled); (at = line.find(" p", at)) != std::string::npos; ++at) {
    const auto process = static_cast<unsigned>(line.at(at + 2) - '0');
    if (process < 10 && std::ranges::find(all, process) == all.end()) all.push_back(process);
  }
  return all;
}

// What is true for ever once it is, whatever the processes do meanwhile: none of them moves from here on, in
// any order of events. A look may come before one has written down what it has just done.
bool proves_dead(const ScriptGraph& graph, const Folder& folder, const std::vector<unsigned>& dead) {
  const ScriptState first = graph.state(folder);
  for (const auto given_up = std::chrono::steady_clock::now() + std::chrono::minutes(1);
       std::chrono::steady_clock::now() < given_up; std::this_thread::yield()) {
    const ScriptState state = graph.state(folder);
    for (const unsigned process : dead)
      if (graph.has_ended(state, process) || state.done[process] != first.done[process]) return false;
    const auto future = graph.future(state, true);
    if (!future) return true;  // too much to search; nobody has moved
    if (std::ranges::none_of(dead, [&](unsigned process) { return future->moves[process]; })) return true;
  }
  return false;
}

TEST(ScriptGraphs, WaitForPipesAndQueuesAtOnceToo) {
  unsigned mixed = 0;
  for (unsigned seed = 0; seed < kEnough; ++seed) mixed += ScriptGraph(seed).mixed();
  EXPECT_GT(mixed, 0U);
}

class Hangs : public testing::TestWithParam<unsigned> {};

TEST_P(Hangs, AreCalledSoExactlyWhereNothingCanGoOn) {
  unsigned finished = 0, hung = 0, sure = 0, mixed = 0;
  for (unsigned seed = GetParam(); seed < script_graphs(); seed += kShards) {
    const ScriptGraph graph(seed);
    mixed += graph.mixed();
    const Folder folder;
    graph.make_logs(folder);
    folder.write("g.yaml", graph.yaml("warn"));
    const auto expected = graph.future(graph.start(), true);
    if (expected) sure += expected->can_finish != expected->can_hang;
    Running running(folder.path(), script_run("g.yaml"));
    const std::string line = running.line_of_err(kCalled);
    if (line.empty()) {
      const Ran ran = running.wait();
      ASSERT_EQ(ran.code, 0) << "seed " << seed << '\n' << graph.yaml("warn") << ran.err;
      ASSERT_TRUE(!expected || expected->can_finish) << "seed " << seed << '\n' << graph.yaml("warn");
      ++finished;
      continue;
    }
    const std::vector<unsigned> dead = called_dead(line);
    ASSERT_FALSE(dead.empty()) << line;
    ASSERT_TRUE(proves_dead(graph, folder, dead)) << "seed " << seed << '\n' << graph.yaml("warn") << line;
    ASSERT_TRUE(!expected || expected->can_hang) << "seed " << seed << '\n' << graph.yaml("warn") << line;
    ++hung;
    running.signal(SIGTERM);
    EXPECT_EQ(running.wait().signal, SIGTERM);
  }
  const bool enough = script_graphs() >= kEnough;
  EXPECT_TRUE(!enough || finished > 0);
  EXPECT_TRUE(!enough || hung > 0);
  EXPECT_TRUE(!enough || sure > (finished + hung) / 4);
  RecordProperty("finished", static_cast<int>(finished));
  RecordProperty("hung", static_cast<int>(hung));
  RecordProperty("sure", static_cast<int>(sure));
  RecordProperty("mixed", static_cast<int>(mixed));
}

// Where buffers may grow, only those hang that would with buffers of any size.
TEST_P(Hangs, AreGoneWhereBuffersMayGrow) {
  unsigned finished = 0, hung = 0, grown = 0;
  for (unsigned seed = GetParam(); seed < script_graphs(); seed += kShards) {
    const ScriptGraph graph(seed);
    const auto bounded = graph.future(graph.start(), true), unbounded = graph.future(graph.start(), false);
    if (!bounded || !unbounded || !bounded->can_hang) continue;  // the other test has it
    const Folder folder;
    graph.make_logs(folder);
    folder.write("g.yaml", graph.yaml("grow"));
    const Ran ran = Running(folder.path(), script_run("g.yaml")).wait();
    ASSERT_TRUE(ran.code == 0 || ran.code == 75) << "seed " << seed << '\n' << ran.err;
    ASSERT_TRUE(ran.code == 0 ? unbounded->can_finish : unbounded->can_hang) << "seed " << seed << '\n'
                                                                             << graph.yaml("grow") << ran.err;
    ++(ran.code == 0 ? finished : hung);
    grown += ran.err.find("and the graph goes on") != std::string::npos;
  }
  const bool enough = script_graphs() >= kEnough;
  EXPECT_TRUE(!enough || finished > 0);
  EXPECT_TRUE(!enough || grown > 0);
  RecordProperty("finished", static_cast<int>(finished));
  RecordProperty("hung", static_cast<int>(hung));
  RecordProperty("grown", static_cast<int>(grown));
}

INSTANTIATE_TEST_SUITE_P(Of, Hangs, testing::Range(0U, kShards));

}  // namespace
}  // namespace procgraph::e2e
