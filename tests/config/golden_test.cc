// Each tests/golden/config/NAME.yaml is a mistake, and NAME.txt is all that a person is told about it. With
// PROCGRAPH_UPDATE_GOLDEN=1 in the environment the test writes the texts instead; read the difference before
// you commit it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "load.h"

namespace procgraph::testing {
namespace {

const std::filesystem::path kGolden = PROCGRAPH_GOLDEN;

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Texts graph_files() {
  Texts files;
  for (const auto& entry : std::filesystem::directory_iterator(kGolden)) {
    const std::string extension = entry.path().extension();
    if (extension == ".yaml" || extension == ".yml") files[entry.path().filename()] = contents(entry.path());
  }
  return files;
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& [name, text] : graph_files()) {
    const std::filesystem::path path = name;
    if (path.extension() == ".yaml") names.push_back(path.stem());  // .yml are those that others include
  }
  return names;
}

class Golden : public ::testing::TestWithParam<std::string> {};

TEST_P(Golden, MessagesAreWhole) {
  const World world = world_with(graph_files(), {{"HOME", "/home/ann"}, {"EMPTY", ""}, {"CONTROL", "\x01"}});
  const Loaded loaded = load_in(world, {.files = {GetParam() + ".yaml"}, .stdin_text = {}, .set = {}});
  const std::filesystem::path expected = kGolden / (GetParam() + ".txt");
  if (std::getenv("PROCGRAPH_UPDATE_GOLDEN") != nullptr)
    std::ofstream(expected, std::ios::binary) << loaded.text();
  EXPECT_EQ(loaded.text(), contents(expected));
}

INSTANTIATE_TEST_SUITE_P(Config, Golden, ::testing::ValuesIn(cases()),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace procgraph::testing
