// From what the file asks for, and what the machine has, to what holds a run together.
#include "plan/containment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph_text.h"
#include "plan/plan.h"

namespace procgraph {
namespace {

using testing::HasSubstr;

struct Has {
  bool cgroup = true, pid_namespace = true;
};

struct Contained {
  std::string told;
  bool machine = false;
  Plan plan;
};

Contained contain(const std::string& asked, Has has) {
  test::FakeWorld world;
  world.value.machine.run_groups =
      has.cgroup ? GroupPlace{2, "/cg/me", {}} : GroupPlace{0, {}, "'/cg' is shut"};
  world.value.why_no_pid_namespace = [=] { return std::string(has.pid_namespace ? "" : "unshare: no"); };
  test::Text text((asked.empty() ? "" : "containment: { " + asked + " }\n") + "processes:\n  a: n\n",
                  world.value);
  PlanErrors errors;
  Contained decided{.plan = make_plan(text.graph, text.world, text.diagnostics, errors)};
  decided.told = text.told();
  decided.machine = errors.machine;
  return decided;
}

TEST(Containment, IsByACgroupWhereOneCanBeHad) {
  const Contained decided = contain("", {});
  EXPECT_EQ(decided.told, "");
  EXPECT_EQ(decided.plan.containment, (Containment{Tier::kCgroup, {2, "/cg/me", {}}, ""}));
}

TEST(Containment, IsByTheGuardElseAndSaysWhy) {
  const Contained decided = contain("", {.cgroup = false});
  EXPECT_EQ(decided.told, "");
  EXPECT_EQ(decided.plan.containment, (Containment{Tier::kGuard, {}, "no cgroup: '/cg' is shut"}));
}

TEST(Containment, IsByTheGuardWhereThatIsAskedFor) {
  EXPECT_EQ(contain("tier: guard", {}).plan.containment, (Containment{Tier::kGuard, {}, ""}));
}

TEST(Containment, IsByAPidNamespaceOnlyOnRequest) {
  for (const char* asked : {"tier: pid_namespace", "require: pid_namespace"}) {
    const Contained decided = contain(asked, {});
    EXPECT_EQ(decided.told, "") << asked;
    EXPECT_EQ(decided.plan.containment, (Containment{Tier::kPidNamespace, {}, ""})) << asked;
    EXPECT_THAT(to_text(decided.plan), HasSubstr("\ncontained by pid_namespace\n"));
    EXPECT_THAT(to_json(decided.plan), HasSubstr("\"tier\": \"pid_namespace\""));
  }
}

TEST(Containment, ThatIsAskedForAndCannotBeHadIsTheNextBestWithAWarning) {
  const Contained decided = contain("tier: pid_namespace", {.pid_namespace = false});
  EXPECT_THAT(decided.told,
              HasSubstr("1:22: warning: containment by pid_namespace cannot be had on this machine: "
                        "unshare: no\n"));
  EXPECT_FALSE(decided.machine);
  EXPECT_EQ(decided.plan.containment,
            (Containment{Tier::kCgroup, {2, "/cg/me", {}}, "no pid_namespace: unshare: no"}));
}

TEST(Containment, ThatIsRequiredAndCannotBeHadIsAnErrorOfTheMachine) {
  const Contained decided =
      contain("tier: pid_namespace, require: cgroup", {.cgroup = false, .pid_namespace = false});
  EXPECT_THAT(decided.told, HasSubstr("warning: containment by pid_namespace cannot be had"));
  EXPECT_THAT(decided.told,
              HasSubstr("1:46: error: containment by cgroup cannot be had on this machine: '/cg' is "
                        "shut\n"));
  EXPECT_TRUE(decided.machine);
}

TEST(Containment, OfTheGuardIsAlwaysHad) {
  const Contained decided = contain("require: guard", {.cgroup = false, .pid_namespace = false});
  EXPECT_EQ(decided.told, "");
  EXPECT_EQ(decided.plan.containment.tier, Tier::kGuard);
}

}  // namespace
}  // namespace procgraph
