// How a command given as one text becomes words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "load.h"

namespace procgraph::testing {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> words_in(const std::string& command,
                                  std::map<std::string, std::string> environment = {}) {
  const World world = world_with({{"g.yaml", "processes:\n  f:\n    command: >-\n      " + command + "\n"}},
                                 std::move(environment));
  const Loaded loaded = load_in(world, {.files = {"g.yaml"}, .stdin_text = {}, .set = {}});
  EXPECT_EQ(loaded.text(), "");
  std::vector<std::string> words;
  if (loaded.spec.processes.empty() || !loaded.spec.processes[0].command) return words;
  for (const Text& word : loaded.spec.processes[0].command->words) words.push_back(word.value);
  return words;
}

TEST(Words, AreSeparatedByBlanks) {
  EXPECT_THAT(words_in("sort  -k 2\t-r"), ElementsAre("sort", "-k", "2", "-r"));
}

TEST(Words, KeepBlanksInQuotes) {
  EXPECT_THAT(words_in(R"(a 'b  c' "d  e" f' 'g)"), ElementsAre("a", "b  c", "d  e", "f g"));
}

TEST(Words, MayBeEmptyInQuotes) {
  EXPECT_THAT(words_in(R"(a '' "")"), ElementsAre("a", "", ""));
}

TEST(Words, TakeABackslashAsAShellDoes) {
  EXPECT_THAT(words_in(R"(a b\ c \" '\' "\" \\ \n" \*)"),
              ElementsAre("a", "b c", "\"", "\\", "\" \\ \\n", "*"));
}

TEST(Words, KeepShellOperatorsThatAreQuoted) {
  EXPECT_THAT(words_in(R"(a '|' ">" \; "&" '$(b)' '*' "~")"),
              ElementsAre("a", "|", ">", ";", "&", "$(b)", "*", "~"));
}

TEST(Words, KeepADollarThatBeginsNoForm) {
  EXPECT_THAT(words_in(R"(awk '{n[$1]++} END {for (k in n) print n[k], k}' $HOME $)"),
              ElementsAre("awk", "{n[$1]++} END {for (k in n) print n[k], k}", "$HOME", "$"));
}

TEST(Words, AreNeverMadeByAValue) {
  EXPECT_THAT(words_in("a ${B} x${B}y", {{"B", "1 2 | ' \" \\"}}),
              ElementsAre("a", "1 2 | ' \" \\", "x1 2 | ' \" \\y"));
}

TEST(Words, HoldAWholeFormWithBlanksInIt) {
  EXPECT_THAT(words_in("a ${B:-c | d 'e} f"), ElementsAre("a", "c | d 'e", "f"));
}

TEST(Words, TakeABackslashBeforeADollarAsItself) {
  EXPECT_THAT(words_in(R"(a \${B} "\${B}" $${B})"), ElementsAre("a", "${B}", "${B}", "${B}"));
}

TEST(Words, OfAListAreNeverSplit) {
  const Loaded loaded = load_text("processes: { f: { command: [a, b c, '| *', 10, true, \"\"] } }\n");
  EXPECT_EQ(loaded.text(), "");
  std::vector<std::string> words;
  for (const Text& word : loaded.spec.processes.at(0).command->words) words.push_back(word.value);
  EXPECT_THAT(words, ElementsAre("a", "b c", "| *", "10", "true", ""));
}

TEST(Words, ContinueOverABackslashAtTheEndOfALine) {
  const Loaded loaded = load_text("processes:\n  f: |\n    sort \\\n      -u\n");
  EXPECT_EQ(loaded.text(), "");
  EXPECT_EQ(loaded.spec.processes.at(0).command->words.size(), 2U);
}

TEST(Words, HaveTheirPlace) {
  const Loaded loaded = load_text("processes:\n  f: grep ä 'b c' -v\n");
  const std::vector<Text>& words = loaded.spec.processes.at(0).command->words;
  EXPECT_EQ(words.at(2).mark, (Mark{.file = 0, .line = 2, .column = 13, .length = 5}));
  EXPECT_EQ(words.at(3).mark, (Mark{.file = 0, .line = 2, .column = 19, .length = 2}));
}

}  // namespace
}  // namespace procgraph::testing
