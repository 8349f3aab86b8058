#include "base/lookup.h"

#include <gmock/gmock.h>
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

std::string hint(const FakeWorld& world, const Wanted& wanted) {
  const auto answer = Lookup(world.value).find(wanted);
  return std::get<NotFound>(answer).hint;
}

TEST(LookupHint, IsTheNearestProgramOfTheFoldersThatWereSearched) {
  FakeWorld world;
  world.value.installed_nodes = "/opt/nodes";
  world.program("/opt/nodes/discard").program("/usr/bin/sort").program("/elsewhere/dicard");
  EXPECT_EQ(hint(world, wanted("dicsard")), "did you mean 'discard'?");
  EXPECT_EQ(hint(world, wanted("srot")), "did you mean 'sort'?");
  EXPECT_THAT(hint(world, wanted("srot", "/bin")), testing::StartsWith("looked for in "));
}

TEST(LookupHint, PassesOverWhatDoesNotRun) {
  FakeWorld world;
  world.file("/w/nodes/parse.h").folder("/w/nodes/parsed");
  EXPECT_THAT(hint(world, wanted("parse.")), testing::StartsWith("looked for in "));
  world.program("/usr/bin/parser");
  EXPECT_EQ(hint(world, wanted("parse.")), "did you mean 'parser'?");
}

TEST(LookupHint, OfAPathIsItsNeighbourAsItWouldBeTyped) {
  FakeWorld world;
  world.program("/w/bin/parse").program("/usr/bin/prase");
  EXPECT_EQ(hint(world, wanted("./bin/prase")), "did you mean './bin/parse'?");
  EXPECT_EQ(hint(world, wanted("/w/bin/prase")), "did you mean '/w/bin/parse'?");
  EXPECT_EQ(hint(world, wanted("bin/other")), "there is no '/w/bin/other'");
}

TEST(LookupHint, ListsEachFolderOnceAndOnlyForSomeMistakes) {
  FakeWorld world;
  std::map<std::string, int> listed;
  world.program("/usr/bin/sort");
  world.value.list = [&](const std::string& folder) {
    ++listed[folder];
    return std::vector<std::string>{"sort"};
  };
  Lookup lookup(world.value);
  int hinted = 0;
  for (int i = 0; i < 30; ++i) {
    const auto answer = lookup.find(wanted("srot", "/usr/bin:/bin:/" + std::to_string(i)));
    hinted += std::get<NotFound>(answer).hint == "did you mean 'sort'?" ? 1 : 0;
  }
  EXPECT_EQ(listed["/usr/bin"], 1);
  EXPECT_EQ(hinted, 20);
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
