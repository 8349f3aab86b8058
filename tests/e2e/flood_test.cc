// Processes that print more than anybody can take: the runner's memory stays what it was, the others' lines
// are all there, and what is missing is counted to the line.
//
// PROCGRAPH_TEST_LINE_BYTES is the length of the endless line, PROCGRAPH_TEST_FLOOD_SECONDS how long the
// flood lasts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;

std::string asked(const char* variable, const char* otherwise) {
  const char* given = std::getenv(variable);
  return given != nullptr ? given : otherwise;
}

// KiB, of a line as /proc/PID/status has it.
long peak_in(const std::string& text, const std::string& before) {
  const auto at = text.find("VmHWM:", text.find(before));
  return at == std::string::npos ? -1 : std::atol(text.c_str() + at + 6);
}

TEST(Flood, ALineWithoutEndTakesNoMemory) {
  const std::string bytes = asked("PROCGRAPH_TEST_LINE_BYTES", "100000000");
  const Ran ran = run_text(
      "containment: { tier: guard }\nprocesses:\n"
      "  a: { shell: 'head -c 200000 /dev/zero | tr \"\\0\" x; echo; echo first; grep VmHWM "
      "/proc/$PPID/status;\n"
      "    head -c " +
          bytes + " /dev/zero | tr \"\\0\" x; echo; echo second; grep VmHWM /proc/$PPID/status' }\n",
      {"--no-prefix"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out.find(std::string((64 << 10) + 1, 'x')), std::string::npos);
  const long first = peak_in(ran.out, "first"), second = peak_in(ran.out, "second");
  ASSERT_GT(first, 0);
  EXPECT_LT(second - first, 1024) << "KiB";
  std::printf("the runner's peak: %ld KiB before a line of %s bytes, %ld KiB after it\n", first,
              bytes.c_str(), second);
}

// The numbers in a log file's lines, with every gap explained by a line that says how many are missing.
struct Numbers {
  std::int64_t last = 0;  // 0: none yet
  std::uint64_t seen = 0, missing = 0, unexplained = 0;

  void take(const std::string& line) {
    std::istringstream words(line);
    std::string time, stream;
    std::int64_t number = 0;
    words >> time >> stream >> number;
    if (stream == "procgraph") {
      missing += static_cast<std::uint64_t>(number);
      last += last != 0 ? number : 0;
      return;
    }
    unexplained += last != 0 && number != last + 1 ? 1 : 0;
    last = number;
    ++seen;
  }
};

TEST(Flood, TakesNoMemoryAndNobodyElsesLinesAndWhatIsMissingIsCounted) {
  const std::string seconds = asked("PROCGRAPH_TEST_FLOOD_SECONDS", "1");
  const Folder folder;
  folder.write("graph.yaml",
               "containment: { tier: guard }\nprocesses:\n"
               "  flood: { shell: 'exec timeout " +
                   seconds + " seq -f \"%.0f " + std::string(1000, 'x') +
                   "\" 1 100000000000', ok_codes: [0, 124] }\n"
                   "  other: { shell: 'for i in $(seq 100); do echo $i; sleep $(echo " +
                   seconds +
                   " | awk \"{ print \\$1 / 110 }\"); done; grep VmHWM /proc/$PPID/status >peak' }\n"
                   "logs: { dir: logs, rotate: 10MiB, keep: 5 }\n");
  const Ran ran = shell(folder.path(), "exec " + procgraph_path() + " run graph.yaml >/dev/null");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const std::string other = folder.read("logs/other.log");
  EXPECT_EQ(std::ranges::count(other, '\n'), 100);
  EXPECT_THAT(other, testing::Not(HasSubstr("missing")));
  Numbers numbers;
  for (const char* name : {"logs/flood.log.5", "logs/flood.log.4", "logs/flood.log.3", "logs/flood.log.2",
                           "logs/flood.log.1", "logs/flood.log"}) {
    std::ifstream file(folder.path() + "/" + name);
    for (std::string line; std::getline(file, line);) numbers.take(line);
  }
  EXPECT_GT(numbers.seen, 1000U);
  EXPECT_EQ(numbers.unexplained, 0U);
  const long peak = peak_in(folder.read("peak"), "");
  EXPECT_GT(peak, 0);
#if !defined(__SANITIZE_ADDRESS__)  // which keeps what was freed
  EXPECT_LT(peak, 64 << 10) << "KiB";
#endif
  std::printf(
      "%lld lines of 1 KB in %s s; the last %llu and %llu missing ones are accounted for; peak %ld KiB\n",
      static_cast<long long>(numbers.last), seconds.c_str(), static_cast<unsigned long long>(numbers.seen),
      static_cast<unsigned long long>(numbers.missing), peak);
}

}  // namespace
}  // namespace procgraph::e2e
