// One stream of bytes for several readers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;

std::string graph(const std::string& source, const std::string& readers) {
  return "processes:\n  source: { shell: '" + source +
         "', stdout: all }\n  fan: { command: fan, stdin: all, writes: [a, b, c] }\n" + readers +
         "pipes: [all, a, b, c]\n";
}

std::string into_files(const std::string& slow = "cat") {
  return "  one: { command: cat, stdin: a, stdout: { file: one } }\n"
         "  two: { shell: '" +
         slow +
         "', stdin: b, stdout: { file: two } }\n"
         "  three: { command: cat, stdin: c, stdout: { file: three } }\n";
}

TEST(Fan, GivesEveryReaderAllBytes) {
  Folder folder;
  folder.write("graph.yaml", graph("seq 2000000; printf end", into_files()));
  const Ran ran = run(folder.path(), {"run", "graph.yaml"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  const std::string all = shell(folder.path(), "seq 2000000; printf end").out;
  for (const char* name : {"one", "two", "three"}) EXPECT_TRUE(folder.read(name) == all) << name;
}

// A reader that takes a byte at a time at first: its pipe is full all the time.
TEST(Fan, WaitsForTheSlowest) {
  Folder folder;
  folder.write("graph.yaml", graph("seq 300000", into_files("dd bs=1 count=20000 2>/dev/null; cat")));
  const Ran ran = run(folder.path(), {"run", "graph.yaml"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  const std::string all = shell(folder.path(), "seq 300000").out;
  for (const char* name : {"one", "two", "three"}) EXPECT_TRUE(folder.read(name) == all) << name;
}

TEST(Fan, GoesOnWithoutAReaderThatHasEnough) {
  Folder folder;
  folder.write("graph.yaml", graph("seq 1000000", into_files("head -2")));
  const Ran ran = run(folder.path(), {"run", "graph.yaml"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(folder.read("two"), "1\n2\n");
  const std::string all = shell(folder.path(), "seq 1000000").out;
  for (const char* name : {"one", "three"}) EXPECT_TRUE(folder.read(name) == all) << name;
}

TEST(Fan, IsCutOffWhenAllHaveEnough) {
  const Ran ran =
      run_text(graph("yes",
                     "  one: { command: head -1, stdin: a }\n  two: { command: head -1, stdin: b }\n"
                     "  three: { command: head -1, stdin: c }\n"),
               {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "y\ny\ny\n");
}

// Its source says nothing more, and runs until it is stopped.
TEST(Fan, NoticesThatAllHaveGoneWhileNothingComes) {
  const Ran ran = run_text(
      "processes:\n  source: { shell: 'echo first; exec tail -f /dev/null', stdout: all, service: true }\n"
      "  fan: { command: fan, stdin: all, writes: [a, b] }\n"
      "  one: { command: head -1, stdin: a }\n  two: { command: head -1, stdin: b }\n"
      "pipes: [all, a, b]\n",
      {"--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "first\nfirst\n");
}

TEST(Fan, SaysWhatItTakes) {
  const Ran ran = run_text("processes:\n  fan: { command: fan, stdin: none }\n");
  EXPECT_EQ(ran.code, 78);
  EXPECT_THAT(ran.err, HasSubstr("process 'fan' has no port 'stdin', and its program 'fan' needs it"));
  EXPECT_THAT(ran.err, HasSubstr("process 'fan' has nothing to write, and its program 'fan' needs it"));
}

}  // namespace
}  // namespace procgraph::e2e
