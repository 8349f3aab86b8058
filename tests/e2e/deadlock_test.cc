// Graphs that hang in a shell: with larger buffers they go on by themselves, or end with the circle named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

struct Shape {
  std::string name;
  std::string graph;   // SIZE stands for the bytes that flow
  std::string result;  // what it prints with that; SIZE, TWICE
  std::string circle;  // a regular expression of how it is named
  std::string shell;   // the same, for a shell; exits 124 where that hangs
};

void PrintTo(const Shape& shape, std::ostream* out) {
  *out << shape.name;
}

std::string with(std::string text, std::string_view word, const std::string& value) {
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += value.size())
    text.replace(at, word.size(), value);
  return text;
}

std::string sized(const std::string& text, std::uint64_t size) {
  return with(with(text, "TWICE", std::to_string(2 * size)), "SIZE", std::to_string(size));
}

std::vector<Shape> shapes() {
  // Programs inherit no end that is not theirs, so that each end of data comes when it should.
  return {
      {"GatherInOrder",
       R"(processes:
  source: { command: head -c SIZE /dev/zero, stdout: all }
  split: { shell: 'exec tee /dev/fd/7 >&8 8>&-', stdin: all, writes: { l: { channel: left, fd: 7 }, r: { channel: right, fd: 8 } } }
  join: { shell: 'exec cat /dev/fd/8 /dev/fd/7', reads: { l: { channel: left, fd: 7 }, r: { channel: right, fd: 8 } } , stdout: both }
  count: { command: wc -c, stdin: both, stdout: inherit }
pipes: [all, left, right, both]
)",
       "TWICE\n", "artificial.*: split ─▶.left full.*. join ◀─.right empty.─ split",
       "mkfifo l r; head -c SIZE /dev/zero | tee l > r & cat r l | wc -c"},
      {"SplitFilterJoin",
       R"(processes:
  source: { command: head -c SIZE /dev/zero, stdout: all }
  split: { shell: 'exec tee /dev/fd/7 >&8 8>&-', stdin: all, writes: { l: { channel: left, fd: 7 }, m: { channel: mid, fd: 8 } } }
  filter: { command: grep x, stdin: mid, stdout: right, ok_codes: [0, 1] }
  join: { shell: 'exec cat /dev/fd/8 /dev/fd/7', reads: { l: { channel: left, fd: 7 }, r: { channel: right, fd: 8 } } , stdout: both }
  count: { command: wc -c, stdin: both, stdout: inherit }
pipes: [all, left, mid, right, both]
)",
       "SIZE\n", "starvation.*: split ─▶.left full.*. join ◀─.right empty.─ filter ◀─.mid empty.─ split",
       "mkfifo l r; head -c SIZE /dev/zero | tee l | grep x > r & cat r l | wc -c"},
      {"AllBeforeReading",
       R"(processes:
  ask: { shell: 'head -c SIZE /dev/zero >&8; exec 8>&-; exec wc -c <&7 7<&-', writes: { q: { channel: there, fd: 8 } }, reads: { a: { channel: back, fd: 7 } }, stdout: inherit }
  answer: { command: cat, stdin: there, stdout: back }
pipes: [there, back]
)",
       "SIZE\n", "artificial.*: .*─▶.(there|back) full",
       "mkfifo t b; cat < t > b & exec 8> t 7< b; head -c SIZE /dev/zero >&8; exec 8>&-; wc -c <&7"},
      {"TwoWays",
       R"(processes:
  one: { shell: 'head -c SIZE /dev/zero >&8; exec 8>&-; exec wc -c <&7 7<&-', writes: { q: { channel: there, fd: 8 } }, reads: { a: { channel: back, fd: 7 } }, stdout: inherit }
  other: { shell: 'head -c SIZE /dev/zero >&8; exec 8>&-; exec wc -c <&7 7<&- >&2', writes: { q: { channel: back, fd: 8 } }, reads: { a: { channel: there, fd: 7 } } }
pipes: [there, back]
)",
       "SIZE\n", "artificial.*: .*─▶.there full.*. .*─▶.back full",
       "mkfifo t b; (exec 7< t 8> b; head -c SIZE /dev/zero >&8; exec 8>&-; wc -c <&7 >&2) & exec 8> t 7< b; "
       "head -c SIZE "
       "/dev/zero >&8; exec 8>&-; wc -c <&7"},
  };
}

class Danger : public testing::TestWithParam<Shape> {};

constexpr const char* kPolicy = "deadlock: { policy: POLICY, after: 200ms }\n";

