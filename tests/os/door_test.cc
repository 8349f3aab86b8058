// The name under which a run is found from outside.
#include "os/door.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "fakes/temporary_folder.h"

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

TEST(Door, ANameStaysInItsFolder) {
  const TemporaryFolder folder;
  EXPECT_FALSE(Door::open(Folders{folder / "runs"}, "../etl"));
}

}  // namespace
}  // namespace procgraph
