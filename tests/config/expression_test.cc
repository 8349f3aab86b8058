// Graphs on one line: the file that each means, and what is said of mistakes.
#include "config/expression.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <string>

#include "load.h"

namespace procgraph::testing {
namespace {

std::string file_of(const std::string& expression) {
  Source source{"<expression>", expression};
  Diagnostics diagnostics;
  const auto file = file_of_expression(source, 0, diagnostics);
  EXPECT_TRUE(file) << to_text(diagnostics, {source}, {});
  if (!file) return "";
  EXPECT_EQ(file->places.size(), static_cast<std::size_t>(std::ranges::count(file->text, '\n')));
  return file->text;
}

std::string told(const std::string& expression) {
  Sources sources{{"<expression>", expression}};
  Diagnostics diagnostics;
  EXPECT_FALSE(file_of_expression(sources[0], 0, diagnostics));
  return to_text(diagnostics, sources, {});
}

TEST(Expressions, JoinStagesByPipesAndCopiesByQueues) {
  EXPECT_EQ(file_of("seq 1000 ! grep 7 *4 ! wc -l ! cat"), R"(name: exec
processes:
  seq:
    command: [seq, 1000]
    stdin: inherit
  grep:
    command: [grep, 7]
    ok_codes: [0, 1]
    replicas: 4
  wc:
    command: [wc, "-l"]
  cat:
    command: [cat]
    stdout: inherit
queues: [seq-grep, grep-wc]
pipelines:
  - [seq, seq-grep, grep, grep-wc, wc, cat]
)");
}

TEST(Expressions, OfOneStageHaveBothEnds) {
  EXPECT_EQ(file_of("  /usr/bin/sort  "), R"(name: exec
processes:
  sort:
    command: [/usr/bin/sort]
    stdin: inherit
    stdout: inherit
)");
}

// As a shell has it: what counts is the pipeline's end.
TEST(Expressions, LetAGrepFindNothingButNotAtTheEnd) {
  EXPECT_NE(file_of("/bin/grep x ! wc").find("ok_codes: [0, 1]"), std::string::npos);
  EXPECT_NE(file_of("cat ! grep x *2").find("ok_codes: [0, 1]"), std::string::npos);
  for (const char* expression : {"cat ! grep x", "pgrep x ! wc"})
    EXPECT_EQ(file_of(expression).find("ok_codes"), std::string::npos) << expression;
}

TEST(Expressions, NameEachStageOnce) {
  EXPECT_EQ(file_of("cat ! cat ! [ 1 ! log"), R"(name: exec
processes:
  cat:
    command: [cat]
    stdin: inherit
  cat-2:
    command: [cat]
  stage:
    command: ["[", 1]
  log-2:
    command: [log]
    stdout: inherit
pipelines:
  - [cat, cat-2, stage, log-2]
)");
}

// What the file says is what the expression said, word by word.
TEST(Expressions, KeepWordsAsTheyAre) {
  const std::string file =
      file_of(R"(awk '{ print $1 ": !" }' '!' "*4" \! a\ b "" null -n ${X:-it is} ! cat)");
  const World world = world_with({{"g.yaml", file}}, {});
  const Loaded loaded = load_in(world, {.files = {"g.yaml"}, .stdin_text = {}, .set = {}});
  EXPECT_EQ(loaded.text(), "");
  ASSERT_EQ(loaded.spec.processes.size(), 2u);
  std::vector<std::string> words;
  for (const Text& word : loaded.spec.processes[0].command->words) words.push_back(word.value);
  EXPECT_EQ(words, (std::vector<std::string>{"awk", "{ print $1 \": !\" }", "!", "*4", "!", "a b", "", "null",
                                             "-n", "it is"}));
}

TEST(Expressions, AreRefusedWithTheirPlace) {
  EXPECT_EQ(told("seq 3 ! ! cat"), R"(<expression>:1:9: error: here a command was expected
  1 │ seq 3 ! ! cat
    │         ^
    hint: as in: 'seq 10 ! wc -l'
1 error
)");
  EXPECT_EQ(told("seq 3 | wc"), R"(<expression>:1:7: error: no shell runs this expression
  1 │ seq 3 | wc
    │       ^
    hint: stages are separated by '!'
1 error
)");
  EXPECT_EQ(
      told("seq 3 ! wc *4 -l"),
      R"(<expression>:1:15: error: here '!' or the end was expected: the number of copies is a stage's last word
  1 │ seq 3 ! wc *4 -l
    │               ^~
1 error
)");
  EXPECT_EQ(told("wc *0"), R"(<expression>:1:4: error: copies are a whole number from 1 to 1,000,000
  1 │ wc *0
    │    ^~
    hint: as in: grep 7 *4
1 error
)");
}

TEST(Expressions, SayWhatIsWrongInACommand) {
  EXPECT_EQ(told("seq 3 ! grep 'x"), R"(<expression>:1:14: error: this quote is never closed
  1 │ seq 3 ! grep 'x
    │              ^
1 error
)");
  EXPECT_NE(told("ls *.c ! wc").find("<expression>:1:4: error: '*' has no meaning here"), std::string::npos);
}

TEST(Expressions, ThatSayNothingAreRefused) {
  for (const char* nothing : {"", "  ", "! cat", "cat !"})
    EXPECT_NE(told(nothing).find("error: "), std::string::npos) << nothing;
}

}  // namespace
}  // namespace procgraph::testing
