// The rules about #include catch what they are there to catch; the tree itself is held against them in
// tree_test.cc.
#include "include_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace procgraph::house {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> of(std::string path, std::string text) {
  const std::vector<Source> sources = {{std::move(path), std::move(text)}};
  return include_violations(sources);
}

TEST(IncludeRules, LetEachFolderIncludeItselfTheStandardLibraryAndWhatItsRowNames) {
  EXPECT_THAT(
      of("runner/plan/print.cc",
         "#include \"plan/plan.h\"\n#include <vector>\n#include <sys/mman.h>\n#include \"graph/graph.h\"\n"),
      IsEmpty());
  EXPECT_THAT(
      of("sdk/src/queue.cc", "#include <procgraph/queue.h>\n#include \"ring.h\"\n#include <linux/futex.h>\n"),
      IsEmpty());
}

TEST(IncludeRules, RefuseAStepBackAlongTheLine) {
  EXPECT_THAT(of("runner/graph/build.cc", "\n#include \"plan/plan.h\"\n"),
              ElementsAre("runner/graph/build.cc:2: runner/graph/ may not include plan/plan.h"));
  EXPECT_THAT(of("runner/plan/build.cc", "#include \"config/load.h\"\n"),
              ElementsAre("runner/plan/build.cc:1: runner/plan/ may not include config/load.h"));
}

TEST(IncludeRules, RefuseTheRunnerInNodesAndAnyLibraryInTheSdk) {
  EXPECT_THAT(of("nodes/f.cc", "#include \"base/text.h\"\n"),
              ElementsAre("nodes/f.cc:1: nodes/ may not include base/text.h"));
  EXPECT_THAT(of("sdk/src/node.cc", "#  include <fmt/format.h>\n"),
              ElementsAre("sdk/src/node.cc:1: sdk/ may not include fmt/format.h"));
}

TEST(IncludeRules, RefuseALibraryThatNoRowNames) {
  EXPECT_THAT(of("runner/verbs/run.cc", "#include <boost/json.hpp>\n"),
              ElementsAre("runner/verbs/run.cc:1: runner/ may not include boost/json.hpp"));
}

TEST(IncludeRules, RefuseASecondFileThatIncludesALoneLibrary) {
  const std::vector<Source> sources = {
      {"runner/config/read.cc", "#include <yaml-cpp/eventhandler.h>\n#include <yaml-cpp/parser.h>\n"},
      {"runner/config/expand.cc", "#include <yaml-cpp/mark.h>\n"}};
  EXPECT_THAT(include_violations(sources),
              ElementsAre("runner/config/expand.cc:1: yaml-cpp/ is included by another file already"));
}

TEST(IncludeRules, DoNotMistakeACommentOrAStringForAnInclude) {
  EXPECT_THAT(
      of("sdk/src/node.cc", "// #include <fmt/format.h>\nconst char* text = \"#include <fmt/format.h>\";\n"),
      IsEmpty());
}

}  // namespace
}  // namespace procgraph::house
