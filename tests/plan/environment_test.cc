#include "plan/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph_text.h"
#include "plan/plan.h"

namespace procgraph {
namespace {

using testing::ElementsAre;

std::vector<std::string> environment_of(std::string_view yaml, std::size_t spawn = 0) {
  test::FakeWorld world;
  world.value.environment = {{"HOME", "/home/u"},
                             {"LISTEN_FDS", "1"},
                             {"NOTIFY_SOCKET", "/run/x"},
                             {"PATH", "/usr/bin"},
                             {"PROCGRAPH_PORTS", "x"},
                             {"SECRET", "s"},
                             {"TERM", "xterm"},
                             {"WATCHDOG_USEC", "5"},
                             {"XDG_RUNTIME_DIR", "/r"},
                             {"PROCGRAPH_COLOR", "1"},
                             {"PATHS", "1"}};
  test::Text text(yaml, world.value);
  PlanErrors errors;
  const Plan plan = make_plan(text.graph, text.world, text.diagnostics, errors);
  EXPECT_EQ(text.told(), "");
  return plan.spawns.at(spawn).env;
}

TEST(Environment, IsTheRunnersLessWhatIsTheRunnersOwn) {
  EXPECT_THAT(environment_of("processes: { a: n }\n"),
              ElementsAre("HOME=/home/u", "PATH=/usr/bin", "PATHS=1", "PROCGRAPH_GRAPH=g",
                          "PROCGRAPH_PROCESS=a", "PROCGRAPH_REPLICA=0", "PROCGRAPH_REPLICAS=1", "SECRET=s",
                          "TERM=xterm", "XDG_RUNTIME_DIR=/r"));
}

TEST(Environment, HoldsASmallSetWhereItIsClean) {
  EXPECT_THAT(
      environment_of("processes: { a: { command: n, clean_env: true, env: { MODE: fast } } }\n"),
      ElementsAre("HOME=/home/u", "MODE=fast", "PATH=/usr/bin", "PROCGRAPH_GRAPH=g", "PROCGRAPH_PROCESS=a",
                  "PROCGRAPH_REPLICA=0", "PROCGRAPH_REPLICAS=1", "TERM=xterm", "XDG_RUNTIME_DIR=/r"));
}

TEST(Environment, LetsWhatIsDeclaredWin) {
  EXPECT_THAT(
      environment_of(
          "processes: { a: { command: n, clean_env: true, env: { HOME: /tmp, PROCGRAPH_COLOR: never } } }\n"),
      ElementsAre("HOME=/tmp", "PATH=/usr/bin", "PROCGRAPH_COLOR=never", "PROCGRAPH_GRAPH=g",
                  "PROCGRAPH_PROCESS=a", "PROCGRAPH_REPLICA=0", "PROCGRAPH_REPLICAS=1", "TERM=xterm",
                  "XDG_RUNTIME_DIR=/r"));
}

// What is declared in the file itself wins over its env_file, whichever stands first, a later such file over
// an earlier one, and all of them over what is inherited.
TEST(Environment, TakesFilesOfVariablesToo) {
  test::FakeWorld world;
  world.value.environment = {{"HOME", "/home/u"}, {"LEVEL", "inherited"}, {"PATH", "/usr/bin"}};
  world.text("/w/one.env", "A=one\nB=one\nC=one\nHOME=one\n").text("/w/two.env", "B=two\nC=two\n");
  test::Text text(
      "processes: { a: { command: n, clean_env: true, env: { C: own }, env_file: [one.env, two.env] } }\n",
      world.value);
  PlanErrors errors;
  const Plan plan = make_plan(text.graph, text.world, text.diagnostics, errors);
  EXPECT_EQ(text.told(), "");
  EXPECT_THAT(plan.spawns.at(0).env,
              ElementsAre("A=one", "B=two", "C=own", "HOME=one", "PATH=/usr/bin", "PROCGRAPH_GRAPH=g",
                          "PROCGRAPH_PROCESS=a", "PROCGRAPH_REPLICA=0", "PROCGRAPH_REPLICAS=1"));
}

TEST(Environment, KnowsTheReplica) {
  const auto environment = environment_of(
      "processes: { a: { command: n, replicas: 3, clean_env: true, env: { GPU: "
      "\"gpu${replica}of${replicas}\" } } }\n",
      2);
  EXPECT_THAT(environment,
              testing::IsSupersetOf({"GPU=gpu2of3", "PROCGRAPH_REPLICA=2", "PROCGRAPH_REPLICAS=3"}));
}

TEST(Environment, DecidesWhereAProgramIsFound) {
  test::FakeWorld world;
  world.program("/opt/bin/tool");
  test::Text text("processes: { a: { command: tool, env: { PATH: /opt/bin } } }\n", world.value);
  PlanErrors errors;
  EXPECT_EQ(make_plan(text.graph, text.world, text.diagnostics, errors).spawns.at(0).program,
            "/opt/bin/tool");
}

}  // namespace
}  // namespace procgraph
