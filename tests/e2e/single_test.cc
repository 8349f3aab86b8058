// `single: true`: one run of a name at a time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;

// A name of its own: its runs take it in the folders of all sessions, where other tests may be at work.
class Single : public testing::Test {
 protected:
  Single() {
    ::setenv("XDG_RUNTIME_DIR", folder_.path().c_str(), 1);
    const std::string single = "name: " + name_ + "\nsingle: true\n";
    folder_.write("long.yaml", single + "processes:\n  job: { shell: 'echo up; exec sleep 1000' }\n");
    folder_.write("short.yaml", single + "processes:\n  job: echo works\n");
    folder_.write("many.yaml", "name: " + name_ + "\nprocesses:\n  job: echo works\n");
  }
  ~Single() override {
    const std::string user = std::to_string(::geteuid());
    for (const std::string& folder : {"/run/user/" + user + "/procgraph", "/tmp/procgraph-" + user}) {
      std::error_code ignored;
      std::filesystem::remove(folder + "/." + name_ + ".single", ignored);
    }
  }
  Ran run(const std::string& file) { return e2e::run(folder_.path(), {"run", file}); }

  const std::string name_ = "single" + std::to_string(::getpid());
  Folder folder_;
};

TEST_F(Single, ASecondRunOfItsNameIsRefusedAndToldWhoIsThere) {
  Running first(folder_.path(), {procgraph_path(), "run", "long.yaml"});
  ASSERT_TRUE(first.wait_for_out("up"));
  const Ran second = run("short.yaml");
  EXPECT_EQ(second.err, "procgraph: '" + name_ + "' is running already (pid " + std::to_string(first.pid()) +
                            "), and is single: no second run of that name\n");
  EXPECT_EQ(second.out, "");
  EXPECT_EQ(second.code, 69);
  EXPECT_EQ(run("many.yaml").code, 0) << "one that does not mind";
  first.signal(SIGTERM);
  (void)first.wait();
  EXPECT_EQ(run("short.yaml").code, 0);
}

TEST_F(Single, NoKillLeavesAnythingThatRefusesARun) {
  for (int i = 0; i < 20; ++i) {
    Running first(folder_.path(), {procgraph_path(), "run", "long.yaml"});
    ASSERT_TRUE(first.wait_for_out("up"));
    first.signal(SIGKILL);
    (void)first.wait();
    // The guard is gone; the runner, which had the name too, kills the rest and follows.
    Ran next = run("short.yaml");
    while (next.code == 69) next = run("short.yaml");
    EXPECT_EQ(next.code, 0) << next.err;
  }
}

// The name is the run's outside of its namespace, where the others are.
TEST_F(Single, HoldsForARunInAPidNamespaceToo) {
  if (e2e::run("/", {"doctor"}).out.find("pid_namespace    yes") == std::string::npos)
    GTEST_SKIP() << "no pid namespace is to be had here";
  for (const char* file : {"long.yaml", "short.yaml"})
    folder_.write(file, folder_.read(file) + "containment: { require: pid_namespace }\n");
  Running first(folder_.path(), {procgraph_path(), "run", "long.yaml"});
  ASSERT_TRUE(first.wait_for_out("up"));
  const Ran second = run("short.yaml");
  EXPECT_EQ(second.code, 69);
  EXPECT_THAT(second.err, HasSubstr("is running already (pid " + std::to_string(first.pid()) + ")"));
  first.signal(SIGKILL);
  (void)first.wait();
  Ran next = run("short.yaml");
  while (next.code == 69) next = run("short.yaml");
  EXPECT_EQ(next.code, 0) << next.err;
}

TEST_F(Single, RunsOneAfterTheOtherAreNoRunsAtATime) {
  for (int i = 0; i < 30; ++i) ASSERT_EQ(run("short.yaml").code, 0) << i;
}

TEST_F(Single, IsInThePlanAndHindersNoLookAtIt) {
  Running first(folder_.path(), {procgraph_path(), "run", "long.yaml"});
  ASSERT_TRUE(first.wait_for_out("up"));
  const Ran dry = e2e::run(folder_.path(), {"run", "--dry-run", "long.yaml"});
  EXPECT_THAT(dry.out, HasSubstr("single: no other run of this name at a time\n"));
  EXPECT_EQ(dry.code, 0);
}

}  // namespace
}  // namespace procgraph::e2e
