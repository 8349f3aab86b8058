// What the desk tells of a run, and what its methods order.
#include "supervise/desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "supervise/supervise.h"

namespace procgraph {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// a, and two copies of b, which may be started again.
Plan plan_of_a_and_b() {
  Plan plan;
  plan.graph.name = "g";
  plan.graph.processes.resize(2);
  plan.graph.processes[0].id = ProcessId{0};
  plan.graph.processes[0].name = "a";
  plan.graph.processes[1].id = ProcessId{1};
  plan.graph.processes[1].name = "b";
  plan.graph.processes[1].replicas = 2;
  plan.graph.processes[1].restart.when = Restart::kAlways;
  plan.spawns.resize(3);
  for (std::uint32_t i = 0; i < 3; ++i) {
    plan.spawns[i].id = SpawnId{i};
    plan.spawns[i].process = ProcessId{i == 0 ? 0U : 1U};
    plan.spawns[i].label = i == 0 ? "a" : i == 1 ? "b.0" : "b.1";
  }
  plan.start_group = {0, 1};
  plan.stop_rank = {0, 0};
  return plan;
}

class DeskTest : public ::testing::Test {
 protected:
  DeskTest() {
    for (SpawnState& spawn : situation.spawns) {
      spawn.life = life::State::kRunning;
      spawn.lives.starts = 1;
      spawn.since = std::chrono::seconds(1);
      spawn.ready = true;
    }
  }

  Answer call(std::string_view name, const Json& params = Json::object()) {
    const Server::Table table = desk.table();
    const auto method = std::ranges::find(table.methods, name, &Server::Method::name);
    EXPECT_NE(method, table.methods.end()) << name;
    return method->call(params);
  }
  Json result(std::string_view name, const Json& params = Json::object()) {
    const Answer answer = call(name, params);
    EXPECT_TRUE(std::holds_alternative<Json>(answer)) << name;
    return std::holds_alternative<Json>(answer) ? std::get<Json>(answer) : Json();
  }
  std::string refusal(std::string_view name, const Json& params = Json::object()) {
    const Answer answer = call(name, params);
    const auto* problem = std::get_if<Problem>(&answer);
    return problem != nullptr ? problem->message : "";
  }
  template <class T>
  std::vector<std::uint32_t> ordered() {
    std::vector<std::uint32_t> spawns;
    for (const Event& event : told)
      if (const auto* order = std::get_if<T>(&event))
        for (const SpawnId id : order->spawns) spawns.push_back(id.value);
    return spawns;
  }

