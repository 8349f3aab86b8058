#include "base/pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace procgraph {
namespace {

Pattern pattern(std::string_view expression) {
  auto compiled = Pattern::compile(expression);
  EXPECT_TRUE(std::holds_alternative<Pattern>(compiled)) << expression;
  return std::get<Pattern>(compiled);
}

TEST(Pattern, IsFoundAnywhereInTheText) {
  EXPECT_TRUE(pattern("model [0-9]+ loaded").found_in("12:00 model 7 loaded."));
  EXPECT_FALSE(pattern("model [0-9]+ loaded").found_in("model x loaded"));
  EXPECT_FALSE(pattern("^loaded").found_in("not loaded"));
  EXPECT_TRUE(pattern("a").found_in(std::string_view("\xff\0a", 3)));
}

TEST(Pattern, ThatIsNoneSaysWhatIsWrong) {
  const auto wrong = Pattern::compile("load(ed");
  ASSERT_TRUE(std::holds_alternative<std::string>(wrong));
  EXPECT_EQ(std::get<std::string>(wrong), "missing ): load(ed");
  EXPECT_TRUE(std::holds_alternative<std::string>(Pattern::compile("(a)\\1"))) << "none that goes back";
}

// What goes back would try 2^60000 ways.
TEST(Pattern, IsSoughtInTimeProportionalToTheText) {
  const std::string hostile(60'000, 'a');
  EXPECT_FALSE(pattern("^(a+)+$").found_in(hostile + '!'));
  EXPECT_TRUE(pattern("^(a+)+$").found_in(hostile));
}

}  // namespace
}  // namespace procgraph
