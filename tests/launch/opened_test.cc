// A plan's objects: made once, kept as long as somebody is to inherit them, or not at all.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>

#include "fakes/failing_kernel.h"
#include "fakes/temporary_folder.h"
#include "launch/launch.h"
#include "launch/sample_plan.h"

namespace procgraph {
namespace {

std::ptrdiff_t open_descriptors() {
  const std::filesystem::directory_iterator folder("/proc/self/fd");
  return std::distance(begin(folder), end(folder));
}

std::string inode_of(int fd) {
  struct stat facts {};
  return ::fstat(fd, &facts) == 0 ? std::to_string(facts.st_ino) : "none";
}

// Bytes that the file has in memory.
std::int64_t taken(int fd) {
  struct stat facts {};
  return ::fstat(fd, &facts) == 0 ? std::int64_t{facts.st_blocks} * 512 : -1;
}

std::uint64_t soft_files_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

// For a test that changes it.
class LowFilesLimit {
 public:
  LowFilesLimit() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit low = before_;
    low.rlim_cur = before_.rlim_max / 2;
    ::setrlimit(RLIMIT_NOFILE, &low);
  }
  LowFilesLimit(const LowFilesLimit&) = delete;
  LowFilesLimit& operator=(const LowFilesLimit&) = delete;
  ~LowFilesLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

class OpenedPlan : public ::testing::Test {
 protected:
  OpenedPlan() {
    for (Spawn& spawn : plan_.spawns) {
      spawn.process = ProcessId{spawn.id.value};
      plan_.graph.processes.emplace_back();
    }
  }

  TemporaryFolder folder_;
  Plan plan_ = sample_plan(folder_.path());
};

TEST_F(OpenedPlan, HasEveryEndThatSomebodyInheritsAndNoOther) {
  const auto before = open_descriptors();
  auto opened = Opened::open(plan_);
  ASSERT_TRUE(opened);
  for (const Spawn& spawn : plan_.spawns)
    for (const Inherit& inherit : spawn.inherits) EXPECT_GE(opened->fd(inherit.object, inherit.end), 0);
  EXPECT_EQ(opened->fd({5}, End::kReadWrite), -1);
  EXPECT_EQ(open_descriptors(), before + 8);
}

TEST_F(OpenedPlan, HasTheRunsGroupUnderTheNumberByWhichTheGuardKnowsIt) {
  plan_.containment = {.tier = Tier::kCgroup, .place = {2, folder_.path(), {}}, .because = {}};
  {
    const auto opened = Opened::open(plan_, 4711);
    ASSERT_TRUE(opened) << opened.error().text();
    EXPECT_EQ(opened->group(), folder_ / "procgraph-4711/graph");
    EXPECT_TRUE(std::filesystem::is_directory(opened->group()));
    EXPECT_EQ(opened->why_no_group(), "");
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "procgraph-4711"));
}

TEST_F(OpenedPlan, HasAGroupForEachSpawnThatMayBeStartedAgain) {
  plan_.containment = {.tier = Tier::kCgroup, .place = {2, folder_.path(), {}}, .because = {}};
  plan_.graph.processes.at(0).restart.when = Restart::kAlways;
  plan_.spawns[0].label = "p";
  const auto opened = Opened::open(plan_, 4711);
  ASSERT_TRUE(opened) << opened.error().text();
  EXPECT_EQ(opened->own_group(plan_.spawns[0]), folder_ / "procgraph-4711/0-p");
  EXPECT_TRUE(std::filesystem::is_directory(opened->own_group(plan_.spawns[0])));
}

TEST_F(OpenedPlan, GoesWithoutAGroupThatTheKernelRefusesUnlessItIsRequired) {
  plan_.containment = {.tier = Tier::kCgroup, .place = {2, folder_ / "missing", {}}, .because = {}};
  const std::string why = "mkdir '" + (folder_ / "missing/procgraph-4711") + "': No such file or directory";
  {
    const auto opened = Opened::open(plan_, 4711);
    ASSERT_TRUE(opened) << opened.error().text();
    EXPECT_EQ(opened->group(), "");
    EXPECT_EQ(opened->why_no_group(), why);
  }
  plan_.graph.containment.require = Marked<Tier>{Tier::kCgroup, {}};
  const auto refused = Opened::open(plan_, 4711);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text(), why);
}

TEST_F(OpenedPlan, HasTwoEndsOfOneMemoryAndOneOfThemCannotBeWritten) {
  auto opened = Opened::open(plan_);
  EXPECT_EQ(inode_of(opened->fd({3}, End::kReadWrite)), inode_of(opened->fd({3}, End::kReadOnly)));
  EXPECT_EQ(::write(opened->fd({3}, End::kReadOnly), "x", 1), -1);
}

TEST_F(OpenedPlan, GivesUpAnEndWhenTheLastSpawnThatInheritsItIsReleased) {
  auto opened = Opened::open(plan_);
  opened->release(plan_.spawns[0]);
  EXPECT_EQ(opened->fd({0}, End::kWrite), -1);
  EXPECT_GE(opened->fd({0}, End::kRead), 0);
  EXPECT_GE(opened->fd({2}, End::kReadWrite), 0);
  opened->release(plan_.spawns[0]);  // nothing more
  EXPECT_GE(opened->fd({2}, End::kReadWrite), 0);
  opened->release(plan_.spawns[1]);
  EXPECT_EQ(opened->fd({2}, End::kReadWrite), -1);
  EXPECT_EQ(opened->fd({4}, End::kReadWrite), -1);
}