  const Plan plan = plan_of_a_and_b();
  const Cast cast = make_cast(plan, RunOptions{});
  Situation situation = make_situation(cast);
  Opened opened = std::move(*Opened::open(plan));
  std::vector<Event> told;
  std::vector<std::pair<std::uint32_t, int>> signals;
  std::vector<std::pair<std::size_t, int>> families;
  int stopped = 0;
  const Desk desk{plan,
                  cast,
                  situation,
                  opened,
                  "g-2",
                  4242,
                  {.now = [] { return Instant(std::chrono::seconds(3)); },
                   .pid =
                       [this](SpawnId id) {
                         return life::over(situation.at(id).life) ? -1 : 100 + static_cast<pid_t>(id.value);
                       },
                   .stopped_by = [this](SpawnId) { return stopped; },
                   .look = [] { return Sight{}; },
                   .tell = [this](Event event) { told.push_back(std::move(event)); },
                   .signal =
                       [this](SpawnId id, int signal) {
                         signals.emplace_back(id.value, signal);
                         return 0;
                       },
                   .signal_all = [this](std::span<const SpawnId> spawns,
                                        int signal) { families.emplace_back(spawns.size(), signal); }}};
};

TEST_F(DeskTest, TellsTheStateOfEachCopy) {
  const Json status = result("status");
  EXPECT_EQ(status["name"], "g-2");
  EXPECT_EQ(status["pid"], 4242);
  EXPECT_EQ(status["up_ms"], 3000);
  EXPECT_EQ(status["state"], "running");
  ASSERT_EQ(status["processes"].size(), 3U);
  EXPECT_EQ(status["processes"][1], (Json{{"process", "b"},
                                          {"label", "b.0"},
                                          {"state", "running"},
                                          {"ready", true},
                                          {"restarts", 0},
                                          {"service", false},
                                          {"builtin", false},
                                          {"pid", 101},
                                          {"up_ms", 2000}}));
}

TEST_F(DeskTest, TellsHowOneHasEnded) {
  SpawnState& ended = situation.spawns[0];
  ended.life = life::State::kEnded;
  ended.verdict = Verdict::kFailed;
  ended.exit = {.code = 3};
  ended.ran = std::chrono::milliseconds(1500);
  const Json one = result("status", {{"processes", {"a"}}})["processes"][0];
  EXPECT_EQ(one["state"], "failed");
  EXPECT_EQ(one["code"], 3);
  EXPECT_EQ(one["ran_ms"], 1500);
  EXPECT_FALSE(one.contains("pid"));
  ended.exit = {.signal = SIGSEGV};
  EXPECT_EQ(result("status", {{"processes", {"a"}}})["processes"][0]["signal"], "SIGSEGV");
  EXPECT_EQ(result("why", {{"processes", {"a"}}})["text"], "a has ended (failed): killed by SIGSEGV");
}

TEST_F(DeskTest, AProcessNamesAllItsCopies) {
  EXPECT_EQ(result("stop", {{"processes", {"b"}}})["processes"], (Json{"b.0", "b.1"}));
  EXPECT_THAT(ordered<event::EndOrder>(), ElementsAre(1, 2));
  EXPECT_EQ(result("restart", {{"processes", {"b.1"}}})["processes"], Json::array({"b.1"}));
  EXPECT_THAT(ordered<event::RestartOrder>(), ElementsAre(2));
}

TEST_F(DeskTest, RefusesWhatItDoesNotKnowAndTellsNobody) {
  EXPECT_EQ(refusal("stop", {{"processes", {"b.2"}}}), "graph 'g' has no process 'b.2'; did you mean 'b.0'?");
  EXPECT_EQ(refusal("stop", {{"processes", Json::array()}}), "'processes' is to name at least one");
  EXPECT_EQ(refusal("stop", {{"proceses", {"a"}}}), "there is no parameter 'proceses'");
  EXPECT_EQ(refusal("stop", {{"processes", "a"}}), "'processes' is to be a list of texts");
  EXPECT_EQ(refusal("stop", {{"processes", {"a"}}, {"force", true}}), "'force' is for the whole graph");
  EXPECT_EQ(refusal("restart"), "'processes' is to name at least one");
  EXPECT_EQ(refusal("restart", {{"processes", {"b", "a"}}}),
            "a cannot be started again: the file gives it no 'restart', so its channels do not wait for it");
  EXPECT_EQ(refusal("signal", {{"processes", {"a"}}, {"signal", "NO"}}),
            "'NO' is no signal: HUP, USR1, TERM …");
  EXPECT_THAT(told, IsEmpty());
  EXPECT_THAT(signals, IsEmpty());
}

TEST_F(DeskTest, WithoutNamesTheRunIsStopped) {
  EXPECT_EQ(result("stop"), Json::object());
  EXPECT_EQ(result("stop", {{"force", true}}), Json::object());
  ASSERT_EQ(told.size(), 2U);
  EXPECT_FALSE(std::get<event::StopOrder>(told[0]).force);
  EXPECT_TRUE(std::get<event::StopOrder>(told[1]).force);
}

TEST_F(DeskTest, SignalsAreNamedAsPeopleNameThem) {
  for (const char* name : {"HUP", "SIGHUP", "1"})
    (void)result("signal", {{"processes", {"a"}}, {"signal", name}});
  EXPECT_THAT(signals, ElementsAre(std::pair(0U, SIGHUP), std::pair(0U, SIGHUP), std::pair(0U, SIGHUP)));
}

TEST_F(DeskTest, APauseIsOfAllThatRun) {
  situation.spawns[0].life = life::State::kEnded;
  EXPECT_EQ(result("pause")["processes"], (Json{"b.0", "b.1"}));
  (void)result("resume", {{"processes", {"b.0"}}});
  EXPECT_THAT(families, ElementsAre(std::pair(std::size_t{2}, SIGSTOP), std::pair(std::size_t{1}, SIGCONT)));
  EXPECT_EQ(refusal("pause", {{"processes", {"a"}}}), "a has ended already");
  stopped = SIGSTOP;
  EXPECT_EQ(result("status")["processes"][1]["state"], "paused");
}

TEST_F(DeskTest, TheGraphIsToldWithItsProtocol) {
  const Json graph = result("graph");
  EXPECT_EQ(graph["protocol"], 1);
  EXPECT_EQ(graph["processes"][1]["name"], "b");
  EXPECT_EQ(graph["processes"][1]["replicas"], 2);
  EXPECT_EQ(graph["processes"][1]["restartable"], true);
  EXPECT_EQ(graph["channels"], Json::array());
}

TEST_F(DeskTest, LabelsAreThoseOfTheCopiesAndOfTheWhole) {
  const Server::Table table = desk.table();
  const auto labels = table.labels({"b"});
  EXPECT_THAT(std::get<0>(labels), ElementsAre("b", "b.0", "b.1"));
  EXPECT_TRUE(std::holds_alternative<Problem>(table.labels({"x"})));
}

}  // namespace
}  // namespace procgraph
