// Logs in files, as a person has them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;

std::string content(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Logs, TheExampleWritesAFileForEachProcessAndKeepsTheNewest) {
  Folder folder;
  folder.write("logs.yaml", content(source_path("configs/logs.yaml")));
  const Ran ran = run(folder.path(), {"run", "logs.yaml"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path() + "/logs"))
    names.insert(entry.path().filename());
  const std::set<std::string> expected{"counts.0.log", "counts.1.log", "talks.log", "talks.log.1",
                                       "talks.log.2"};
  EXPECT_THAT(names, testing::IsSupersetOf(expected));
  EXPECT_FALSE(names.contains("talks.log.3"));
  const std::string newest = folder.read("logs/talks.log");
  EXPECT_TRUE(newest.ends_with("Z stdout 30000\n")) << newest.substr(newest.size() - 100);
  EXPECT_THAT(folder.read("logs/counts.1.log"), HasSubstr("Z stderr to stderr\n"));
  EXPECT_THAT(ran.out, HasSubstr("talks    │ 30000\n")) << "the console says it all the same";
}

TEST(Logs, OurOwnWordsAreThereThoughTheConsoleIsQuiet) {
  Folder folder;
  folder.write("g.yaml", "processes: { a: 'false' }\nlogs: { dir: here, format: json }\n");
  const Ran ran = run(folder.path(), {"run", "g.yaml", "-q"});
  EXPECT_EQ(ran.code, 1);
  const std::string own = folder.read("here/_procgraph.log");
  EXPECT_THAT(own, HasSubstr("\"event\":\"started\",\"process\":\"a\""));
  EXPECT_THAT(own, HasSubstr("\"message\":\"a failed: exit code 1; the graph stops\""));
}

TEST(Logs, AFolderThatCannotBeMadeIsNamedAndNothingStarts) {
  Folder folder;
  folder.write("g.yaml", "processes: { a: touch started }\nlogs: { dir: no/such/parent }\n");
  const Ran ran = run(folder.path(), {"run", "g.yaml"});
  EXPECT_EQ(ran.code, 71);
  EXPECT_EQ(ran.err,
            "procgraph: logs: folder '" + folder.path() + "/no/such/parent': No such file or directory\n");
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/started"));
}

}  // namespace
}  // namespace procgraph::e2e
