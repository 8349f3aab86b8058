// What a program finds as its words is what the file and the environment say, byte for byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "harness.h"

namespace procgraph::e2e {
namespace {

// Any bytes but NUL and the three that a file is refused for, many of them such that a shell or a parser
// would mind.
std::string random_bytes(std::mt19937& random) {
  constexpr std::string_view kMinded = " \t\n'\"\\$`{}()[]*?~!#&|;<>=%:,-";
  std::string bytes;
  const auto size = std::uniform_int_distribution(1, 60)(random);
  for (int i = 0; i < size; ++i) {
    const bool minded = std::uniform_int_distribution(0, 2)(random) == 0;
    bytes += minded ? kMinded[std::uniform_int_distribution<std::size_t>(0, kMinded.size() - 1)(random)]
                    : static_cast<char>(std::uniform_int_distribution(4, 255)(random));
  }
  return bytes;
}

TEST(Arguments, OfTenThousandRandomStringsAreTheBytesThatTheyWere) {
  constexpr int kRuns = 20, kWords = 500;
  std::mt19937 random(20);
  for (int run_number = 0; run_number < kRuns; ++run_number) {
    std::string expected, words;
    for (int i = 0; i < kWords; ++i) {
      const std::string name = "PG_WORD_" + std::to_string(i), value = random_bytes(random);
      ::setenv(name.c_str(), value.c_str(), 1);
      expected += value + '\0';
      words += ", '${" + name + "}'";
    }
    const Folder folder;
    folder.write("g.yaml", "processes:\n  p: { command: [/usr/bin/printf, '%s\\0'" + words +
                               "], stdout: { file: out } }\n");
    const Ran ran = run(folder.path(), {"run", "g.yaml"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    ASSERT_EQ(folder.read("out"), expected) << "run " << run_number;
  }
  for (int i = 0; i < kWords; ++i) ::unsetenv(("PG_WORD_" + std::to_string(i)).c_str());
}

}  // namespace
}  // namespace procgraph::e2e
