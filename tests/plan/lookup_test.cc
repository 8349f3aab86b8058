#include "plan/lookup.h"

#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

using test::FakeWorld;

std::string found(const FakeWorld& world, const Wanted& wanted) {
  const auto answer = Lookup(world.value).find(wanted);
  if (const auto* program = std::get_if<std::string>(&answer)) return *program;
  return std::get<NotFound>(answer).reason;
}

Wanted wanted(std::string word, std::string path = "/usr/bin:/bin") {
  return {std::move(word), "/w", std::move(path), false};
}

TEST(Lookup, AsksTheFoldersInTheirOrder) {
  FakeWorld world;
  world.value.nodes = {"/extra"};
  world.value.installed_nodes = "/opt/nodes";
  world.program("/opt/nodes/x");
  EXPECT_EQ(found(world, wanted("x")), "/opt/nodes/x");
  world.program("/bin/x");
  EXPECT_EQ(found(world, wanted("x")), "/bin/x");
  world.program("/usr/bin/x");
  EXPECT_EQ(found(world, wanted("x")), "/usr/bin/x");
  world.program("/extra/x");
  EXPECT_EQ(found(world, wanted("x")), "/extra/x");
  world.program("/w/nodes/x");
  EXPECT_EQ(found(world, wanted("x")), "/w/nodes/x");
}

TEST(Lookup, NeverTakesAnEmptyOrRelativeElementForTheCurrentFolder) {
  FakeWorld world;
  world.program("/w/ls").program("/w/bin/ls").program("/bin/ls");
  EXPECT_EQ(found(world, wanted("ls", "")), "was not found");
  EXPECT_EQ(found(world, wanted("ls", ":")), "was not found");
  EXPECT_EQ(found(world, wanted("ls", "::.:bin:/bin:")), "/bin/ls");
}

TEST(Lookup, TakesAPathFromTheFolderOfTheFile) {
  FakeWorld world;
  world.program("/w/bin/x").program("/usr/bin/x");
  EXPECT_EQ(found(world, wanted("bin/x")), "/w/bin/x");
  EXPECT_EQ(found(world, wanted("/usr/bin/x")), "/usr/bin/x");
}

TEST(Lookup, GoesOnWhereAFolderBearsTheName) {
  FakeWorld world;
  world.folder("/usr/bin/x").program("/bin/x");
  EXPECT_EQ(found(world, wanted("x")), "/bin/x");
}

TEST(Lookup, GoesOnWhereAFileIsNotExecutableAndTellsItAtTheEnd) {
  FakeWorld world;
  world.file("/usr/bin/x");
  EXPECT_EQ(found(world, wanted("x")), "is not executable in '/usr/bin'");
  world.program("/bin/x");
  EXPECT_EQ(found(world, wanted("x")), "/bin/x");
}

TEST(Lookup, FindsANodeOfOursOnlyWhereProcgraphIs) {
  FakeWorld world;
  world.program("/usr/bin/discard").program("/w/nodes/discard");
  world.value.installed_nodes = "/opt/nodes";
  EXPECT_EQ(found(world, {"discard", "/w", "/usr/bin", true}), "was not found");
  world.program("/opt/nodes/discard");
  EXPECT_EQ(found(world, {"discard", "/w", "/usr/bin", true}), "/opt/nodes/discard");
}

TEST(Lookup, LooksAtEachFileOnce) {
  FakeWorld world;
  int looks = 0;
  world.value.look = [&](const std::string&) {
    ++looks;
    return FileFacts{FileFacts::Type::kRegular, true, true};
  };
  Lookup lookup(world.value);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(std::get<std::string>(lookup.find(wanted("x"))), "/w/nodes/x");
  EXPECT_EQ(looks, 1);
}

}  // namespace
}  // namespace procgraph
