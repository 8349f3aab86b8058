// Readiness and health in a plan: what is asked of whom is decided before anything runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planned.h"

namespace procgraph::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(PlanReady, LooksProgramsUpAndFillsReplicasIn) {
  const Plan plan = planned(R"(processes:
  a: { command: n, replicas: 2, health: { exec: "sort ${replica} ${replicas} ${socket.s.address}", interval: 1s, retries: 1 } }
  b: { command: n, serves: s, service: true, ready: { http: { socket: s, path: "/${replica}" } } }
sockets: [s]
)");
  const Probe& second = *plan.spawns.at(1).health;
  EXPECT_EQ(second.program, "/usr/bin/sort");
  EXPECT_THAT(second.argv, ElementsAre("sort", "1", "2", socket_reference("s", "address")));
  EXPECT_EQ(plan.spawns.at(2).ready->path, "/0");
  EXPECT_FALSE(plan.spawns.at(0).ready);
  const std::string text = to_text(plan);
  EXPECT_THAT(text,
              HasSubstr("    health   exec /usr/bin/sort 0 2 '${socket.s.address}', each 1s, within 5s; "
                        "one failure counts\n"));
  EXPECT_THAT(text, HasSubstr("    ready    http://${socket.s.address}/0, within 1m\n"));
}

TEST(PlanReady, KeepsTheDescriptorFree) {
  const Plan plan = planned(R"(processes:
  a: { command: n, writes: q, ready: { fd: 4 } }
  b: { command: n, reads: q }
queues: [q]
)");
  for (const Inherit& inherit : plan.spawns.at(0).inherits) EXPECT_NE(inherit.fd, 4);
  EXPECT_EQ(plan.spawns.at(0).ready->fd, 4);
  EXPECT_THAT(to_text(plan), HasSubstr("    3        read-write  roster\n"
                                       "    4        write       readiness\n"
                                       "    5        read-write  q.control\n"));
}

TEST(PlanReady, GivesAWatchdogItsTime) {
  const Plan plan = planned(R"(processes:
  a: { command: n, health: { watchdog: 1500ms } }
  b: { command: n, ready: notify }
  c: n
)");
  EXPECT_THAT(plan.spawns.at(0).env, Contains("WATCHDOG_USEC=1500000"));
  EXPECT_THAT(plan.spawns.at(1).env, Not(Contains(HasSubstr("WATCHDOG"))));
  EXPECT_TRUE(plan.spawns.at(0).notifies());
  EXPECT_TRUE(plan.spawns.at(1).notifies());
  EXPECT_FALSE(plan.spawns.at(2).notifies());
}

TEST(PlanReady, IsInTheJson) {
  EXPECT_THAT(to_json(planned(R"(processes:
  a: { command: n, ready: { log: up, timeout: 5s }, health: { tcp: "127.0.0.1:80", timeout: 250ms } }
)")),
              HasSubstr(R"(      "ready": {
        "way": "log",
        "pattern": "up",
        "timeout_ms": 5000
      },
      "health": {
        "way": "tcp",
        "address": "127.0.0.1:80",
        "interval_ms": 10000,
        "retries": 3,
        "timeout_ms": 250
      }
)"));
}

TEST(PlanRestart, IsSaid) {
  const Plan plan = planned(R"(processes:
  a: { command: n, restart: on_failure }
  b: { command: n, service: true, restart: { policy: always, backoff: 250ms, max: none, except: [2, 78] } }
)");
  EXPECT_THAT(to_text(plan),
              HasSubstr("    restart  on_failure, after 1s, doubling up to 30s, at most 5 in 1m\n"));
  EXPECT_THAT(to_text(plan), HasSubstr("    restart  always, after 250ms, not after exit code 2, 78\n"));
  EXPECT_THAT(to_json(plan), HasSubstr(R"(      "restart": {
        "policy": "on_failure",
        "first_ms": 1000,
        "most_ms": 30000,
        "reset_after_ms": 60000,
        "max": 5,
        "within_ms": 60000,
        "except": []
      }
)"));
}

}  // namespace
}  // namespace procgraph::test
