#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "fakes/temporary_folder.h"
#include "os/machine.h"

namespace procgraph {
namespace {

using ::testing::ElementsAre;

TEST(RealWorld, HasTheEnvironmentAndTheFolders) {
  ::setenv("PROCGRAPH_NODE_PATH", "/a::b/", 1);
  const auto world = real_world({"/first", "second"}, "/installed");
  ::unsetenv("PROCGRAPH_NODE_PATH");
  ASSERT_TRUE(world);
  EXPECT_EQ(world->environment.at("PROCGRAPH_NODE_PATH"), "/a::b/");
  EXPECT_THAT(world->nodes, ElementsAre("/first", world->cwd + "/second", "/a", world->cwd + "/b"));
  EXPECT_EQ(world->installed_nodes, "/installed");
}

TEST(RealWorld, LooksAtFiles) {
  const TemporaryFolder folder;
  const auto world = real_world({}, "");
  const std::string file = folder.write("tool", "x");
  FileFacts facts = world->look(file);
  EXPECT_EQ(facts.type, FileFacts::Type::kRegular);
  EXPECT_TRUE(facts.readable);
  EXPECT_FALSE(facts.executable);
  ::chmod(file.c_str(), 0755);
  EXPECT_TRUE(world->look(file).executable);
  EXPECT_EQ(world->look(folder.path()).type, FileFacts::Type::kDirectory);
  EXPECT_EQ(world->look("/dev/null").type, FileFacts::Type::kOther);
  EXPECT_EQ(world->look(folder / "missing").type, FileFacts::Type::kMissing);
}

TEST(RealWorld, ListsTheNamesInAFolder) {
  const TemporaryFolder folder;
  const auto world = real_world({}, "");
  folder.write("b", "");
  folder.write("a/inner", "");
  folder.write(".hidden", "");
  EXPECT_THAT(world->list(folder.path()), ElementsAre(".hidden", "a", "b"));
  EXPECT_THAT(world->list(folder / "missing"), ElementsAre());
  EXPECT_THAT(world->list(folder / "b"), ElementsAre());
}

TEST(RealWorld, ReadsRegularFilesOnly) {
  const TemporaryFolder folder;
  const auto world = real_world({}, "");
  EXPECT_EQ(*world->read_file(folder.write("a", std::string("text\0more", 9))), std::string("text\0more", 9));
  EXPECT_EQ(world->read_file(folder / "b").error().text(),
            "open '" + folder.path() + "/b': No such file or directory");
  EXPECT_EQ(world->read_file(folder.path()).error().text(), "read '" + folder.path() + "': Is a directory");
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(world->read_file(folder / "fifo").error().text(),
            "read '" + folder.path() + "/fifo': it is not a regular file");
  EXPECT_EQ(world->read_file("/dev/zero").error().text(), "read '/dev/zero': it is not a regular file");
  const std::string big = folder.write("big", "");
  ASSERT_EQ(::truncate(big.c_str(), (16 << 20) + 1), 0);
  EXPECT_EQ(world->read_file(big).error().text(), "read '" + big + "': it is larger than 16MiB");
}

}  // namespace
}  // namespace procgraph
