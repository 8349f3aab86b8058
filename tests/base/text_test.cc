#include "base/text.h"

#include <gtest/gtest.h>

namespace procgraph {
namespace {

TEST(Escape, LeavesPrintableTextAlone) {
  EXPECT_EQ(escape("naïve – 日本語 😀"), "naïve – 日本語 😀");
}

TEST(Escape, NamesControlCharactersAndInvalidBytes) {
  EXPECT_EQ(escape("a\x1b[31mb\n\t\x7f"), "a\\x1b[31mb\\n\\t\\x7f");
  EXPECT_EQ(escape("\xc2\x9b"
                   "31m"),
            "\\u{009b}31m");
  EXPECT_EQ(escape("\xff\xc0\x80"), "\\xff\\xc0\\x80");
  EXPECT_EQ(escape("a\xe2\x80\xae"
                   "b"),
            "a\\u{202e}b");
  EXPECT_EQ(escape("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate is not valid UTF-8";
}

TEST(Escape, KeepsTabsInLogLines) {
  EXPECT_EQ(escape_line("a\tb\x07"), "a\tb\\x07");
}

TEST(Width, CountsColumnsNotBytes) {
  EXPECT_EQ(width("abc"), 3U);
  EXPECT_EQ(width("é"), 1U);
  EXPECT_EQ(width("日本"), 4U);
  EXPECT_EQ(width("e\xcc\x81"), 1U);
}

TEST(ShellQuote, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(shell_quote("plain-word/1.txt"), "plain-word/1.txt");
  EXPECT_EQ(shell_quote(""), "''");
  EXPECT_EQ(shell_quote("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_quote("a b"), "'a b'");
}

TEST(DidYouMean, FindsTheNearestName) {
  std::vector<std::string> names{"work", "words", "results"};
  EXPECT_EQ(did_you_mean("wrok", names), "did you mean 'work'?");
  EXPECT_EQ(did_you_mean("result", names), "did you mean 'results'?");
  EXPECT_EQ(did_you_mean("zzzz", names), "");
  EXPECT_EQ(did_you_mean("q", std::vector<std::string>{"x"}), "")
      << "one letter against another is no likeness";
}

TEST(Names, AreLettersDigitsDashAndUnderscore) {
  EXPECT_TRUE(valid_name("parse-2_x"));
  EXPECT_FALSE(valid_name("2x"));
  EXPECT_FALSE(valid_name("a/b"));
  EXPECT_FALSE(valid_name(""));
  EXPECT_TRUE(valid_name(std::string(63, 'a')));
  EXPECT_FALSE(valid_name(std::string(64, 'a')));
}

}  // namespace
}  // namespace procgraph
