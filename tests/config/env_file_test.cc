// Files of variables that processes name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "load.h"

namespace procgraph::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

std::vector<std::pair<std::string, std::string>> from_files(const ProcessSpec& process) {
  std::vector<std::pair<std::string, std::string>> variables;
  for (const EnvironmentEntry& entry : process.env_file)
    variables.emplace_back(entry.name.value, entry.value.value);
  return variables;
}

TEST(EnvFile, IsReadInTheOrderOfTheList) {
  const Texts files{{"g.yaml", "processes: { a: { command: x, env_file: [one.env, /etc/two.env] } }\n"},
                    {"one.env", "A=1\nB='${A}'\n"},
                    {"/etc/two.env", "A=2\n"}};
  const Loaded loaded = load_files(files, {"g.yaml"});
  EXPECT_EQ(loaded.text(), "");
  EXPECT_THAT(from_files(loaded.spec.processes.at(0)),
              ElementsAre(Pair("A", "1"), Pair("B", "${A}"), Pair("A", "2")));
}

TEST(EnvFile, LiesRelativeToTheFileThatNamesIt) {
  const Texts files{{"g.yaml", "include: parts/a.yaml\n"},
                    {"parts/a.yaml",
                     "vars: { STAGE: test }\nprocesses: { a: { command: x, env_file: \"${STAGE}.env\" } }\n"},
                    {"parts/test.env", "A=here\n"}};
  const Loaded loaded = load_files(files, {"g.yaml"});
  EXPECT_EQ(loaded.text(), "");
  EXPECT_THAT(from_files(loaded.spec.processes.at(0)), ElementsAre(Pair("A", "here")));
  EXPECT_EQ(loaded.sources.at(2).name, "parts/test.env");
}

TEST(EnvFile, IsReadOnceForAll) {
  const Texts files{{"g.yaml", "defaults: { processes: { env_file: x.env } }\nprocesses: { a: x, b: x }\n"},
                    {"x.env", "A=1\n"}};
  const Loaded loaded = load_files(files, {"g.yaml"});
  EXPECT_EQ(loaded.text(), "");
  EXPECT_THAT(from_files(loaded.spec.processes.at(0)), ElementsAre(Pair("A", "1")));
  EXPECT_THAT(from_files(loaded.spec.processes.at(1)), ElementsAre(Pair("A", "1")));
  EXPECT_EQ(loaded.sources.size(), 2U);
}

// A file of 1 MiB for each of a hundred processes is a hundred MiB.
TEST(EnvFile, CostsItsSizeForEachProcessThatNamesIt) {
  std::string yaml = "defaults: { processes: { env_file: big.env } }\nprocesses:\n";
  for (int i = 0; i < 100; ++i) yaml += "  p" + std::to_string(i) + ": x\n";
  const Loaded loaded =
      load_files({{"g.yaml", yaml}, {"big.env", "A=" + std::string(1 << 20, 'x')}}, {"g.yaml"});
  EXPECT_THAT(loaded.text(),
              ::testing::HasSubstr(
                  "cannot read 'big.env': with this file, all files together are larger than 32MiB"));
}

}  // namespace
}  // namespace procgraph::testing
