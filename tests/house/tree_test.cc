// The tree itself keeps the house rules: who includes whom, sizes, what sources and tests may not contain,
// that examples and docs hold.
#include "tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <regex>
#include <set>

namespace procgraph::house {
namespace {

using testing::IsEmpty;

const std::vector<std::string> kCode = {".cc", ".h"};
const std::vector<std::string> kProduct = {"sdk", "runner", "nodes"};

bool matches(std::string_view line, const std::regex& pattern) {
  return std::regex_search(line.begin(), line.end(), pattern);
}

std::vector<std::string> paths(const std::vector<Source>& sources,
                               const std::function<bool(const Source&)>& wrong) {
  std::vector<std::string> found;
  for (const Source& source : sources) {
    if (wrong(source)) found.push_back(source.path);
  }
  return found;
}

TEST(Tree, IncludesOnlyWhatTheTableAllows) {
  EXPECT_THAT(include_violations(sources_in(kProduct, kCode)), IsEmpty());
}

// From the text to the plan everything is a pure function: what it must know of the world comes in as a
// value.
TEST(Tree, TouchesNoSystemBetweenTheTextAndThePlan) {
  static const std::regex kSystem(
      R"(#include <(sys/|linux/|unistd\.h|fcntl\.h|spawn\.h|fstream)|filesystem::(?!path)|\bgetenv\(|_clock::now\()");
  const std::vector<Source> pure = sources_in({"runner/config", "runner/graph", "runner/plan"}, kCode);
  EXPECT_THAT(lines_where(pure, [](std::string_view line) { return matches(line, kSystem); }), IsEmpty());
}

TEST(Tree, HasNoFileOfMoreThanFiveHundredLines) {
  const std::vector<Source> all = sources_in({"sdk", "runner", "nodes", "tests", "bench", "cmake", ".ci"},
                                             {".cc", ".h", ".py", ".cmake", "run", "lint"});
  EXPECT_THAT(paths(all, [](const Source& source) { return lines_of(source.text).size() > 500; }), IsEmpty());
}

TEST(Tree, NeverSleepsOrPolls) {
  static const std::regex kSleep(
      R"(\b(usleep|nanosleep|clock_nanosleep)\s*\(|\bsleep_(for|until)\b|\bsleep\s*\(\d)");
  EXPECT_THAT(lines_where(sources_in({"sdk", "runner"}, kCode),
                          [](std::string_view line) { return matches(line, kSleep); }),
              IsEmpty());
}

// Time is measured by a clock that nobody sets; the wall clock is only printed.
TEST(Tree, LooksAtTheWallClockOnlyToPrintIt) {
  static const std::regex kWall(
      R"(system_clock|high_resolution_clock|CLOCK_REALTIME|gettimeofday|\btime\((nullptr|NULL|0|&)|\b(timedlock|sem_timedwait|mq_timed\w+|pthread_cond_timedwait|utc_clock|file_clock)\b)");
  std::vector<Source> all = sources_in({"sdk", "runner", "nodes"}, kCode);
  std::erase_if(all, [](const Source& source) {
    constexpr std::array kPrinters{"runner/report/console.cc", "runner/report/json_records.cc"};
    return std::ranges::find(kPrinters, source.path) != kPrinters.end();
  });
  EXPECT_THAT(lines_where(all, [](std::string_view line) { return matches(line, kWall); }), IsEmpty());
}

TEST(Tree, LeavesNothingForLater) {
  static const std::regex kLater(R"(\b(TODO|FIXME|XXX|HACK)\b)");
  std::vector<Source> all =
      sources_in({"sdk", "runner", "nodes", "tests", "bench", "configs", "docs", "cmake"},
                 {".cc", ".h", ".py", ".txt", ".cmake", ".yaml", ".md"});
  std::erase_if(all, [](const Source& source) { return source.path == "tests/house/tree_test.cc"; });
  EXPECT_THAT(lines_where(all, [](std::string_view line) { return matches(line, kLater); }), IsEmpty());
}

TEST(Tree, RunsEveryTestThatItHas) {
  static const std::regex kSkipped(R"(GTEST_SKIP|\bDISABLED_)");
  std::vector<Source> all = sources_in({"tests"}, kCode);
  std::erase_if(all, [](const Source& source) {
    // All but this one need a cgroup, a pid namespace or another user, which not every machine gives.
    constexpr std::array kAllowed{
        "tests/house/tree_test.cc",        "tests/e2e/containment_test.cc", "tests/e2e/exhausted_test.cc",
        "tests/e2e/family_test.cc",        "tests/e2e/single_test.cc",      "tests/e2e/limits_test.cc",
        "tests/os/control_groups_test.cc", "tests/os/door_test.cc",         "tests/os/guard_test.cc",
        "tests/os/job_control_test.cc",    "tests/os/protection_test.cc",   "tests/e2e/pid_reuse_test.cc",
        "tests/e2e/planted_test.cc",       "tests/e2e/clock_test.cc",       "tests/os/trespass_test.cc"};
    return std::ranges::find(kAllowed, source.path) != kAllowed.end();
  });
  EXPECT_THAT(lines_where(all, [](std::string_view line) { return matches(line, kSkipped); }), IsEmpty());
}

TEST(Tree, ListsEveryFolderOfTests) {
  const std::string list = text_of("tests/CMakeLists.txt");
  static const std::regex kFolder("^tests/([^/]+)/CMakeLists\\.txt$");
  for (const Source& source : sources_in({"tests"}, {"/CMakeLists.txt"})) {
    std::smatch folder;
    if (!std::regex_match(source.path, folder, kFolder)) continue;
    EXPECT_THAT(list, testing::HasSubstr("\nadd_subdirectory(" + folder[1].str() + ")\n")) << source.path;
  }
}

TEST(Tree, CompilesEverySourceThatItHas) {
  for (const Source& source : sources_in({"sdk/src", "runner", "nodes", "tests"}, {".cc"})) {
    bool named = false;
    for (std::string folder = source.path; !named && folder.find('/') != std::string::npos;) {
      folder.erase(folder.rfind('/'));
      const std::vector<Source> lists = sources_in({folder}, {folder + "/CMakeLists.txt"});
      const std::string inside = source.path.substr(folder.size() + 1);
      named =
          !lists.empty() && lists.front().text.find(inside.substr(0, inside.rfind('.'))) != std::string::npos;
    }
    EXPECT_TRUE(named) << source.path << " is in no CMakeLists.txt";
  }
}

TEST(Tree, HasConfigsThatFitOnAScreenAndSayWhatToWatch) {
  const std::vector<Source> configs = sources_in({"configs"}, {".yaml"});
  EXPECT_FALSE(configs.empty());
  for (const Source& config : configs) {
    EXPECT_TRUE(config.text.starts_with("# ")) << config.path << " does not begin with a comment";
    EXPECT_LE(lines_of(config.text).size(), 40U) << config.path;
  }
}

// A line of a README's shell block that begins with ./dev or procgraph names a verb that exists, and files
// that exist.
TEST(Tree, HasAReadmeWhoseCommandsExist) {
  const std::string readme = text_of("README.md");
  const std::string dev = text_of("dev");
  static const std::regex kDev(R"(\./dev ([a-z]+)(?: (configs/[^\s`]+))?)");
  int found = 0;
  for (std::sregex_iterator it(readme.begin(), readme.end(), kDev), end; it != end; ++it, ++found) {
    EXPECT_NE(dev.find("verb_" + (*it)[1].str() + "()"), std::string::npos) << it->str();
    if ((*it)[2].matched) {
      EXPECT_FALSE(text_of((*it)[2].str()).empty());
    }
  }
  EXPECT_GE(found, 2);
}

// A path that only the writer's machine has would break the tree elsewhere.
TEST(Tree, NamesNoPathOfOneMachine) {
  static const std::regex kPath(R"((^|[^A-Za-z0-9_.])/(work|home/[a-z]|root)/)");
  std::vector<Source> all =
      sources_in({".", "sdk", "runner", "nodes", "tests", "bench", "configs", "docs", "cmake", ".ci"}, {""});
  std::erase_if(all, [](const Source& source) { return source.path == "tests/house/tree_test.cc"; });
  EXPECT_THAT(lines_where(all, [](std::string_view line) { return matches(line, kPath); }), IsEmpty());
}

}  // namespace
}  // namespace procgraph::house
