// Channels with an end outside the graph: what is said of them, and how they are drawn.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/draw.h"
#include "graph_text.h"

namespace procgraph {
namespace {

using test::told;
using ::testing::HasSubstr;

constexpr const char* kWorker = R"(processes:
  work: { command: n, reads: jobs, writes: results }
queues:
  jobs: { external: write }
  results: { external: read }
)";

TEST(Outside, ItsEndCountsAsAReaderOrAWriter) {
  EXPECT_EQ(told(kWorker), "");
}

TEST(Outside, TheOtherEndIsStillMissed) {
  EXPECT_EQ(told(R"(processes:
  f: { command: n, reads: q }
queues:
  q: { external: read }
  r: { external: both }
)"),
            R"(g.yaml:4:3: error: queue 'q' is read but nobody writes it
  4 │   q: { external: read }
    │   ^
g.yaml:2:27: note: read here by 'f'
    hint: give a process 'writes: q', or write 'external: both'
g.yaml:5:3: error: queue 'r' is declared but no process uses it
  5 │   r: { external: both }
    │   ^
    hint: give one process 'writes: r' and another 'reads: r', or remove it
2 errors
)");
}

TEST(Outside, PlacesWithoutAnEndThereAreAMistake) {
  EXPECT_EQ(told(R"(processes:
  f: { command: n, writes: q }
  m: { command: n, reads: q }
queues:
  q: { spare: 3 }
)"),
            R"(g.yaml:5:15: error: 'spare' is for programs outside the graph, to which queue 'q' is not open
  5 │   q: { spare: 3 }
    │               ^
    hint: write 'external: read', 'write' or 'both' beside it, or leave it out
1 error
)");
}

TEST(Outside, AReaderMayEndBeforeTheOneWriterOfTheGraphStarts) {
  EXPECT_EQ(told(R"(processes:
  m: { command: n, reads: q }
  f: { command: n, writes: q, after: { m: finished } }
queues:
  q: { external: write }
)"),
            "");
}

TEST(Outside, ItIsDrawnAtEachEnd) {
  EXPECT_EQ(draw_ascii(test::Text(kWorker).graph, 100),
            R"( (outside) ──jobs──▶ work ──results──▶ (outside)
             queue           queue
)");
}

TEST(Outside, IsInGraphvizText) {
  const std::string dot = draw_dot(test::Text(kWorker).graph);
  EXPECT_THAT(dot, HasSubstr(R"(  "into jobs" [shape=plain, style="", label="outside"];
  "into jobs" -> "jobs" [arrowhead=none];
)"));
  EXPECT_THAT(dot, HasSubstr(R"(  "results" -> "out of results";
)"));
}

TEST(Outside, IsInMermaidText) {
  const std::string mermaid = draw_mermaid(test::Text(kWorker).graph);
  EXPECT_THAT(mermaid, HasSubstr("  into_c0[/outside/] --- c0\n"));
  EXPECT_THAT(mermaid, HasSubstr("  c1 --> from_c1[/outside/]\n"));
}

TEST(Outside, IsInJsonText) {
  const std::string json = draw_json(test::Text(kWorker).graph);
  EXPECT_THAT(json, HasSubstr("\"external\": \"write\""));
  EXPECT_THAT(json, HasSubstr("\"spare\": 8"));
}

}  // namespace
}  // namespace procgraph
