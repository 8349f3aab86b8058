// A whole run in which one allocation finds no memory, one after the other, in guard or runner, of C++ or of
// the C library: it ends, says why or does without, and leaves nothing behind.
//
// The length of a step through the allocations is PROCGRAPH_TEST_STRIDE (1: every one).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "e2e/harness.h"
#include "memory_shortage.h"

namespace procgraph::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kStride = 11;

const std::string kGraph = std::string("containment: { tier: guard }\nprocesses:\n  read: seq 1 100\n") +
                           "  sum: \"awk '{ n += $1 } END { print n }'\"\n"
                           "  work: { command: " +
                           TEST_NODES +
                           "/node_ready, ready: notify, service: true }\n"
                           "  last: { command: echo over, after: { work: ready } }\n"
                           "pipelines: [[read, sum]]\n";

struct Short {
  std::uint64_t calls = 0;
  e2e::Ran ran;
};

Short run_short(std::uint64_t fails) {
  const e2e::Folder folder;
  MemoryShortage shortage;
  shortage.fails = fails;
  folder.write("shortage", std::string(reinterpret_cast<const char*>(&shortage), sizeof shortage));
  folder.write("graph.yaml", kGraph);
  Short result;
  result.ran =
      e2e::shell(folder.path(), std::string(kShortageVariable) + "=shortage LD_PRELOAD=" + SHORT_OF_MEMORY +
                                    " exec timeout 60 " + e2e::procgraph_path() + " run graph.yaml");
  const std::string after = folder.read("shortage");
  std::memcpy(static_cast<void*>(&shortage), after.data(), std::min(after.size(), sizeof shortage));
  result.calls = shortage.calls;
  return result;
}

std::uint64_t stride() {
  const char* text = std::getenv("PROCGRAPH_TEST_STRIDE");
  return text != nullptr ? std::max<std::uint64_t>(1, std::strtoull(text, nullptr, 10)) : kStride;
}

TEST(MemorySweep, ARunThatFindsNoMemorySaysSoOrDoesWithout) {
  const Short whole = run_short(~std::uint64_t{0});
  ASSERT_EQ(whole.ran.code, 0) << whole.ran.err;
  ASSERT_THAT(whole.ran.out, HasSubstr("5050"));
  ASSERT_GT(whole.calls, 1000U);
  std::uint64_t ended = 0;
  for (std::uint64_t at = 0; at < whole.calls; at += stride()) {
    const Short run = run_short(at);
    SCOPED_TRACE("allocation " + std::to_string(at) + " of " + std::to_string(whole.calls));
    if (run.ran.code == 0) {
      EXPECT_THAT(run.ran.out, HasSubstr("5050")) << run.ran.err;
      EXPECT_THAT(run.ran.out, HasSubstr("over")) << run.ran.err;
      continue;
    }
    ++ended;
    EXPECT_THAT(run.ran.code, ::testing::AnyOf(2, 69, 71, 78)) << "signal " << run.ran.signal << run.ran.err;
    EXPECT_THAT(run.ran.err, ::testing::AnyOf(HasSubstr("emory"), HasSubstr("temporarily unavailable")));
  }
  EXPECT_GT(ended, 0U);
}

}  // namespace
}  // namespace procgraph::testing
