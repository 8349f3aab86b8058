// The name under which a run is found from outside.
#include "os/door.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "fakes/temporary_folder.h"
#include "os/doorplate.h"

namespace procgraph {
namespace {

using Folders = std::vector<std::string>;

mode_t mode_of(const std::string& path) {
  struct stat is {};
  EXPECT_EQ(::stat(path.c_str(), &is), 0) << path;
  return is.st_mode & 07777;
}

TEST(Door, IsNobodyElsesAndGoesWithItsOwner) {
  const TemporaryFolder folder;
  const std::string runs = folder / "runs";
  {
    const auto door = Door::open(Folders{runs}, "etl");
    ASSERT_TRUE(door);
    EXPECT_EQ(door->name(), "etl");
    EXPECT_EQ(mode_of(runs), 0700U);
    EXPECT_EQ(mode_of(runs + "/etl"), 0600U);
  }
  EXPECT_TRUE(std::filesystem::is_empty(runs));
}

TEST(Door, ASecondRunOfANameGetsANumber) {
  const TemporaryFolder folder;
  const Folders runs{folder / "runs"};
  const auto first = Door::open(runs, "etl"), second = Door::open(runs, "etl"),
             third = Door::open(runs, "etl");
  ASSERT_TRUE(first && second && third);
  EXPECT_EQ(second->name(), "etl-2");
  EXPECT_EQ(third->name(), "etl-3");
}

TEST(Door, WhatAKilledRunHasLeftBehindIsReplaced) {
  const TemporaryFolder folder;
  const Folders runs{folder / "runs"};
  const std::string kept = folder / "kept", name = runs[0] + "/etl";
  {
    const auto killed = Door::open(runs, "etl");
    ASSERT_TRUE(killed);
    std::filesystem::create_hard_link(name, kept);
  }
  std::filesystem::rename(kept, name);
  const auto next = Door::open(runs, "etl");
  ASSERT_TRUE(next);
  EXPECT_EQ(next->name(), "etl");
}

TEST(Door, AFileThatIsNoSocketIsLeftAlone) {
  const TemporaryFolder folder;
  const Folders runs{folder / "runs"};
  ASSERT_TRUE(Door::open(runs, "x"));
  const std::string file = folder.write("runs/etl", "mine");
  const auto door = Door::open(runs, "etl");
  ASSERT_TRUE(door);
  EXPECT_EQ(door->name(), "etl-2");
  EXPECT_EQ(folder.read("runs/etl"), "mine");
}

TEST(Door, AFolderOfOthersIsNotUsed) {
  const TemporaryFolder folder;
  const std::string open = folder / "open", link = folder / "link", ours = folder / "ours";
  std::filesystem::create_directory(open);
  ::chmod(open.c_str(), 0755);
  std::filesystem::create_directory(ours);
  ::chmod(ours.c_str(), 0700);
  std::filesystem::create_symlink(ours, link);
  const auto refused = Door::open(Folders{open}, "etl");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text(), "'" + open + "' is open to other users: 'chmod 700' would close it");
  EXPECT_FALSE(Door::open(Folders{link}, "etl")) << "a link was followed";
  EXPECT_TRUE(Door::open(Folders{open, link, ours}, "etl"));
}

TEST(Door, AFolderThatAnotherUserHasMadeIsNotUsed) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes root, in order to be somebody else";
  const TemporaryFolder folder;
  const std::string planted = folder / "runs";
  std::filesystem::create_directory(planted);
  ::chmod(planted.c_str(), 0700);
  ASSERT_EQ(::chown(planted.c_str(), 65534, 65534), 0);
  const auto refused = Door::open(Folders{planted}, "etl");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text(),
            "'" + planted + "' belongs to another user: set XDG_RUNTIME_DIR to a folder of yours");
  EXPECT_TRUE(std::filesystem::is_empty(planted));
}

TEST(Door, WhatIsNoFolderIsNotUsed) {
  const TemporaryFolder folder;
  const std::string fifo = folder / "fifo", dangling = folder / "dangling", target = folder / "target";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0700), 0);
  std::filesystem::create_symlink(target, dangling);
  for (const std::string& path : {fifo, dangling, folder.write("file", "")})
    EXPECT_FALSE(Door::open(Folders{path}, "etl")) << path;
  EXPECT_FALSE(std::filesystem::exists(target)) << "a link was followed";
}

// Whatever stands where the run's name would be is not followed, not opened, and left as it is.
TEST(Door, ANameThatSomethingElseBearsIsPassedBy) {
  const TemporaryFolder folder;
  const Folders runs{folder / "runs"};
  const std::string name = runs[0] + "/etl", victim = folder.write("victim", "precious");
  const std::function<void()> plants[] = {
      [&] { std::filesystem::create_symlink(victim, name); },
      [&] { std::filesystem::create_symlink(folder / "nowhere", name); },
      [&] { std::filesystem::create_directory(name); },
      [&] { ASSERT_EQ(::mkfifo(name.c_str(), 0666), 0); },
  };
  ASSERT_TRUE(Door::open(runs, "x"));
  for (const auto& plant : plants) {
    plant();
    const auto before = std::filesystem::symlink_status(name);
    {
      const auto door = Door::open(runs, "etl");
      ASSERT_TRUE(door);
      EXPECT_EQ(door->name(), "etl-2");
      EXPECT_EQ(mode_of(runs[0] + "/etl-2"), 0600U);
    }
    const auto after = std::filesystem::symlink_status(name);
    EXPECT_EQ(after.type(), before.type());
    EXPECT_EQ(after.permissions(), before.permissions());
    EXPECT_EQ(folder.read("victim"), "precious");
    EXPECT_FALSE(std::filesystem::exists(folder / "nowhere"));
    std::filesystem::remove(name);
  }
}

