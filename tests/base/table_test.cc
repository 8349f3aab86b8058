// Aligned columns, and what a narrow one holds.
#include "base/table.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace procgraph {
namespace {

using namespace std::chrono_literals;

Table sample() {
  Table table({{"NAME"}, {"COUNT", true}, {"NOTE"}});
  table.add({{"a"}, {"1"}, {"short"}});
  table.add({{"longer", "\x1b[31m"}, {"12345678"}, {"a note that is long"}});
  return table;
}

TEST(Table, AlignsItsColumnsAndLeavesNothingBehindThem) {
  EXPECT_EQ(sample().text(0, false),
            "NAME       COUNT  NOTE\n"
            "a              1  short\n"
            "longer  12345678  a note that is long\n");
}

TEST(Table, CutsTheLastColumnFirst) {
  EXPECT_EQ(sample().text(30, false),
            "NAME       COUNT  NOTE\n"
            "a              1  short\n"
            "longer  12345678  a note that…\n");
}

TEST(Table, ColoursOnlyWhereTheyAreWanted) {
  EXPECT_EQ(sample().text(0, false).find('\x1b'), std::string::npos);
  EXPECT_NE(sample().text(0, true).find("\x1b[31mlonger\x1b[0m"), std::string::npos);
}

TEST(Table, AWideCharacterCountsForItsColumns) {
  Table table({{"A"}, {"B"}});
  table.add({{"é"}, {"x"}});
  table.add({{"ab"}, {"y"}});
  EXPECT_EQ(table.text(0, false), "A   B\né   x\nab  y\n");
}

TEST(Table, CutsBetweenCharacters) {
  EXPECT_EQ(cut_to("ééé", 2), "é…");
  EXPECT_EQ(cut_to("ééé", 3), "ééé");
  EXPECT_EQ(cut_to("abc", 0), "…");
}

TEST(Brief, SizesTakeFourCharactersAtMost) {
  EXPECT_EQ(brief(Bytes{0}), "0");
  EXPECT_EQ(brief(Bytes{1023}), "1023");
  EXPECT_EQ(brief(Bytes{1024}), "1.0K");
  EXPECT_EQ(brief(Bytes{41 << 20}), "41M");
  EXPECT_EQ(brief(Bytes{1023 << 10}), "1.0M");
  EXPECT_EQ(brief(Bytes{5ULL << 30}), "5.0G");
}

TEST(Brief, TimesGrowCoarser) {
  EXPECT_EQ(brief(Duration(0s)), "0s");
  EXPECT_EQ(brief(Duration(400ms)), "400ms");
  EXPECT_EQ(brief(Duration(2100ms)), "2.1s");
  EXPECT_EQ(brief(Duration(192s)), "3m12s");
  EXPECT_EQ(brief(Duration(5h + 4min + 3s)), "5h04m");
  EXPECT_EQ(brief(Duration(76h)), "3d04h");
}

}  // namespace
}  // namespace procgraph
