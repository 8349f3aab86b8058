// Which graphs somebody has to look at while they run.
#include <gtest/gtest.h>

#include "graph/digraph.h"
#include "planned.h"

namespace procgraph::test {
namespace {

// Whatever `check` warns of.
bool hangs(std::string_view yaml) {
  Text text(yaml, world().value);
  return can_hang(rewrite(text.selected({}), text.spec, all_kinds()));
}

TEST(Hang, AChainAndATreeCannot) {
  EXPECT_FALSE(hangs("processes: { a: cat, b: cat, c: cat }\npipelines: [[a, b, c]]\n"));
  EXPECT_FALSE(
      hangs("processes:\n  a: { command: n, writes: [q, r] }\n  b: { command: n, reads: q, replicas: 3 }\n"
            "  c: { command: n, reads: r }\nqueues: [q, r]\n"));
}

TEST(Hang, ASplitThatJoinsAgainACircleAndTwoWaysCan) {
  EXPECT_TRUE(
      hangs("processes:\n  a: { command: n, writes: [q, r] }\n  b: { command: n, reads: [q, r] "
            "}\nqueues: [q, r]\n"));
  EXPECT_TRUE(
      hangs("processes:\n  a: { command: n, writes: q, reads: r }\n  b: { command: n, writes: r, reads: q }\n"
            "queues: [q, r]\n"));
  EXPECT_TRUE(
      hangs("processes: { a: { command: n, writes: p, reads: p }, b: { command: n, reads: p, writes: p } }\n"
            "pipes: { p: { duplex: true } }\n"));
}

TEST(Hang, AReaderThatStartsAtTheEndOfItsWriterCan) {
  EXPECT_TRUE(
      hangs("processes:\n  a: { command: n, writes: q }\n  b: { command: n, reads: q, after: { a: "
            "finished } }\n"
            "queues: [q]\n"));
  EXPECT_FALSE(hangs(
      "processes:\n  a: { command: n, writes: q }\n  b: { command: n, reads: q, after: { a: started } }\n"
      "queues: [q]\n"));
}

TEST(Hang, WhatIsDoneAboutItStandsInThePlan) {
  const char* graph =
      "processes:\n  a: { command: n, writes: [q, r] }\n  b: { command: n, reads: [q, r] }\nqueues: [q, r]\n";
  EXPECT_NE(to_text(planned(graph)).find("may hang: looked at every 1s; deadlock: grow, by up to 64MiB\n"),
            std::string::npos);
  const Plan other = planned(std::string("deadlock: { policy: warn, after: 5s }\n") + graph);
  EXPECT_NE(to_text(other).find("may hang: looked at every 5s; deadlock: warn\n"), std::string::npos);
  EXPECT_NE(to_json(other).find("\"policy\": \"warn\""), std::string::npos) << to_json(other);
}

}  // namespace
}  // namespace procgraph::test