TEST_F(OpenedPlan, AReaderSeesTheEndWhenTheWriterIsReleased) {
  auto opened = Opened::open(plan_);
  opened->release(plan_.spawns[0]);
  char byte = 0;
  EXPECT_EQ(::read(opened->fd({0}, End::kRead), &byte, 1), 0);
}

TEST_F(OpenedPlan, APipeThatNobodyWritesIsAtItsEndFromTheStart) {
  plan_.spawns[0].inherits.clear();
  auto opened = Opened::open(plan_);
  char byte = 0;
  EXPECT_EQ(::read(opened->fd({0}, End::kRead), &byte, 1), 0);
}

TEST_F(OpenedPlan, TakesMemoryBeforeTheStartWhereThatIsAskedFor) {
  std::get<MemoryObject>(plan_.objects[3].what).prefault = true;
  const auto opened = Opened::open(plan_);
  ASSERT_TRUE(opened);
  EXPECT_EQ(taken(opened->fd({3}, End::kReadOnly)), 65536);
  EXPECT_LT(taken(opened->fd({2}, End::kReadWrite)), 8192);
}

TEST_F(OpenedPlan, KeepsTheMapsOfNativeChannelsAfterTheirDescriptors) {
  (void)take_inits();
  auto opened = Opened::open(plan_);
  EXPECT_EQ(take_inits().count, 1);
  for (const Spawn& spawn : plan_.spawns) opened->release(spawn);
  const LiveChannel live = opened->live({2});
  EXPECT_EQ(live.channel->name, "q");
  EXPECT_EQ(live.control.size(), 8192U);
  EXPECT_EQ(live.roster.size(), 4096U);
  live.control[8191] = std::byte{1};
  EXPECT_TRUE(opened->live({0}).control.empty());
}

TEST_F(OpenedPlan, HasMadeEachChannelOfAKindWithInitAnEmptyOne) {
  (void)take_inits();
  auto opened = Opened::open(plan_);
  const Inits inits = take_inits();
  EXPECT_EQ(inits.count, 1);
  EXPECT_TRUE(inits.mapped);
}

TEST_F(OpenedPlan, AppendsOrTruncatesItsFiles) {
  (void)folder_.write("out", "old");
  std::get<FileObject>(plan_.objects[4].what).append = true;
  ASSERT_TRUE(Opened::open(plan_));
  EXPECT_EQ(folder_.read("out"), "old");
  std::get<FileObject>(plan_.objects[4].what).append = false;
  ASSERT_TRUE(Opened::open(plan_));
  EXPECT_EQ(folder_.read("out"), "");
}

TEST_F(OpenedPlan, AFileThatIsOnlyReadMustBeThereAndIsNotTouched) {
  for (Spawn& spawn : plan_.spawns) spawn.inherits.back().end = End::kReadOnly;
  EXPECT_EQ(Opened::open(plan_).error().text(),
            "open '" + folder_.path() + "/out': No such file or directory");
  (void)folder_.write("out", "old");
  ASSERT_TRUE(Opened::open(plan_));
  EXPECT_EQ(folder_.read("out"), "old");
}

TEST_F(OpenedPlan, RaisesTheFileLimitAndRemembersTheOldOne) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    const rlimit low{50, 4096};
    ::setrlimit(RLIMIT_NOFILE, &low);
    plan_.descriptors = 300;
    auto opened = Opened::open(plan_);
    rlimit now{};
    ::getrlimit(RLIMIT_NOFILE, &now);
    std::_Exit(opened && opened->files_limit() == 50 && now.rlim_cur >= 300 ? 0 : 1);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
}

// The fault sweep: fail the N-th call of each sort until none fails any more.
class FaultSweep : public OpenedPlan, public ::testing::WithParamInterface<std::pair<const char*, int>> {};

TEST_P(FaultSweep, EndsInAnErrorAndLeavesNothingOpen) {
  const auto [call, code] = GetParam();
  const LowFilesLimit low;
  (void)folder_.write("out", "old");
  std::get<MemoryObject>(plan_.objects[3].what).prefault = true;
  plan_.descriptors = soft_files_limit() + 1;  // the limit has to be raised
  const auto before = open_descriptors();
  int failures = 0;
  for (bool failed = true; failed; ++failures) {
    FailingKernel kernel(call, failures + 1, code);
    const auto opened = Opened::open(plan_, kernel);
    failed = kernel.failed();
    ASSERT_EQ(!opened, failed) << call << ' ' << failures + 1;
    if (!failed) break;
    EXPECT_EQ(opened.error().code, code);
    EXPECT_FALSE(opened.error().what.empty());
    EXPECT_EQ(open_descriptors(), before);
  }
  EXPECT_GT(failures, 0) << "never called";
  EXPECT_EQ(open_descriptors(), before);
}

INSTANTIATE_TEST_SUITE_P(Calls, FaultSweep,
                         ::testing::Values(std::pair("open", EMFILE), std::pair("pipe2", ENFILE),
                                           std::pair("socketpair", EMFILE), std::pair("memfd_create", EMFILE),
                                           std::pair("ftruncate", ENOMEM), std::pair("fcntl", EPERM),
                                           std::pair("mmap", ENOMEM), std::pair("madvise", EFAULT),
                                           std::pair("setrlimit", EPERM)),
                         [](const auto& call) { return std::string(call.param.first); });

TEST_F(OpenedPlan, AnInitThatFailsIsAnErrorBeforeAnyFileIsTruncated) {
  (void)folder_.write("out", "old");
  let_init_fail(EINVAL);
  const auto opened = Opened::open(plan_);
  let_init_fail(0);
  EXPECT_EQ(opened.error().text(), "init: Invalid argument");
  EXPECT_EQ(folder_.read("out"), "old");
}

}  // namespace
}  // namespace procgraph
