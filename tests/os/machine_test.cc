#include "os/machine.h"

#include <gtest/gtest.h>

#include "fakes/temporary_folder.h"

namespace procgraph {
namespace {

class MachineFacts : public ::testing::Test {
 protected:
  MachineFacts() {
    folder_.write("proc/meminfo", "MemTotal:       24684372 kB\nMemAvailable:   20000000 kB\n");
    folder_.write("proc/loadavg", "0.20 0.18 0.12 1/80 11206\n");
    folder_.write("proc/sys/fs/pipe-max-size", "524288\n");
    folder_.write("proc/sys/kernel/pid_max", "1080\n");
    folder_.write("proc/sys/kernel/threads-max", "50000\n");
  }
  [[nodiscard]] Machine read() const { return read_machine(folder_.path()); }

  TemporaryFolder folder_;
};

TEST_F(MachineFacts, WithoutGroupsAreTheMachines) {
  const Machine machine = read();
  EXPECT_EQ(machine.memory_available, Bytes{20'000'000ULL * 1024});
  EXPECT_EQ(machine.memory_limit_source, "the machine");
  EXPECT_EQ(machine.pipe_max, Bytes{524288});
  EXPECT_EQ(machine.pipes_soft, Bytes{~0ULL}) << "nothing is said of them";
  EXPECT_EQ(machine.processes_max, 1000U);
  EXPECT_GE(machine.cpus, 1U);
}

TEST_F(MachineFacts, HaveALimitOfPipesForWhomItHolds) {
  folder_.write("proc/sys/fs/pipe-user-pages-soft", "16384\n");
  folder_.write("proc/self/uid_map", "         0          0 4294967295\n");
  folder_.write("proc/self/status", "Name:\tx\nCapEff:\t0000000000000000\n");
  EXPECT_EQ(read().pipes_soft.value, 16384 * read().page_size.value);
  folder_.write("proc/self/status", "Name:\tx\nCapEff:\t0000000001000000\n");  // CAP_SYS_RESOURCE
  EXPECT_EQ(read().pipes_soft, Bytes{~0ULL});
  folder_.write("proc/self/status", "Name:\tx\nCapEff:\t0000000000000000\n");
  folder_.write("proc/sys/fs/pipe-user-pages-soft", "0\n");
  EXPECT_EQ(read().pipes_soft, Bytes{~0ULL});
}

TEST_F(MachineFacts, OfAGroupOfVersion2AreThoseOfTheTightestAncestor) {
  folder_.write("proc/self/cgroup", "0::/user/me\n");
  folder_.write("sys/fs/cgroup/user/memory.max", "1000000\n");
  folder_.write("sys/fs/cgroup/user/memory.current", "300000\n");
  folder_.write("sys/fs/cgroup/user/memory.stat", "anon 5\ninactive_file 100000\n");
  folder_.write("sys/fs/cgroup/user/me/memory.max", "max\n");
  folder_.write("sys/fs/cgroup/user/me/pids.max", "30\n");
  folder_.write("sys/fs/cgroup/user/me/pids.current", "10\n");
  const Machine machine = read();
  EXPECT_EQ(machine.memory_available, Bytes{800000});
  EXPECT_EQ(machine.memory_limit_source, "the memory cgroup");
  EXPECT_EQ(machine.processes_max, 20U);
}

TEST_F(MachineFacts, OfAGroupOfVersion1AreFoundByItsController) {
  folder_.write("proc/self/cgroup", "5:cpu,memory:/box\n3:pids:/box\n0::/\n");
  folder_.write("sys/fs/cgroup/memory/box/memory.limit_in_bytes", "5000\n");
  folder_.write("sys/fs/cgroup/memory/box/memory.usage_in_bytes", "6000\n");
  EXPECT_EQ(read().memory_available, Bytes{0});
}

TEST_F(MachineFacts, InAContainerTheMountItselfIsTheGroup) {
  folder_.write("proc/self/cgroup", "0::/docker/abc\n");
  folder_.write("sys/fs/cgroup/memory.max", "4096\n");
  EXPECT_EQ(read().memory_available, Bytes{4096});
}

TEST_F(MachineFacts, HaveTheCpuOfTheTightestGroupOfVersion2) {
  folder_.write("proc/self/cgroup", "0::/user/me\n");
  for (const char* group : {"", "/user", "/user/me"}) {
    const std::string folder = std::string("sys/fs/cgroup") + group;
    folder_.write(folder + "/cgroup.controllers", "cpu\n");
    folder_.write(folder + "/cgroup.subtree_control", "cpu\n");
    folder_.write(folder + "/cgroup.procs", "");
  }
  folder_.write("sys/fs/cgroup/user/cpu.max", "150000 100000\n");
  folder_.write("sys/fs/cgroup/user/me/cpu.max", "max 100000\n");
  EXPECT_EQ(read().cpu_groups.version, 2);
  EXPECT_EQ(read().cpu_share_max, 150U);
}

TEST_F(MachineFacts, HaveTheCpuOfTheTightestGroupOfVersion1) {
  folder_.write("proc/self/cgroup", "1:cpu,cpuacct:/box\n");
  folder_.write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  folder_.write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  folder_.write("sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "50000\n");
  folder_.write("sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(read().cpu_share_max, ~0ULL);
  folder_.write("sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "10000\n");
  EXPECT_EQ(read().cpu_groups.version, 1);
  EXPECT_EQ(read().cpu_share_max, 20U);
}

// CAP_SYS_NICE is bit 23, CAP_SYS_RESOURCE bit 24.
TEST_F(MachineFacts, OfWhoMayRankHigherAreTheKernelsLowest) {
  folder_.write("proc/self/uid_map", "         0          0 4294967295\n");
  folder_.write("proc/self/oom_score_adj", "200\n");
  folder_.write("proc/self/status", "Name:\tx\nCapPrm:\t0000000000000000\nCapEff:\t0000000001000000\n");
  EXPECT_EQ(read().oom_score_adj_least, -1000);
  EXPECT_GE(read().nice_least, -20);
  folder_.write("proc/self/status", "Name:\tx\nCapPrm:\t0000000001800000\nCapEff:\t0000000000800000\n");
  EXPECT_EQ(read().oom_score_adj_least, 200);
  EXPECT_EQ(read().oom_score_adj, 200);
  EXPECT_EQ(read().nice_least, -20);
}

TEST_F(MachineFacts, InAUserNamespaceCapabilitiesCountForNothing) {
  folder_.write("proc/self/uid_map", "         0       1000          1\n");
  folder_.write("proc/self/oom_score_adj", "0\n");
  folder_.write("proc/self/status", "CapEff:\t000001ffffffffff\n");
  EXPECT_EQ(read().oom_score_adj_least, 0);
}

TEST(RealMachine, CanBeRead) {
  const Machine machine = read_machine();
  EXPECT_GT(machine.memory_available.value, 0U);
  EXPECT_GE(machine.page_size.value, 4096U);
  EXPECT_GT(machine.files_max, 0U);
  EXPECT_EQ(machine.cpu_numbers.size(), machine.cpus);
  EXPECT_GT(machine.processes_max, 0U);
}

}  // namespace
}  // namespace procgraph