TEST(Door, ANameStaysInItsFolder) {
  const TemporaryFolder folder;
  EXPECT_FALSE(Door::open(Folders{folder / "runs"}, "../etl"));
}

TEST(Door, HasASecondSocketForThoseWhoLook) {
  const TemporaryFolder folder;
  const Folders runs{folder / "runs"};
  {
    const auto both = Door::open(runs, "etl");
    const auto looked_at = Door::open(runs, "quiet", false);
    ASSERT_TRUE(both && looked_at);
    EXPECT_EQ(mode_of(runs[0] + "/etl.control"), 0600U);
    EXPECT_EQ(mode_of(runs[0] + "/quiet.control"), 0600U);
    EXPECT_FALSE(std::filesystem::exists(runs[0] + "/quiet")) << "nobody is let in to channels";
    EXPECT_EQ(looked_at->fd(), -1);
  }
  EXPECT_TRUE(std::filesystem::is_empty(runs[0]));
}

TEST(Door, ANameIsTakenIfEitherSocketAnswers) {
  const TemporaryFolder folder;
  const Folders runs{folder / "runs"};
  const auto quiet = Door::open(runs, "etl", false);
  const auto next = Door::open(runs, "etl");
  ASSERT_TRUE(quiet && next);
  EXPECT_EQ(next->name(), "etl-2");
  std::filesystem::remove(runs[0] + "/etl-2.control");
  const auto third = Door::open(runs, "etl", false);
  ASSERT_TRUE(third);
  EXPECT_EQ(third->name(), "etl-3");
}

// As if a run had been killed: its files stay, and nobody listens behind them.
void leave_behind(const TemporaryFolder& folder, const Folders& runs, const std::string& name) {
  const std::vector<std::string> files{name, name + ".control"};
  {
    const auto door = Door::open(runs, name);
    ASSERT_TRUE(door);
    for (const std::string& file : files)
      std::filesystem::create_hard_link(runs[0] + "/" + file, folder / (file + ".kept"));
  }
  for (const std::string& file : files)
    std::filesystem::rename(folder / (file + ".kept"), runs[0] + "/" + file);
}

TEST(Knock, FindsThoseThatAreThereAndTakesAwayWhatIsLeftOfOthers) {
  const TemporaryFolder folder;
  const Folders runs{folder / "none", folder / "runs"}, only{runs[1]};
  leave_behind(folder, only, "dead");
  const auto a = Door::open(only, "a"), b = Door::open(only, "b", false);
  ASSERT_TRUE(a && b);
  std::vector<std::string> names;
  for (const Knock& one : knock_everywhere(runs)) names.push_back(one.name);
  EXPECT_THAT(names, ::testing::ElementsAre("a", "b"));
  EXPECT_FALSE(std::filesystem::exists(runs[1] + "/dead"));
  EXPECT_FALSE(std::filesystem::exists(runs[1] + "/dead.control"));
  EXPECT_FALSE(std::filesystem::exists(runs[0])) << "a look makes no folder";
  EXPECT_TRUE(knock(runs, "b"));
  EXPECT_FALSE(knock(runs, "c"));
  EXPECT_FALSE(knock(runs, "../runs/b"));
}

TEST(Doorplate, TakesDownWhatADeadRunHasLeft) {
  const TemporaryFolder folder;
  const Folders runs{folder / "runs"};
  const auto plate = Doorplate::make();
  ASSERT_TRUE(plate);
  plate->take_down();  // nothing is on it
  leave_behind(folder, runs, "etl");
  plate->write({.folder = runs[0], .name = "etl"});
  plate->take_down();
  EXPECT_TRUE(std::filesystem::is_empty(runs[0]));
}

TEST(Doorplate, LeavesAnotherRunThatHasTheNameNow) {
  const TemporaryFolder folder;
  const Folders runs{folder / "runs"};
  const auto plate = Doorplate::make();
  ASSERT_TRUE(plate);
  plate->write(Door::open(runs, "etl")->files());
  const auto other = Door::open(runs, "etl");
  ASSERT_TRUE(other);
  plate->take_down();
  EXPECT_TRUE(std::filesystem::exists(runs[0] + "/etl"));
  EXPECT_TRUE(std::filesystem::exists(runs[0] + "/etl.control"));
}

TEST(Doorplate, TakesDownTheDoorOfOneThatIsAboutToBeEnded) {
  const TemporaryFolder folder;
  const Folders runs{folder / "runs"};
  const auto plate = Doorplate::make();
  const auto door = Door::open(runs, "etl");
  ASSERT_TRUE(plate && door);
  plate->write(door->files());
  plate->take_down_before();
  EXPECT_TRUE(std::filesystem::is_empty(runs[0]));
}

}  // namespace
}  // namespace procgraph
