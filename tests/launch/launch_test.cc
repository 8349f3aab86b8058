// A node sees exactly its declared descriptors and environment.
#include "launch/launch.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "fakes/show.h"
#include "fakes/temporary_folder.h"
#include "launch/sample_plan.h"

namespace procgraph {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

std::string inode(int fd) {
  struct stat facts {};
  return ::fstat(fd, &facts) == 0 ? std::to_string(facts.st_ino) : "none";
}

class Launch : public ::testing::Test {
 protected:
  Shown run(Spawn spawn, LogEnds logs = {}) {
    spawn.argv = {"show", folder_ / "shown"};
    const auto child = launch(spawn, *opened_, logs);
    if (const auto* error = std::get_if<SpawnError>(&child)) {
      ADD_FAILURE() << explain(*error, spawn);
      return {};
    }
    int status = -1;
    ::waitpid(std::get<Child>(child).pid, &status, 0);
    EXPECT_EQ(status, 0);
    return parse_shown(folder_.read("shown"));
  }

  TemporaryFolder folder_;
  Plan plan_ = sample_plan(folder_.path());
  Result<Opened> opened_ = Opened::open(plan_);
};

TEST_F(Launch, GivesAProcessExactlyItsDescriptorsWhateverIsOpenHere) {
  std::vector<Fd> strays;
  for (int i = 0; i < 300; ++i) strays.emplace_back(::open("/dev/zero", O_RDONLY));  // no O_CLOEXEC
  const Shown first = run(plan_.spawns[0]);
  EXPECT_THAT(first.fd_numbers(), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  const Shown second = run(plan_.spawns[1]);
  EXPECT_THAT(second.fd_numbers(), ElementsAre(0, 1, 2, 3, 4, 9, 10));
  EXPECT_EQ(first.fds.at(3), second.fds.at(0));   // words
  EXPECT_EQ(first.fds.at(5), second.fds.at(4));   // q.control
  EXPECT_EQ(first.fds.at(6), second.fds.at(9));   // q.payload
  EXPECT_EQ(first.fds.at(7), second.fds.at(10));  // out
}

TEST_F(Launch, GivesAProcessExactlyItsEnvironment) {
  Spawn spawn = plan_.spawns[0];
  spawn.env = {"HOME=/home/me", "PATH=/bin", "PROCGRAPH_GRAPH=g"};
  const Shown shown = run(spawn);
  EXPECT_THAT(shown.env, UnorderedElementsAre("HOME=/home/me", "PATH=/bin", "PROCGRAPH_GRAPH=g",
                                              "PROCGRAPH_PID=" + shown.facts.at("pid")));
}

TEST_F(Launch, StreamsAreNothingOursOrALogPipe) {
  Spawn spawn = plan_.spawns[0];
  int log[2];
  ASSERT_EQ(::pipe2(log, O_CLOEXEC), 0);
  const Fd read(log[0]), write(log[1]), null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  spawn.streams = {StreamKind::kNone, StreamKind::kLog, StreamKind::kInherit};
  const Shown shown = run(spawn, {.out = write.get()});
  EXPECT_EQ(shown.fds.at(0), inode(null.get()));
  EXPECT_EQ(shown.fds.at(1), inode(write.get()));
  EXPECT_EQ(shown.fds.at(2), inode(2));
}

TEST_F(Launch, FolderUmaskAndFileLimitAreThePlansAndOursFromBefore) {
  Spawn spawn = plan_.spawns[0];
  spawn.cwd = folder_.path();
  spawn.umask = 0077;
  const Shown shown = run(spawn);
  EXPECT_EQ(shown.facts.at("cwd"), folder_.path());
  EXPECT_EQ(shown.facts.at("umask"), "77");
  EXPECT_EQ(shown.facts.at("files"), std::to_string(opened_->files_limit()));
}

TEST_F(Launch, ASpawnThatHasGivenUpItsEndsCannotStart) {
  opened_->release(plan_.spawns[0]);
  const auto child = launch(plan_.spawns[0], *opened_, {});
  EXPECT_EQ(std::get<SpawnError>(child).step, "inherit");
}

}  // namespace
}  // namespace procgraph
