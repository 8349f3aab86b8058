// What programs say of themselves, held against what a graph gives them, and what follows for its data.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

using testing::HasSubstr;

// What is told of a graph in which the program n says this of itself.
std::string told(const std::string& manifest, std::string_view yaml) {
  test::FakeWorld world;
  world.value.machine.files_max = 4096;
  if (!manifest.empty()) world.text("/usr/bin/n.node.yaml", manifest);
  return test::Text(yaml, world.value).told();
}

const std::string kPorts =
    "reads: { orders: { kinds: [queue, topic] }, prices: { optional: true } }\nwrites: { out: {} }\n";

TEST(Manifests, AllowWhatTheyName) {
  EXPECT_EQ(told(kPorts, R"(processes:
  a: { command: x, writes: q }
  b: { command: n, reads: { orders: q }, writes: { out: r } }
  c: { command: x, reads: r }
queues: [q, r]
)"),
            "");
}

TEST(Manifests, TellOfAPortThatTheProgramDoesNotHave) {
  EXPECT_EQ(told(kPorts, R"(processes:
  a: { command: x, writes: q }
  b: { command: n, reads: { order: q }, writes: { out: r } }
  c: { command: x, reads: r }
queues: [q, r]
)"),
            R"(g.yaml:3:36: error: program 'n' of process 'b' has no port 'order' to read
  3 │   b: { command: n, reads: { order: q }, writes: { out: r } }
    │                                    ^
/usr/bin/n.node.yaml:1:1: note: this says so
    hint: did you mean 'orders'?
1 error
)");
  EXPECT_THAT(
      told(kPorts,
           "processes: { a: { command: n, reads: { out: q } } }\nqueues: { q: { external: write } }\n"),
      HasSubstr("hint: it is one that the program writes"));
}

TEST(Manifests, TellOfAPortThatIsMissing) {
  const std::string graph =
      "processes: { b: { command: n, writes: { out: q } } }\nqueues: { q: { external: read } }\n";
  EXPECT_EQ(told(kPorts, graph),
            R"(g.yaml:1:14: error: process 'b' has no port 'orders', and its program 'n' needs it
  1 │ processes: { b: { command: n, writes: { out: q } } }
    │              ^
/usr/bin/n.node.yaml:1:10: note: this says so
    hint: write 'reads: { orders: CHANNEL }'
1 error
)");
  EXPECT_THAT(told("reads: { '*': {} }\nwrites: { out: {} }\n", graph),
              HasSubstr("hint: write 'reads: CHANNEL'"));
  EXPECT_THAT(told("reads: { stdin: {} }\nwrites: { out: {} }\n", graph),
              HasSubstr("hint: write 'stdin: CHANNEL'"));
  EXPECT_EQ(told("description: says nothing of ports\n", graph), "");
}

TEST(Manifests, TellOfAChannelOfAKindThatTheProgramDoesNotTake) {
  EXPECT_THAT(
      told(kPorts, R"(processes:
  a: { command: x, writes: p }
  b: { command: n, reads: { orders: p }, writes: { out: r } }
  c: { command: x, reads: r }
pipes: [p]
queues: [r]
)"),
      HasSubstr(
          "error: port 'orders' of program 'n' takes the kinds 'queue' and 'topic', and 'p' is a pipe\n"));
}

TEST(Manifests, SayNothingOfDescriptorsAndOfRunsForMessages) {
  EXPECT_EQ(told("reads: { '*': {} }\nwrites: {}\n", R"(processes:
  a: { command: x, writes: q }
  b: { command: n, per: message, reads: q, stdout: r }
  c: { command: n, reads: { r: r }, writes: { p: { channel: p, fd: 3 } } }
  d: { command: x, stdin: p }
queues: [q, r]
pipes: [p]
)"),
            "");
}

TEST(Manifests, WithMistakesAreWarnedOfAndCheckNothing) {
  const std::string text =
      told("writes: { out: { kind: queue } }\n",
           "processes: { b: { command: n, writes: q } }\nqueues: { q: { external: read } }\n");
  EXPECT_THAT(text,
              HasSubstr("/usr/bin/n.node.yaml:1:18: warning: unknown key 'kind' in a port of a manifest\n"));
  EXPECT_THAT(text, HasSubstr("did you mean 'kinds'?\n1 warning\n"));
}