// Below every buffer, at its bound, above it, and far above.
TEST_P(Danger, FinishesWithAllItsBytesWhereBuffersMayGrow) {
  for (const std::uint64_t size : {1'000, 65'536, 65'537, 200'000, 500'000, 900'000}) {
    const Ran ran =
        run_text(with(kPolicy, "POLICY", "grow") + sized(GetParam().graph, size), {"--timeout", "60s"});
    EXPECT_EQ(ran.code, 0) << size << ran.err;
    EXPECT_EQ(ran.out, sized(GetParam().result, size)) << ran.err;
    const bool resolved = ran.err.find("and the graph goes on") != std::string::npos;
    EXPECT_TRUE(size != 900'000 || resolved) << ran.err;
    EXPECT_TRUE(size != 1'000 || !resolved) << ran.err;
  }
}

TEST_P(Danger, IsNamedWhereItIsToFail) {
  const Ran ran =
      run_text(with(kPolicy, "POLICY", "fail") + sized(GetParam().graph, 900'000), {"--timeout", "60s"});
  EXPECT_EQ(ran.code, 75) << ran.err;
  EXPECT_THAT(ran.err, ContainsRegex("deadlock \\(" + GetParam().circle));
  EXPECT_THAT(ran.err, HasSubstr("would let it go on ('capacity', or deadlock: { policy: grow })"));
}

TEST_P(Danger, HangsInAShell) {
  const Folder folder;
  folder.write("shape", sized(GetParam().shell, 900'000));
  EXPECT_EQ(shell(folder.path(), "timeout 2 sh ./shape > out 2> err; echo $?").out, "124\n");
}

// Those who open one name after the other wait for each other before a byte flows.
TEST(NamedPipes, HangInAShellAtAnySize) {
  const Folder folder;
  folder.write("shape", sized(shapes()[0].shell, 1000));
  EXPECT_EQ(shell(folder.path(), "timeout 2 sh ./shape > out 2> err; echo $?").out, "124\n");
}

INSTANTIATE_TEST_SUITE_P(Of, Danger, testing::ValuesIn(shapes()),
                         [](const auto& shape) { return shape.param.name; });

// Both read what the other one is to write first.
constexpr const char* kTrue = R"(processes:
  a: { shell: 'read x <&7; echo >&8', reads: { i: { channel: ba, fd: 7 } }, writes: { o: { channel: ab, fd: 8 } } }
  b: { shell: 'read x <&7; echo >&8', reads: { i: { channel: ab, fd: 7 } }, writes: { o: { channel: ba, fd: 8 } } }
pipes: [ab, ba]
)";

TEST(Deadlock, ThatNoBufferHelpsFailsWhateverMayGrow) {
  const Ran ran = run_text(with(kPolicy, "POLICY", "grow") + std::string(kTrue), {"--timeout", "60s"});
  EXPECT_EQ(ran.code, 75);
  EXPECT_THAT(ran.err, HasSubstr("deadlock (true): a ◀─[ba empty]─ b ◀─[ab empty]─ a"));
}

TEST(Deadlock, IsOnlyToldOnceWhereThatIsThePolicyAndDrawnOnRequest) {
  const Folder folder;
  folder.write("g.yaml", with(kPolicy, "POLICY", "warn") + std::string(kTrue));
  Running running(folder.path(), {procgraph_path(), "run", "g.yaml"});
  ASSERT_TRUE(running.wait_for_err("deadlock (true): a"));
  running.signal(SIGUSR1);
  EXPECT_TRUE(running.wait_for_err("a waits for data of pipe 'ba'"));
  EXPECT_TRUE(running.wait_for_err("└─ b waits for data of pipe 'ab'"));
  EXPECT_TRUE(running.wait_for_err("   └─ a (see above)"));
  running.signal(SIGTERM);
  const Ran ran = running.wait();
  EXPECT_EQ(ran.signal, SIGTERM);
  EXPECT_EQ(ran.err.find("deadlock ("), ran.err.rfind("deadlock ("));
}

// The shell keeps the writing end of its coprocess open, and waits for it; so it never reads what the other
// process says.
TEST(Deadlock, OfAnEndThatIsHeldOpenNamesProcessAndDescriptor) {
  const Ran ran = run_text(with(kPolicy, "POLICY", "grow") + R"(processes:
  a:
    command: [bash, -c, 'coproc C { cat; }; exec 9>&$${C[1]}; echo $! > pid; wait $!; read x <&7; echo >&8']
    reads: { i: { channel: ba, fd: 7 } }
    writes: { o: { channel: ab, fd: 8 } }
  b: { shell: 'echo >&8; read x <&7', reads: { i: { channel: ab, fd: 7 } }, writes: { o: { channel: ba, fd: 8 } } }
pipes: [ab, ba]
)",
                           {"--timeout", "60s"});
  EXPECT_EQ(ran.code, 75);
  EXPECT_THAT(ran.err, HasSubstr("deadlock (orphan"));
  EXPECT_THAT(ran.err, testing::ContainsRegex(
                           "a \\(cat, pid [0-9]+\\) waits for the end of data that a could still write"));
  EXPECT_THAT(ran.err, testing::ContainsRegex("a has to close that end first \\(descriptors 9, [0-9]+\\)"));
}

TEST(Deadlock, OfServicesAloneIsOnlyTold) {
  const Folder folder;
  folder.write("g.yaml", with(kPolicy, "POLICY", "grow") + "defaults: { processes: { service: true } }\n" +
                             std::string(kTrue));
  Running running(folder.path(), {procgraph_path(), "run", "g.yaml"});
  ASSERT_TRUE(running.wait_for_err("deadlock (true): a"));
  running.signal(SIGTERM);
  EXPECT_EQ(running.wait().signal, SIGTERM);
}

TEST(Deadlock, BeyondTheBudgetItFails) {
  const Ran ran = run_text("deadlock: { after: 200ms, budget: 64KiB }\n" + sized(shapes()[0].graph, 900'000),
                           {"--timeout", "60s"});
  EXPECT_EQ(ran.code, 75);
  EXPECT_THAT(ran.err, HasSubstr("'left' was enlarged to 128KiB"));
  EXPECT_THAT(ran.err, HasSubstr("the budget of 64KiB is spent; the graph stops"));
}

TEST(Deadlock, OfOneWhoSleepsOrIsStoppedIsNone) {
  const Ran ran = run_text(with(kPolicy, "POLICY", "fail") + R"(processes:
  a: { shell: 'read x <&7; echo $x', reads: { i: { channel: ba, fd: 7 } }, writes: { o: { channel: ab, fd: 8 } }, stdout: inherit }
  b: { shell: 'sleep 1; echo $$ > pid; kill -STOP $$; echo hello >&8', reads: { i: { channel: ab, fd: 7 } }, writes: { o: { channel: ba, fd: 8 } } }
  wake: { shell: 'sleep 2.5; kill -CONT $(cat pid)' }
pipes: [ab, ba]
)",
                           {"--timeout", "60s"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "hello\n");
}

// A child that has left its process may still put what that one waits for.
TEST(Deadlock, OfOneWhomAnOrphanCanHelpIsNone) {
  const Ran ran = run_text(with(kPolicy, "POLICY", "fail") + R"(defaults: { processes: { env: { P: ')" +
                               procgraph_path() + R"(' } } }
processes:
  a: { shell: '"$P" each q -n 1 -- cat; echo >&8', reads: q, writes: { o: { channel: p, fd: 8 } }, stdout: inherit }
  b: { shell: '(setsid sh -c "sleep 1.5; exec \"$P\" put q hello" &); read x <&7', reads: { i: { channel: p, fd: 7 } }, writes: q }
queues: [q]
pipes: [p]
)",
                           {"--timeout", "60s"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "hello");
}

// A queue in the circle: the node puts all before it gets anything.
TEST(Deadlock, OfQueuesIsResolvedToo) {
  const std::string yaml = R"(processes:
  ask: { shell: 'seq 40000 >&8; exec 8>&-; exec sort -n <&7 7<&- | tail -1', stdout: inherit, writes: { q: { channel: there, fd: 8, framing: lines } }, reads: { a: { channel: back, fd: 7, framing: lines } } }
  answer: { command: copy there back, reads: there, writes: back }
queues: { there: { capacity: 10 }, back: { capacity: 10 } }
)";
  const Ran grown = run_text("deadlock: { policy: grow, after: 200ms }\n" + yaml, {"--timeout", "60s"});
  EXPECT_EQ(grown.code, 0) << grown.err;
  EXPECT_EQ(grown.out, "40000\n");
  EXPECT_THAT(grown.err, HasSubstr("to make it permanent: queues: { "));
  const Ran failed =
      run_text("deadlock: { policy: fail, after: 200ms }\n" + with(yaml, "seq 40000", "seq 4000000"),
               {"--timeout", "60s"});
  EXPECT_EQ(failed.code, 75) << failed.err;
  EXPECT_THAT(failed.err, ContainsRegex("deadlock \\(artificial"));
}

// One that has not started yet waits for an end, and is waited for.
TEST(Deadlock, OfOneThatIsStillToStartIsSeenAndResolved) {
  const std::string yaml = R"(processes:
  from: { command: numbers COUNT, writes: q }
  to: { command: m, reads: q, stdout: inherit, after: { from: finished } }
queues: { q: { capacity: 10 } }
)";
  const Ran grown =
      run_text(with(kPolicy, "POLICY", "grow") + with(yaml, "COUNT", "500"), {"--timeout", "60s"});
  EXPECT_EQ(grown.code, 0) << grown.err;
  EXPECT_THAT(grown.err, HasSubstr("to make it permanent: queues: { q: { capacity: 640 } }"));
  const Ran failed =
      run_text(with(kPolicy, "POLICY", "grow") + with(yaml, "COUNT", "5000"), {"--timeout", "60s"});
  EXPECT_EQ(failed.code, 75) << failed.err;
  EXPECT_THAT(failed.err, HasSubstr("deadlock (artificial): from ─▶[q full 640/640] to ⋯[its end]⋯ from"));
  EXPECT_THAT(failed.err, HasSubstr("no full buffer in it can be made larger while the graph runs"));
}

// Of a node that waits for a pipe and a queue at once, and of the two that wait for it.
TEST(Deadlock, OfOneThatWaitsForAPipeAndAQueueAtOnceIsSeenThrough) {
  const Folder folder;
  for (const char* name : {"a", "b", "c", "d", "e"}) folder.write(name, std::string(4096, '\0'));
  folder.write("g.yaml", with(kPolicy, "POLICY", "grow") + R"(processes:
  a: { command: "script a t:20,q t:out", reads: { p: { channel: p, fd: 20 }, q: q }, writes: { out: out } }
  b: { command: "script b t:out t:+21", reads: { out: out }, writes: { p: { channel: p, fd: 21 } } }
  c: { command: "script c t:r t:+q", reads: { r: r }, writes: { q: q } }
  d: { command: "script d t:s t:+r", reads: { s: s }, writes: { r: r } }
  e: { command: "script e t:out t:+s", reads: { out: out }, writes: { s: s } }
pipes: [p]
queues: [q, r, s]
topics: [out]
)");
  const Ran ran =
      Running(folder.path(), {procgraph_path(), "run", "--nodes", TEST_NODES, "--timeout", "60s", "g.yaml"})
          .wait();
  EXPECT_EQ(ran.code, 75) << ran.err;
  EXPECT_THAT(ran.err, ContainsRegex("deadlock \\(true\\): .*a ◀─.(p|q) empty"));
}

// Asks all before it reads any answer; the channels are as declared.
std::string all_before_reading(const std::string& lines, const std::string& channels) {
  return "deadlock: { policy: grow, after: 200ms }\nprocesses:\n  ask: { shell: '" + lines +
         R"( >&8; exec 8>&-; exec wc -l <&7 7<&-', stdout: inherit, writes: { q: { channel: there, fd: 8, framing: lines } }, reads: { a: { channel: back, fd: 7, framing: lines } } }
  answer: { command: copy there back, reads: there, writes: back }
)" + channels;
}

constexpr const char* kLongLines = "yes \"$(printf %1000d 0)\" | head -n 2000";

struct FullBound {
  std::string name, lines, channels, count, cure;
};

void PrintTo(const FullBound& bound, std::ostream* out) {
  *out << bound.name;
}

class Bounds : public testing::TestWithParam<FullBound> {};

// Whatever is full grows: messages or bytes, of a queue or a topic.
TEST_P(Bounds, OfAChannelAreRaisedAndTheLineForTheFileIsSaid) {
  const Ran ran = run_text(all_before_reading(GetParam().lines, GetParam().channels), {"--timeout", "60s"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, GetParam().count + "\n") << ran.err;
  EXPECT_THAT(ran.err, ContainsRegex("was enlarged to [0-9]+(KiB|MiB)? and the graph goes on"));
  EXPECT_THAT(ran.err, ContainsRegex("to make it permanent: " + GetParam().cure));
}

INSTANTIATE_TEST_SUITE_P(
    Of, Bounds,
    testing::Values(FullBound{"TheMemoryOfAQueue", kLongLines,
                              "queues: { there: { memory: 64KiB }, back: { memory: 64KiB } }\n", "2000",
                              "queues: . (there|back): . memory: [0-9]+KiB . ."},
                    FullBound{"TheHistoryOfATopic", "seq 40000",
                              "topics: { there: { history: 10 }, back: { history: 10 } }\n", "40000",
                              "topics: . (there|back): . history: [0-9]+ . ."},
                    FullBound{"TheMemoryOfATopic", kLongLines,
                              "topics:\n  there: { history: 1000, max_message: 4KiB, memory: 64KiB }\n"
                              "  back: { history: 1000, max_message: 4KiB, memory: 64KiB }\n",
                              "2000", "topics: . (there|back): . memory: [0-9]+KiB . ."}),
    [](const auto& bound) { return bound.param.name; });

// Said beside the channel to those who look for it by program.
TEST(Deadlock, ThatWasResolvedIsAnEventWithTheKey) {
  const Ran ran = run_text(
      all_before_reading(kLongLines, "queues: { there: { memory: 64KiB }, back: { memory: 64KiB } }\n"),
      {"--timeout", "60s", "--log-format", "json"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, ContainsRegex("\"event\":\"grown\".*\"channel\":\"(there|back)\",\"key\":\"memory\""));
}

}  // namespace
}  // namespace procgraph::e2e
