// Topics, as a person runs them.
#include <gtest/gtest.h>

#include <string>

#include "harness.h"

namespace procgraph::e2e {
namespace {

// How many lines of the output begin with this process's name.
int lines_of(const Ran& ran, const std::string& process) {
  int count = 0;
  for (std::size_t at = 0; at < ran.out.size(); at = ran.out.find('\n', at) + 1)
    count += ran.out.compare(at, process.size(), process) == 0;
  return count;
}

TEST(Topics, GiveEveryProcessEveryMessage) {
  const Ran ran = run_config("topic.yaml");
  EXPECT_EQ(ran.code, 0) << ran.err;
  for (const char* process : {"one ", "two ", "late "})
    EXPECT_EQ(lines_of(ran, process), 3) << process << ran.out;
}

TEST(Topics, AreSharedByReplicasOrGivenToEach) {
  const Ran ran = run_config("topic_replicas.yaml");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(lines_of(ran, "shares."), 3) << ran.out;
  for (const char* process : {"each.0 ", "each.1 "})
    EXPECT_EQ(lines_of(ran, process), 3) << process << ran.out;
}

// Thirty messages in a topic that keeps two: they can be put only because nothing waits for who is gone.
TEST(Topics, DoNotWaitForAReaderThatIsGone) {
  const Ran ran = run_text(R"(processes:
  f: { command: f, writes: t, replicas: 30 }
  m: { command: m, reads: t }
  never: { command: "true", reads: t }
topics: { t: { history: 2 } }
)");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(lines_of(ran, "m "), 30) << ran.out;
}

TEST(Topics, AreNotReadOnceTheirMessagesAreTooOld) {
  const Ran ran = run_text(R"(processes:
  f: { command: f, writes: t }
  later: { command: sleep 0.1, after: { f: finished } }
  m: { command: m, reads: t, after: { later: finished } }
  shares: { command: m, reads: t, replicas: 2, after: { later: finished } }
topics: { t: { expire: 20ms } }
)",
                           {"-v"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find("topic 't': 1 put"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find(" expired"), std::string::npos) << ran.err;
}

TEST(Topics, EndAtOnceForReadersWhoseWritersAreOut) {
  const Ran ran = run_text(R"(processes:
  f: { command: f, writes: t }
  m: { command: m, reads: t }
topics: [t]
)",
                           {"--except", "f"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
}

TEST(Topics, AreDiscardedWhereTheirReadersAreOut) {
  const Ran ran = run_text(R"(processes:
  f: { command: f, writes: t, replicas: 3 }
  m: { command: m, reads: t, replicas: 2 }
topics: { t: { history: 1 } }
)",
                           {"--except", "m"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.err.find("discarded 3 messages"), std::string::npos) << ran.err;
}

TEST(Topics, LetACopyEndWhenNoReplicaWantsMore) {
  const Ran ran = run_text(R"(processes:
  f: { command: f, writes: t, replicas: 20 }
  gone: { command: "true", reads: t, replicas: 2 }
  m: { command: m, reads: t }
topics: { t: { history: 1 } }
)");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(lines_of(ran, "m "), 20) << ran.out;
}

}  // namespace
}  // namespace procgraph::e2e
