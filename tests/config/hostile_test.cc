// Files made to hurt: each is refused with a message, and none takes long, much memory or the whole stack.
// How long is not measured here; a quadratic step anywhere would run into the test's timeout.
#include <gtest/gtest.h>

#include "load.h"

namespace procgraph::testing {
namespace {

std::string times(std::string_view piece, std::size_t count) {
  std::string text;
  text.reserve(piece.size() * count);
  for (std::size_t i = 0; i < count; ++i) text += piece;
  return text;
}

// The first line of what a person sees.
std::string verdict(const std::string& text) {
  const std::string all = load_text(text).text();
  return all.substr(0, all.find('\n'));
}

TEST(Hostile, BombOfAliases) {
  std::string text = "x-a: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 20; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1) + " ";
    text += "x-" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + times(alias + ",", 9) + "]\n";
  }
  EXPECT_EQ(verdict(text), "g.yaml:7:11: error: more than 1,000,000 values, with what aliases stand for");
}

TEST(Hostile, BombOfDepthMadeOfAliases) {
  std::string text = "x-a: &a0 [x]\n";
  for (int i = 1; i < 100; ++i)
    text += "x-" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  EXPECT_EQ(verdict(text), "g.yaml:64:13: error: more than 64 levels, with what this alias stands for");
}

TEST(Hostile, BombOfMerges) {
  std::string text = "x-e: &e {}\nx-a:\n  <<: [" + times("*e,", 300'000) + "*e]\n";
  for (int i = 0; i < 200'000; ++i) text += "  k" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(load_text(text).text(), "");
}

TEST(Hostile, BombOfVariables) {
  std::string text = "vars:\n  a0: " + times("x", 40) + "\n";
  for (int i = 1; i < 64; ++i)
    text +=
        "  a" + std::to_string(i) + ": ${a" + std::to_string(i - 1) + "}${a" + std::to_string(i - 1) + "}\n";
  EXPECT_EQ(verdict(text + "processes: { f: x }\n"),
            "g.yaml:13:14: error: with the value of 'a10' this grows beyond all measure");
}

TEST(Hostile, BombOfValues) {
  const std::string big(60'000, 'x');
  const std::string text =
      "vars: { A: " + big + " }\nprocesses:\n  f:\n    command: [x" + times(", '${A}'", 2'000) + "]\n";
  EXPECT_NE(load_text(text).text().find("at most 64KiB for one value, 64MiB for all"), std::string::npos);
}

TEST(Hostile, BombOfDefaults) {
  std::string text = "defaults:\n  processes:\n    env:\n";
  for (int i = 0; i < 1'000; ++i) text += "      V" + std::to_string(i) + ": x\n";
  text += "processes:\n";
  for (int i = 0; i < 1'000; ++i) text += "  p" + std::to_string(i) + ": x\n";
  EXPECT_EQ(verdict(text), "g.yaml:3:5: error: more than 1,000,000 values, with these defaults for each");
}

// As a folder that links to itself makes them.
TEST(Hostile, IncludesWithoutEnd) {
  World world = world_with({});
  world.look = [](const std::string&) {
    return FileFacts{.type = FileFacts::Type::kRegular, .readable = true};
  };
  world.read_file = [](const std::string& path) -> Result<std::string> {
    return std::string(path.ends_with(".env") ? "" : "include: [a/g.yaml, b/g.yaml]\n");
  };
  const Loaded loaded = load_in(world, {.files = {"g.yaml"}, .stdin_text = {}, .set = {}});
  EXPECT_NE(loaded.text().find("more than 1,000 files, or more than 32 that include each other in turn"),
            std::string::npos);
}

TEST(Hostile, ManyLargeFiles) {
  const std::string large = "x-a: b\n# " + std::string(9'000'000, '#') + "\nx-b: c\n";
  const Texts files{{"g.yaml", "include: [a.yaml, b.yaml, c.yaml, d.yaml]\n"},
                    {"a.yaml", large},
                    {"b.yaml", large},
                    {"c.yaml", large},
                    {"d.yaml", large}};
  EXPECT_EQ(load_files(files, {"g.yaml"}).text(),
            "g.yaml:1:35: error: cannot include 'd.yaml': with this file, all files together are larger than "
            "32MiB\n"
            "  1 │ include: [a.yaml, b.yaml, c.yaml, d.yaml]\n"
            "    │                                   ^~~~~~\n"
            "1 error\n");
}

TEST(Hostile, AMillionLevels) {
  for (const char* piece : {"[", "{", "- ", "? ", "{a: ", "[a, [", "&a [", ": "}) {
    EXPECT_NE(verdict(times(piece, 1'000'000)).find("error: more than 64 levels of lists and maps"),
              std::string::npos)
        << piece;
  }
  std::string text;
  for (std::size_t i = 0; i < 3'000; ++i) text += std::string(i, ' ') + "a:\n";
  EXPECT_EQ(verdict(text), "g.yaml:65:65: error: more than 64 levels of lists and maps");
}

TEST(Hostile, FiveMegabytesInOnePairOfBrackets) {
  for (const char* piece : {"a,", "\"\",", "*a ,", "a: b,", "'',", "[],", "{},"}) {
    EXPECT_TRUE(
        load_text("[" + times(piece, 5'000'000 / std::string_view(piece).size())).diagnostics.has_errors())
        << piece;
  }
  EXPECT_NE(
      verdict("[" + times("a,", 2'500'000) + "]\n").find("error: too many parts in one pair of brackets, or"),
      std::string::npos);
}

TEST(Hostile, AMillionValues) {
  EXPECT_EQ(verdict("x-a:\n" + times("- a\n", 1'000'000)),
            "g.yaml:999999:3: error: more than 1,000,000 values, with what aliases stand for");
}

TEST(Hostile, AMillionMistakes) {
  const Loaded loaded = load_text("processes:\n  f: x\n" + times("  f: x\n", 100'000));
  EXPECT_EQ(loaded.diagnostics.errors(), 1'001U);
  EXPECT_NE(loaded.text().find("procgraph: error: more than 1,000 errors; the rest is not shown\n"),
            std::string::npos);
}

TEST(Hostile, OneHugeValue) {
  for (const char* begin : {"a: ", "a: '", "a: \"", "a: |\n  ", "", "# "}) {
    EXPECT_TRUE(load_text(begin + std::string(2'000'000, 'x')).diagnostics.has_errors()) << begin;
  }
}

TEST(Hostile, MarksAndNothingElse) {
  for (const char* piece : {",",   "---\n", "...\n", "--- ", "!a ", "&a ", "*a ", "'",      "\"",  "]",
                            "}",   "- |\n", "%",     "@",    "\n",  " ",   "\t",  "#",      "\\",  "<<: ",
                            ":\n", "?\n",   ">",     "|",    "!",   "&",   "*",   "a:\n- ", "'' ", "''"}) {
    EXPECT_TRUE(load_text(times(piece, 300'000)).diagnostics.has_errors()) << piece;
    EXPECT_TRUE(load_text(piece).diagnostics.has_errors()) << piece;
  }
}

TEST(Hostile, EveryPairOfMarks) {
  constexpr std::string_view kMarks = "[]{},:-?&*!|>'\"%@`#~ \n\ta<.";
  for (char first : kMarks) {
    for (char second : kMarks) {
      for (char third : kMarks) static_cast<void>(load_text({first, second, third}).text());
    }
  }
}

TEST(Hostile, LongKeysAndTexts) {
  EXPECT_EQ(verdict(std::string(257, 'k') + ": x\n"), "g.yaml:1:1: error: a key of more than 256 bytes");
  EXPECT_EQ(verdict("x-a: " + std::string(65'537, 'x') + "\n"),
            "g.yaml:1:6: error: a text of more than 64KiB");
  EXPECT_EQ(
      load_text("x-" + std::string(254, 'k') + ": " + std::string(65'536, 'x') + "\nprocesses: { f: x }\n")
          .text(),
      "");
}

TEST(Hostile, SixtyFourLevelsAreFine) {
  EXPECT_EQ(load_text("x-a: " + times("[", 63) + times("]", 63) + "\nprocesses: { f: x }\n").text(), "");
}

}  // namespace
}  // namespace procgraph::testing
