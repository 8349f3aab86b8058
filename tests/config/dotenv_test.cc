// Files of variables.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/dotenv.h"
#include "load.h"

namespace procgraph::testing {

using namespace config;

namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

struct Parsed {
  std::vector<std::pair<std::string, std::string>> values;
  std::string text;
};

Parsed parse(const std::string& text) {
  Diagnostics diagnostics;
  Problems problems(diagnostics);
  const Source source{".env", text};
  Parsed parsed;
  for (const EnvironmentEntry& entry : parse_dotenv(source, 0, problems))
    parsed.values.emplace_back(entry.name.value, entry.value.value);
  parsed.text = to_text(diagnostics, {source}, {});
  return parsed;
}

TEST(Dotenv, TakesNamesAndValues) {
  const Parsed parsed = parse("A=1\n\n# comment\nexport B = two words  # comment\nC=a#b\nD=\n");
  EXPECT_EQ(parsed.text, "");
  EXPECT_THAT(parsed.values,
              ElementsAre(Pair("A", "1"), Pair("B", "two words"), Pair("C", "a#b"), Pair("D", "")));
}

TEST(Dotenv, TakesQuotes) {
  const Parsed parsed = parse("A='  $x \\n '\nB=\"a\\nb \\\"c\\\" \\$ \\q\"  # comment\n");
  EXPECT_EQ(parsed.text, "");
  EXPECT_THAT(parsed.values, ElementsAre(Pair("A", "  $x \\n "), Pair("B", "a\nb \"c\" $ \\q")));
}

TEST(Dotenv, SaysWhatIsWrong) {
  EXPECT_EQ(parse("A=1\nnonsense\n1B=2\nC='x\nD=\"x\" y\n").text,
            ".env:2:1: error: this is not NAME=value\n"
            "  2 │ nonsense\n"
            "    │ ^~~~~~~~\n"
            "    hint: a name has letters, digits and '_'; a comment begins with '#'\n"
            ".env:3:1: error: this is not NAME=value\n"
            "  3 │ 1B=2\n"
            "    │ ^~~~\n"
            "    hint: a name has letters, digits and '_'; a comment begins with '#'\n"
            ".env:4:1: error: this quote is never closed on its line\n"
            "  4 │ C='x\n"
            "    │ ^~~~\n"
            ".env:5:1: error: there is something behind the closing quote\n"
            "  5 │ D=\"x\" y\n"
            "    │ ^~~~~~~\n"
            "4 errors\n");
}

TEST(Dotenv, IsTheOneBesideTheFirstFile) {
  const Texts files{
      {"sub/a.yaml", "processes: { f: 'x ${V}' }\n"}, {"sub/.env", "V=sub\n"}, {".env", "V=here\n"}};
  const Loaded loaded = load_files(files, {"sub/a.yaml"});
  EXPECT_EQ(loaded.text(), "");
  EXPECT_EQ(loaded.spec.processes.at(0).command->words.at(1).value, "sub");
}

TEST(Dotenv, IsGuardedAsEveryFile) {
  const Loaded loaded =
      load_files({{"g.yaml", "processes: { f: x }\n"}, {".env", std::string("A=\x1b[2J\n")}}, {"g.yaml"});
  EXPECT_EQ(loaded.text(),
            ".env:1:3: error: control character U+001B\n"
            "  1 │ A=\\x1b[2J\n"
            "    │   ^~~~\n"
            "1 error\n");
}

}  // namespace
}  // namespace procgraph::testing
