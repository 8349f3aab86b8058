// A process that a node has started, or a program outside the graph, is killed at any call of the kernel
// while it attaches: its place comes back, nobody is harmed, and the runner keeps nothing of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "e2e/harness.h"
#include "e2e/outside.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;

// Behind the last of these words; 0: there are none.
unsigned long number_behind(const std::string& words, const std::string& text) {
  const std::size_t at = text.rfind(words);
  return at == std::string::npos ? 0 : std::stoul(text.substr(at + words.size()));
}

std::size_t count(const std::string& words, const std::string& text) {
  std::size_t found = 0;
  for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++found;
  return found;
}

constexpr unsigned long kLeast = 30;  // calls of the kernel that it takes to attach

// There are eight places for such processes.
TEST(AttachKillsInside, OfAProcessThatANodeHasStarted) {
  const std::string yaml =
      "processes:\n  k: { command: " ATTACH_KILLS
      ", reads: [in, news], writes: out }\n"
      "  f: { command: numbers 5, writes: in }\n  w: { command: f, writes: news }\n"
      "  last: { command: m, reads: in, after: { k: succeeded } }\n  m: { command: m, reads: out }\n"
      "queues: { in: { max_deliveries: 1000 }, out: {} }\ntopics: { news: {} }\n";
  const Ran ran = run_text(yaml, {"-v"});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  const unsigned long killed = number_behind("killed ", ran.out);
  EXPECT_GE(killed, kLeast) << ran.out;
  const std::string puts = std::to_string(killed);
  EXPECT_THAT(ran.err, HasSubstr("queue 'out': " + puts + " put, " + puts + " acknowledged"));
  EXPECT_THAT(ran.err, HasSubstr("queue 'in': 5 put, 5 acknowledged"));
  EXPECT_EQ(count("last │ get in P2: ", ran.out), 5U) << ran.out;

  const Ran json = run_text(yaml, {"--log-format", "json"});
  const std::size_t came = count("\"event\":\"joined\"", json.err);
  EXPECT_GE(came, number_behind(
                      "killed ",
                      json.out));  // each that came after a dead one, and those of the dead that came so far
  EXPECT_EQ(count("\"event\":\"left\"", json.err), came);
}

class AttachKillsOutside : public Outside {};

// There is one place.
TEST_F(AttachKillsOutside, OfAProgramOutside) {
  const auto graph = start(
      "processes: { hold: { shell: 'echo runner $PPID.; sleep 1000', reads: [in, out], writes: news } }\n"
      "queues: { in: { external: both, spare: 1, max_deliveries: 1000 }, out: { external: both, spare: 1 } "
      "}\n"
      "topics: { news: { external: both, spare: 1 } }\n");
  ASSERT_TRUE(graph->wait_for_out("."));
  const unsigned long runner = number_behind("runner ", graph->out());
  const auto descriptors = [&] {
    return shell(folder.path(), "ls /proc/" + std::to_string(runner) + "/fd | wc -l").out;
  };
  const std::string before = descriptors();
  EXPECT_EQ(procgraph({"put", "in", "a", "b", "c"}).code, 0);
  const Ran kills =
      Running(folder.path(), {"/usr/bin/env", "XDG_RUNTIME_DIR=" + folder.path(), ATTACH_KILLS, "outside"})
          .wait();
  EXPECT_EQ(kills.code, 0) << kills.out << kills.err;
  const unsigned long killed = number_behind("killed ", kills.out);
  EXPECT_GE(killed, kLeast) << kills.out;
  const Ran out = procgraph({"get", "out", "-n", std::to_string(killed)});
  EXPECT_EQ(count("x\n", out.out), killed) << out.err;
  EXPECT_EQ(procgraph({"get", "in", "-n", "3"}).out, "a\nb\nc\n");
  while (descriptors() != before) std::this_thread::yield();  // once it has heard that the last one is gone
  graph->signal(SIGTERM);
  EXPECT_EQ(graph->wait().signal, SIGTERM);
}

}  // namespace
}  // namespace procgraph::e2e
