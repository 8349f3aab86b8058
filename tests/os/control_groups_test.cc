// Where cgroups can be made, in trees of files that only look like the kernel's; and real ones, where this
// machine has them.
#include "os/control_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "fakes/life_line.h"
#include "fakes/temporary_folder.h"
#include "os/machine.h"
#include "os/spawn.h"

namespace procgraph {
namespace {

using testing::HasSubstr;

class GroupPlaces : public ::testing::Test {
 protected:
  [[nodiscard]] GroupPlace find(std::string_view controller) const {
    return find_group_place(folder_.path(), controller);
  }
  [[nodiscard]] std::string in(const std::string& path) const { return folder_.path() + path; }

  TemporaryFolder folder_;
};

TEST_F(GroupPlaces, OfVersion1AreInOurOwnGroup) {
  folder_.write("proc/self/cgroup", "4:memory:/box\n8:pids:/\n0::/\n");
  folder_.write("sys/fs/cgroup/memory/box/cgroup.procs", "");
  folder_.write("sys/fs/cgroup/pids/cgroup.procs", "");
  EXPECT_EQ(find("memory"), (GroupPlace{1, in("/sys/fs/cgroup/memory/box"), {}}));
  EXPECT_EQ(find("pids"), (GroupPlace{1, in("/sys/fs/cgroup/pids"), {}}));
}

TEST_F(GroupPlaces, InAContainerAreInTheMountsOwnFolder) {
  folder_.write("proc/self/cgroup", "4:memory:/docker/abc\n");
  folder_.write("sys/fs/cgroup/memory/cgroup.procs", "");
  EXPECT_EQ(find("memory"), (GroupPlace{1, in("/sys/fs/cgroup/memory"), {}}));
}

// The scope of a session has processes, so its slice is the first that can have groups with limits.
TEST_F(GroupPlaces, OfVersion2AreInTheNearestThatHandsTheControllerOn) {
  folder_.write("proc/self/cgroup", "0::/user.slice/session.scope\n");
  folder_.write("sys/fs/cgroup/cgroup.controllers", "cpu memory pids\n");
  folder_.write("sys/fs/cgroup/cgroup.subtree_control", "cpu memory pids\n");
  folder_.write("sys/fs/cgroup/cgroup.procs", "");
  folder_.write("sys/fs/cgroup/user.slice/cgroup.subtree_control", "memory\n");
  folder_.write("sys/fs/cgroup/user.slice/cgroup.procs", "");
  folder_.write("sys/fs/cgroup/user.slice/session.scope/cgroup.subtree_control", "\n");
  folder_.write("sys/fs/cgroup/user.slice/session.scope/cgroup.procs", "");
  EXPECT_EQ(find("memory"), (GroupPlace{2, in("/sys/fs/cgroup/user.slice"), {}}));
  EXPECT_EQ(find("pids"), (GroupPlace{2, in("/sys/fs/cgroup"), {}}));
}

TEST_F(GroupPlaces, OfVersion2LieDeeperBesideThoseOfVersion1) {
  folder_.write("proc/self/cgroup", "3:cpu:/\n0::/\n");
  folder_.write("sys/fs/cgroup/unified/cgroup.controllers", "memory\n");
  folder_.write("sys/fs/cgroup/unified/cgroup.subtree_control", "memory\n");
  folder_.write("sys/fs/cgroup/unified/cgroup.procs", "");
  EXPECT_EQ(find("memory"), (GroupPlace{2, in("/sys/fs/cgroup/unified"), {}}));
}

TEST_F(GroupPlaces, ThatDoNotExistAreExplained) {
  EXPECT_EQ(find("memory"), (GroupPlace{0, {}, "this kernel has none"}));
  folder_.write("proc/self/cgroup", "0::/box\n");
  folder_.write("sys/fs/cgroup/cgroup.controllers", "cpu\n");
  folder_.write("sys/fs/cgroup/box/cgroup.controllers", "\n");
  EXPECT_EQ(find("memory").missing, "'" + in("/sys/fs/cgroup/box") + "' has no controller 'memory'");
  folder_.write("sys/fs/cgroup/cgroup.controllers", "memory\n");
  EXPECT_EQ(find("memory").missing, "none from '" + in("/sys/fs/cgroup/box") +
                                        "' upward both hands the controller 'memory' on and may be written");
}

TEST_F(GroupPlaces, OfARunAreInOurOwnGroupOfVersion2) {
  folder_.write("proc/self/cgroup", "4:memory:/\n0::/box\n");
  EXPECT_EQ(find_run_place(folder_.path()),
            (GroupPlace{0, {}, "those of version 2 are not mounted at '" + in("/sys/fs/cgroup") + "'"}));
  folder_.write("sys/fs/cgroup/unified/box/cgroup.procs", "");
  EXPECT_EQ(find_run_place(folder_.path()), (GroupPlace{2, in("/sys/fs/cgroup/unified/box"), {}}));
  folder_.write("sys/fs/cgroup/unified/box/cgroup.type", "domain\n");
  EXPECT_EQ(find_run_place(folder_.path()).version, 2);
  folder_.write("sys/fs/cgroup/unified/box/cgroup.type", "threaded\n");
  EXPECT_EQ(find_run_place(folder_.path()),
            (GroupPlace{0, {}, "'" + in("/sys/fs/cgroup/unified/box") + "' is a group of threads"}));
  folder_.write("proc/self/cgroup", "4:memory:/\n");
  EXPECT_EQ(find_run_place(folder_.path()), (GroupPlace{0, {}, "this kernel has none of version 2"}));
}

TEST_F(GroupPlaces, ThatMayNotBeWrittenAreNone) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  folder_.write("proc/self/cgroup", "4:memory:/\n");
  folder_.write("sys/fs/cgroup/memory/cgroup.procs", "");
  std::filesystem::permissions(in("/sys/fs/cgroup/memory"), std::filesystem::perms::owner_read);
  EXPECT_EQ(find("memory").version, 0);
  std::filesystem::permissions(in("/sys/fs/cgroup/memory"), std::filesystem::perms::owner_all);
}

// In a place that is only a folder, everything but the kernel's work can be seen.
class Groups : public ::testing::Test {
 protected:
  [[nodiscard]] std::string run_folder() const {
    return folder_.path() + "/procgraph-" + std::to_string(::getpid());
  }
  TemporaryFolder folder_;
};

TEST_F(Groups, AreMadeUnderTheRunnersProcessId) {
  ControlGroups groups;
  const auto made = groups.make({{1, folder_.path(), {}}, {"pids"}, {}}, "0-a");
  ASSERT_TRUE(made) << made.error().text();
  EXPECT_EQ(*made, run_folder() + "/0-a");
  EXPECT_TRUE(std::filesystem::is_directory(*made));
}

TEST_F(Groups, GoWithTheirOwner) {
  {
    ControlGroups groups;
    ASSERT_TRUE(groups.make({{1, folder_.path(), {}}, {"pids"}, {}}, "0-a"));
    ASSERT_TRUE(groups.make({{1, folder_.path(), {}}, {"pids"}, {}}, "1-b"));
  }
  EXPECT_FALSE(std::filesystem::exists(run_folder()));
}

TEST_F(Groups, TakeThePlaceOfWhatADeadRunLeft) {
  std::filesystem::create_directories(run_folder() + "/0-a/inner");
  ControlGroups groups;
  EXPECT_TRUE(groups.make({{1, folder_.path(), {}}, {"pids"}, {}}, "0-a"));
  EXPECT_FALSE(std::filesystem::exists(run_folder() + "/0-a/inner"));
}

TEST_F(Groups, OfDeadRunsAreTakenAwayAndThoseOfLivingOnesStay) {
  ControlGroups living(1);
  ASSERT_TRUE(living.make({{1, folder_.path(), {}}, {"pids"}, {}}, "0-a"));
  std::filesystem::create_directories(folder_ / "procgraph-2/0-a");
  std::filesystem::create_directories(folder_ / "procgraph-x2/0-a");
  ControlGroups groups(3);
  ASSERT_TRUE(groups.make({{1, folder_.path(), {}}, {"pids"}, {}}, "0-a"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "procgraph-1/0-a"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "procgraph-2"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "procgraph-x2/0-a"));
}

TEST_F(Groups, WithoutAFileForTheirLimitAreNotMade) {
  ControlGroups groups;
  const auto made = groups.make({{1, folder_.path(), {}}, {"pids"}, {{"pids.max", "5"}}}, "0-a");
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().text(), HasSubstr("/0-a/pids.max'"));
}