std::string circle(const std::string& first, const std::string& second, const std::string& more = {}) {
  return "processes:\n  a: { command: " + first + ", stdin: q, stdout: p" + more +
         " }\n  b: { command: " + second + ", stdin: p, stdout: q }\npipes: [p, q]\n";
}

TEST(Circles, InWhichNobodyBeginsAreErrors) {
  EXPECT_EQ(
      told("", circle("cat", "tr a b")),
      R"(g.yaml:4:9: error: 'a' → 'b' → 'a' is a circle through pipe 'p' in which each reads before it writes: nothing ever begins, and nothing ends
  4 │ pipes: [p, q]
    │         ^
g.yaml:4:12: note: and through pipe 'q'
    hint: start the data from outside the circle, or join two processes by a pipe with 'duplex: true'
1 error
)");
  EXPECT_THAT(told("output: at_end\n", circle("cat", "n")), HasSubstr("1 error\n"));
}

TEST(Circles, InWhichOneMayBeginAreWarnedOf) {
  EXPECT_THAT(told("", circle("cat", "n")), HasSubstr("1 warning\n"));
  EXPECT_THAT(told("", circle("cat seed", "tr a b")), HasSubstr("1 warning\n"));
  EXPECT_THAT(told("", circle("cat", "sed s/a/b/")), HasSubstr("1 warning\n"));
  EXPECT_THAT(
      told("output: with_input\n", "queues: { o: { external: write } }\n" + circle("n", "cat", ", reads: o")),
      HasSubstr("1 warning\n"));
}

std::string join(const std::string& way, const std::string& command) {
  return "processes:\n  lines: seq 100000\n"
         "  split: { command: tee /dev/fd/3, writes: { b: { channel: b, fd: 3 } } }\n"
         "  way:   " +
         way + "\n  join:  { command: " + command +
         ", reads: { b: { channel: b, fd: 3 } } }\n"
         "pipes: [b]\npipelines: [[lines, split, way, join]]\n";
}

TEST(Joins, OfAProgramThatReadsInOrderNameTheInputThatFillsUp) {
  EXPECT_THAT(
      told("", join("rev", "cat - /dev/fd/3")),
      HasSubstr(
          "process 'join' reads the pipe from 'way' to 'join' to its end before pipe 'b', and both come "
          "from process 'split': once pipe 'b' is full, all of them stop for ever"));
  EXPECT_THAT(
      told("", join("rev", "cat /dev/fd/3 -")),
      HasSubstr(
          "process 'join' reads pipe 'b' to its end before the pipe from 'way' to 'join', and both come "
          "from process 'split': once the pipe from 'way' to 'join' is full"));
}

TEST(Joins, InLockstepAreFineAsLongAsNothingIsDropped) {
  EXPECT_EQ(told("", join("rev", "paste - /dev/fd/3")), "");
  EXPECT_THAT(told("", join("grep 7", "paste - /dev/fd/3")), HasSubstr("1 warning\n"));
  EXPECT_EQ(told("output: with_input\n", join("n", "paste - /dev/fd/3")), "");
  EXPECT_THAT(told("filters: true\n", join("n", "paste - /dev/fd/3")), HasSubstr("1 warning\n"));
}

TEST(Joins, OfAProgramThatSaysHowItReadsAreJudgedByThat) {
  const std::string graph = R"(processes:
  split: { command: x, writes: [a, b] }
  join:  { command: n, reads: [a, b] }
queues: [a, b]
)";
  EXPECT_THAT(told("inputs: in_order\nreads: { b: {}, a: {} }\n", graph),
              HasSubstr("process 'join' reads queue 'b' to its end before queue 'a'"));
  EXPECT_THAT(told("inputs: lockstep\n", graph), HasSubstr("which both come from process 'split'"));
  EXPECT_EQ(told("inputs: any\n", graph), "");
  EXPECT_EQ(told("inputs: any\n", join("rev", "n")), "");
}

}  // namespace
}  // namespace procgraph
