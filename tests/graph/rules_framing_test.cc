// What is said of framings, and of bytes at channels of messages.
#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

using test::told;

TEST(Framings, AStreamMayBeAQueueOrATopic) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, stdout: q, stderr: { channel: t, framing: nul } }
  b: { command: n, stdin: { channel: q, framing: { record: 16 } }, replicas: 2 }
  c: { command: n, stdin: t, writes: { x: { channel: r, fd: 5 } } }
  d: { command: n, stdin: r }
queues: { q: {}, r: { framing: length } }
topics: [t]
)"),
            "");
}

TEST(Framings, ArePortsWithAStream) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, writes: { x: { channel: q, framing: lines } } }
  b: { command: n, stdin: q }
queues: [q]
)"),
            R"(g.yaml:2:56: error: a framing for port 'x' of process 'a', which has no stream
  2 │   a: { command: n, writes: { x: { channel: q, framing: lines } } }
    │                                                        ^~~~~
    hint: leave it out: a program that uses the SDK gets whole messages; a plain one wants 'stdin', 'stdout', or 'fd: N' beside it
1 error
)");
}

TEST(Framings, AreNotForPipes) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, stdout: { channel: p, framing: lines } }
  b: { command: n, stdin: p }
pipes: [p]
)"),
            R"(g.yaml:2:51: error: a framing for port 'stdout' of process 'a': pipe 'p' carries no messages
  2 │   a: { command: n, stdout: { channel: p, framing: lines } }
    │                                                   ^~~~~
g.yaml:4:9: note: declared here
    hint: leave it out: the bytes arrive as they are; or make it a queue
1 error
)");
}

TEST(Framings, OfAChannelWithoutPlainProgramsSayNothing) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, writes: q }
  b: { command: n, reads: q }
queues: { q: { framing: nul } }
)"),
      R"(g.yaml:4:25: warning: nobody reads or writes queue 'q' as bytes, so that its framing says nothing
  4 │ queues: { q: { framing: nul } }
    │                         ^~~
    hint: leave it out; it is for 'stdin', 'stdout', 'stderr' and ports with 'fd: N'
1 warning
)");
}

TEST(Framings, HaveRoomInTheChannel) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, stdout: { channel: q, framing: { chunks: 2KiB } } }
  b: { command: n, stdin: q }
queues: { q: { max_message: 1KiB } }
)"),
            R"(g.yaml:2:51: error: chunks of 2KiB do not fit into queue 'q', whose max_message is 1KiB
  2 │   a: { command: n, stdout: { channel: q, framing: { chunks: 2KiB } } }
    │                                                   ^
g.yaml:4:29: note: set here
    hint: raise 'max_message', or make them smaller
1 error
)");
}

TEST(Framings, ChunksAreNotToBeMissed) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, stdout: t }
  b: { command: n, stdin: t }
topics: { t: { when_full: latest, framing: { chunks: 1KiB } } }
)"),
      R"(g.yaml:3:27: warning: process 'b' may miss chunks of topic 't' (when_full: latest), and then gets bytes that do not belong together
  3 │   b: { command: n, stdin: t }
    │                           ^
    hint: write 'when_full: block', or a framing that keeps messages apart
1 warning
)");
}

TEST(Framings, ANumberIsGivenOnceOnQueuesToo) {
  EXPECT_NE(told(R"(processes:
  a: { command: n, writes: { y: { channel: q, fd: 7 }, z: { channel: r, fd: 7 } } }
  b: { command: n, reads: [q, r] }
queues: { q: { framing: lines }, r: { framing: lines } }
)")
                .find("process 'a' gives descriptor 7 to two ports, 'y' and 'z'"),
            std::string::npos);
}

TEST(Framings, ABytePipeHasOneReaderAndTheHintSaysWhatHasMore) {
  EXPECT_NE(told(R"(processes:
  a: { command: n, stdout: p }
  b: { command: n, stdin: p }
  c: { command: n, stdin: p }
pipes: [p]
)")
                .find("hint: a queue shares messages between its readers, a topic copies them to each"),
            std::string::npos);
}

TEST(Framings, OfAPlainProgramAtAQueueThatRejectsAreWarnedOf) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, stdout: q }
  b: { command: n, writes: q }
  c: { command: n, stdin: q }
queues: { q: { when_full: reject } }
)"),
      R"(g.yaml:2:28: warning: process 'a' is a plain program at queue 'q', which rejects what finds no room: the first that does ends it
  2 │   a: { command: n, stdout: q }
    │                            ^
g.yaml:5:27: note: said here
    hint: let it wait ('when_full: block'), or go on without ('drop_newest')
1 warning
)");
}

}  // namespace
}  // namespace procgraph