TEST_F(Groups, GoWithoutWhatIsOptional) {
  ControlGroups groups;
  EXPECT_TRUE(groups.make({{1, folder_.path(), {}}, {"memory"}, {{"memory.swap.max", "0", true}}}, "0-a"));
}

TEST_F(Groups, CountThoseWhomTheKernelKilled) {
  folder_.write("two/memory.events", "low 0\nhigh 0\nmax 9\noom 3\noom_kill 2\noom_group_kill 1\n");
  folder_.write("one/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n");
  EXPECT_EQ(killed_for_memory(folder_.path() + "/two"), 2U);
  EXPECT_EQ(killed_for_memory(folder_.path() + "/one"), 4U);
  EXPECT_EQ(killed_for_memory(folder_.path() + "/none"), 0U);
}

// The kernel's own.
TEST(RealGroups, HoldWhoeverIsStartedInThem) {
  const GroupPlace place = read_machine().process_groups;
  if (place.version == 0)
    GTEST_SKIP() << "no cgroup with a limit of processes is to be had here: " << place.missing;
  const TemporaryFolder folder;
  std::string made;
  {
    ControlGroups groups;
    const auto group = groups.make({place, {"pids"}, {{"pids.max", "20"}}}, "0-a");
    ASSERT_TRUE(group) << group.error().text();
    made = *group;
    const auto child = spawn({.program = "/bin/sh",
                              .argv = {"sh", "-c",
                                       "cat " + made + "/cgroup.procs > " + (folder / "members") +
                                           "; echo $$ > " + (folder / "self")},
                              .env = {"PATH=/usr/bin:/bin"},
                              .groups = {made}});
    ASSERT_TRUE(std::holds_alternative<Child>(child)) << std::get<SpawnError>(child).step;
    ::waitpid(std::get<Child>(child).pid, nullptr, 0);
    EXPECT_THAT("\n" + folder.read("members"), HasSubstr("\n" + folder.read("self")));
  }
  EXPECT_FALSE(std::filesystem::exists(made));
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(made).parent_path()));
}

