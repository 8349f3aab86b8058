// Copies that can be spared, from the file to the exit code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string worker(const std::string& script) {
  return "processes:\n  w: { shell: '" + script + "', replicas: 3, min_replicas: 2 }\n";
}

TEST(MinReplicas, OneThatCanBeSparedIsReportedAndTheRunSucceeds) {
  const Ran ran = run_text(worker("exit $((PROCGRAPH_REPLICA == 1 ? 7 : 0))"));
  EXPECT_EQ(
      ran.err,
      "procgraph: w.1 failed: exit code 7; 2 of 3 copies are left (min_replicas: 2); the others go on\n");
  EXPECT_EQ(ran.code, 0);
}

TEST(MinReplicas, OneTooManyFailsTheRunAndSaysSo) {
  const Ran ran = run_text(worker("test $PROCGRAPH_REPLICA = 0 && exec sleep 1000; exit 7"));
  EXPECT_THAT(ran.err,
              HasSubstr("failed: exit code 7; 1 of 3 copies is left (min_replicas: 2); the graph stops"));
  EXPECT_EQ(ran.code, 7);
}

TEST(MinReplicas, IsInThePlanAndToldToMachines) {
  const std::string text = worker("exit $((PROCGRAPH_REPLICA == 1 ? 7 : 0))");
  EXPECT_THAT(run_text(text, {"--dry-run"}).out, HasSubstr("    copies   3, of which 2 must not fail\n"));
  EXPECT_THAT(run_text(text, {"--log-format", "json"}).err, HasSubstr(R"("code":7,"effect":"spared")"));
  EXPECT_THAT(run_text("processes:\n  w: { command: 'true', replicas: 3 }\n", {"--dry-run"}).out,
              Not(HasSubstr("copies")));
}

}  // namespace
}  // namespace procgraph::e2e
