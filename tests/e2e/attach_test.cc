// Processes of a node that are not the one which procgraph started: of a shell, of a wrapper.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

constexpr const char* kGet = "get in P2: ['HelloWorld']\n";

TEST(Attach, NodesInAShellTakePart) {
  const Ran ran =
      run_text("processes:\n  w: { shell: \"" NODES "/numbers 2; " NODES
               "/f; true\", writes: q }\n  r: { shell: \"" NODES "/m; echo done\", reads: q }\nqueues: [q]\n",
               {"--strict"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, std::string("r │ get in P2: 1\nr │ get in P2: 2\nr │ ") + kGet + "r │ done\n");
}

TEST(Attach, WhatAKilledOneHeldGoesToTheNext) {
  const Ran ran = run_text("processes:\n  w: { command: f, writes: q }\n  r: { shell: \"" TAKE "; " NODES
                           "/m; true\", reads: q }\nqueues: [q]\n");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr(kGet));
}

TEST(Attach, WhatAKilledOneHeldIsToldWithItsCount) {
  const char* yaml = "processes:\n  w: { command: f, writes: q }\n  r: { shell: \"" TAKE "; " NODES
                     "/m; true\", reads: q }\nqueues: [q]\n";
  const Ran ran = run_text(yaml, {"-v"});
  EXPECT_THAT(ran.err, HasSubstr("recovered from r: queue 'q': 1 message came back\n"));
  EXPECT_EQ(ran.err.find("recovered from"), ran.err.rfind("recovered from")) << ran.err;
  EXPECT_THAT(run_text(yaml, {"--log-format", "json"}).err,
              ContainsRegex("\"event\":\"recovered\",\"process\":\"r\",\"channel\":\"q\","
                            "\"participant\":[0-9]+,\"returned\":1}"));
}

TEST(Attach, ALockThatAKilledOneHeldIsToldWithItsCount) {
  const char* yaml = "processes: { r: { shell: \"" TEST_NODES
                     "/area die; true\", writes: a } }\n"
                     "shared_memory: { a: { size: 4KiB, lock: true, sync: [held] } }\n";
  EXPECT_THAT(run_text(yaml, {"-v"}).err, HasSubstr("recovered from r: area 'a': 1 lock is free\n"));
  EXPECT_THAT(run_text(yaml, {"--log-format", "json"}).err,
              ContainsRegex("\"event\":\"recovered\",\"process\":\"r\",\"channel\":\"a\","
                            "\"participant\":[0-9]+,\"freed\":1}"));
}

TEST(Attach, OneAfterTheOtherReadsATopicOnFromWhereTheLastOneDied) {
  const Ran ran = run_text("processes:\n  w: { command: f, writes: t, replicas: 2 }\n  r: { shell: \"" TAKE
                           "; " NODES "/m; true\", reads: t }\ntopics: [t]\n");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr(std::string("r   │ ") + kGet + "r   │ " + kGet));
}

TEST(Attach, SeveralOfOneShellShareAnArea) {
  const Ran ran = run_text("processes:\n  add: { shell: \"" NODES "/tally 100 & " NODES
                           "/tally 100 & wait\", writes: total }\n  show: { command: tally, reads: total, "
                           "after: { add: succeeded } }\nshared_memory: { total: { size: 64 } }\n");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "show │ 200\n");
}

TEST(Attach, OneWithoutTheDescriptorsIsToldWhatIsMissing) {
  const Ran ran = run_text(
      "processes:\n  w: { command: f, writes: q }\n"
      "  r: { command: [python3, -c, \"import subprocess, sys; sys.exit(subprocess.run(['" NODES
      "/m']).returncode)\"], reads: q }\nqueues: [q]\n");
  EXPECT_NE(ran.code, 0);
  EXPECT_THAT(ran.err + ran.out, HasSubstr("queue 'q' is out of reach: "));
  EXPECT_THAT(ran.err + ran.out, HasSubstr("(Python: close_fds=False)"));
}

}  // namespace
}  // namespace procgraph::e2e