// One write ends even what is born meanwhile.
TEST(RealGroups, OfVersion2AreKilledWhole) {
  const GroupPlace place = find_run_place("");
  if (place.version == 0) GTEST_SKIP() << "no cgroup of version 2 is to be had here: " << place.missing;
  LifeLine line;
  ControlGroups groups;
  const auto home = groups.make({place, {}, {}}, "graph");
  ASSERT_TRUE(home) << home.error().text();
  for (const char* behaviour : {"hop", "daemon_and_exit", "stop"}) {
    const auto child = spawn(
        {.program = HOSTILE, .argv = {"hostile", behaviour}, .fds = {{line.write_end(), 1}}, .home = *home});
    ASSERT_TRUE(std::holds_alternative<Child>(child)) << std::get<SpawnError>(child).step;
  }
  line.close_write_end();
  ASSERT_TRUE(line.wait_for(3));
  kill_control_groups(::getpid());
  EXPECT_TRUE(line.wait_for_end());
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
}

TEST(RealGroups, InWhichNobodyCanBeBornAreAnErrorOfTheStart) {
  const auto child = spawn({.program = "/bin/true", .argv = {"true"}, .home = "/nowhere"});
  const auto* error = std::get_if<SpawnError>(&child);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->step, "entering its cgroup");
}

TEST(RealGroups, ThatCannotBeEnteredAreAnErrorOfTheStart) {
  const auto child = spawn({.program = "/bin/true", .argv = {"true"}, .groups = {"/nowhere"}});
  const auto* error = std::get_if<SpawnError>(&child);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->step, "entering its cgroup");
}

}  // namespace
}  // namespace procgraph
