#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "supervise/last_words.h"
#include "supervise/line_splitter.h"

namespace procgraph {
namespace {

using testing::ElementsAre;

struct Lines {
  LineSplitter splitter;
  std::vector<std::string> seen;

  Lines& add(std::string_view bytes) {
    splitter.add(bytes, [&](std::string_view text, bool cut) { keep(text, cut); });
    return *this;
  }
  Lines& end() {
    splitter.end([&](std::string_view text, bool cut) { keep(text, cut); });
    return *this;
  }
  void keep(std::string_view text, bool cut) { seen.push_back(std::string(text) + (cut ? "…" : "")); }
};

TEST(LineSplitter, HandsOutEachLineOnceItIsComplete) {
  Lines lines;
  EXPECT_THAT(lines.add("one\ntw").seen, ElementsAre("one"));
  EXPECT_THAT(lines.add("o\n\nthree").seen, ElementsAre("one", "two", ""));
  EXPECT_THAT(lines.end().seen, ElementsAre("one", "two", "", "three"));
}

TEST(LineSplitter, HasNoLineAfterTheLastNewline) {
  EXPECT_THAT(Lines().add("one\n").end().seen, ElementsAre("one"));
  EXPECT_TRUE(Lines().end().seen.empty());
}

TEST(LineSplitter, KeepsEveryByte) {
  EXPECT_THAT(Lines().add(std::string_view("a\0b\r\n", 5)).seen, ElementsAre(std::string("a\0b\r", 4)));
}

TEST(LineSplitter, CutsALineThatIsTooLongAndDropsItsRest) {
  Lines lines;
  lines.add(std::string(kLongestLine, 'x'));
  EXPECT_TRUE(lines.seen.empty());
  lines.add("y").add(std::string(kLongestLine, 'z')).add("end\nnext\n");
  EXPECT_THAT(lines.seen, ElementsAre(std::string(kLongestLine, 'x') + "…", "next"));
}

TEST(LineSplitter, TakesALineOfTheGreatestLength) {
  const std::string longest(kLongestLine, 'x');
  EXPECT_THAT(Lines().add(longest).add("\n").seen, ElementsAre(longest));
  EXPECT_THAT(Lines().add(longest + "\n").seen, ElementsAre(longest));
  EXPECT_THAT(Lines().add(longest + "y\nz\n").seen, ElementsAre(longest + "…", "z"));
}

TEST(LineSplitter, ForgetsTheRestOfACutLineAtTheEnd) {
  EXPECT_THAT(Lines().add(std::string(kLongestLine + 1, 'x')).end().seen.size(), 1);
}

TEST(LineSplitter, DoesNotDependOnHowTheBytesArrive) {
  std::mt19937 random(5);
  for (int round = 0; round < 500; ++round) {
    std::string text(random() % 200, ' ');
    for (char& c : text) c = "ab\n"[random() % 3];
    Lines whole, pieces;
    whole.add(text).end();
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = 1 + random() % 9;
      pieces.add(std::string_view(text).substr(at, size));
      at += size;
    }
    EXPECT_EQ(pieces.end().seen, whole.seen);
  }
}

TEST(LastWords, AreTheLastTwentyLines) {
  LastWords words;
  EXPECT_TRUE(words.empty());
  for (int i = 1; i <= 25; ++i) words.add("line " + std::to_string(i));
  EXPECT_THAT(words.text(), testing::StartsWith("line 6\nline 7\n"));
  EXPECT_THAT(words.text(), testing::EndsWith("\nline 25"));
}

TEST(LastWords, KeepOnlyTheBeginningOfALongLine) {
  LastWords words;
  words.add(std::string(1000, 'x'));
  EXPECT_EQ(words.text(), std::string(400, 'x') + "…");
}

}  // namespace
}  // namespace procgraph
