// What enabled: false, --only and --except leave, as notes and as a picture.
#include <gtest/gtest.h>

#include "graph/draw.h"
#include "graph_text.h"

namespace procgraph {
namespace {

std::string selected(std::string_view yaml, const Selection& selection = {}) {
  test::Text text(yaml);
  const Graph graph = text.selected(selection);
  std::string out = text.told();
  for (const std::string& note : graph.notes) out += note + "\n";
  return out + draw_ascii(graph);
}

TEST(Select, WhatIsDisabledGoesWithItsPorts) {
  EXPECT_EQ(selected(R"(processes:
  f: { command: n, writes: q }
  g: { command: n, writes: q, enabled: false }
  m: { command: n, reads: q }
queues: [q]
)"),
            R"(process 'g' is out (enabled: false)
 f ──q──▶ m
   queue
)");
}

TEST(Select, AChannelWithoutWritersIsAtItsEndFromTheStart) {
  EXPECT_EQ(selected(R"(processes:
  f: { command: n, writes: q, enabled: false }
  m: { command: n, reads: q }
queues: [q]
)"),
            R"(process 'f' is out (enabled: false)
queue 'q' is at its end from the start: nobody writes it
         q──────────▶ m
 queue, at its end
)");
}

TEST(Select, AQueueWithoutReadersIsReadByADiscardOfOurs) {
  EXPECT_EQ(selected(R"(processes:
  f: { command: n, writes: q }
  m: { command: n, reads: q, enabled: false }
queues: [q]
)"),
            R"(process 'm' is out (enabled: false)
queue 'q' is read by a 'discard' of ours, which counts: its readers are out
 f ──q──▶ discard:q
   queue
)");
}

TEST(Select, AnAnonymousPipeWithoutReaderIsDiscardedFromStandardInput) {
  EXPECT_EQ(selected(R"(processes:
  f: n
  m: { command: n, enabled: false }
pipelines: [[f, m]]
)"),
            R"(process 'm' is out (enabled: false)
pipe 'f|m' is read by a 'discard' of ours, which counts: its readers are out
 f ─▶ discard:f|m
)");
}

TEST(Select, AChannelWithoutAnyEndVanishes) {
  EXPECT_EQ(selected(R"(processes:
  a: n
  f: { command: n, writes: q, enabled: false }
  m: { command: n, reads: q, enabled: false }
queues: [q]
)"),
            R"(process 'f' is out (enabled: false)
process 'm' is out (enabled: false)
 no channels: a
)");
}

TEST(Select, ADuplexPipeThatLostASideIsAtItsEnd) {
  EXPECT_EQ(selected(R"(processes:
  a: { command: n, reads: p, writes: p }
  b: { command: n, reads: p, writes: p, enabled: false }
pipes: { p: { duplex: true } }
)"),
            R"(process 'b' is out (enabled: false)
pipe 'p' is at its end from the start: its other side is out
 a ◀─────────p
      pipe, at its end
)");
}

TEST(Select, AnAfterOnAMissingProcessIsMet) {
  EXPECT_EQ(selected(R"(processes:
  db: { command: n, enabled: false }
  api: { command: n, after: { db: started } }
)"),
            R"(process 'db' is out (enabled: false)
process 'api' does not wait for 'db'
 no channels: api
)");
}

constexpr std::string_view kLetters = R"(processes:
  f: { command: n, writes: [q, r] }
  m: { command: n, reads: q }
  n: { command: n, reads: r }
  repair: { command: n, reads: failed }
queues: { q: { dead_letter: failed }, r: { dead_letter: failed }, failed: {} }
)";

TEST(Select, AQueueOfDeadLettersThatNobodyReadsIsKept) {
  EXPECT_EQ(selected(kLetters, {.except = {"repair"}}), R"(process 'repair' is out (--except)
    ╭────q────▶ m
 f ─┤  queue
    ╰────r────▶ n
       queue

 dead letters of q go to failed
 dead letters of r go to failed
)");
  test::Text text(kLetters);
  EXPECT_EQ(text.selected({.except = {"repair"}}).channels.size(), 3U);
}

TEST(Select, AQueueOfDeadLettersStaysAsLongAsOneQueueNeedsIt) {
  test::Text text(kLetters);
  const Graph graph = text.selected({.except = {"m", "repair"}});
  ASSERT_EQ(graph.channels.size(), 3U);
  EXPECT_EQ(graph.at(graph.channels[1].dead_letter).name, "failed");
  EXPECT_TRUE(graph.channels[2].takes_letters);
}

TEST(Select, OnlyKeepsWhatIsNeededThroughAfter) {
  EXPECT_EQ(selected(R"(processes:
  base: n
  db: { command: n, after: { base: started } }
  api: { command: n, after: { db: started } }
  other: n
)",
                     {.only = {"api"}}),
            R"(process 'other' is out (not in --only)
 no channels: base, db, api

 db starts after base started
 api starts after db started
)");
}

TEST(Select, ExceptTakesOutByName) {
  EXPECT_EQ(selected(R"(processes:
  a: { command: n, writes: q }
  b: { command: n, reads: q }
  c: { command: n, reads: q }
queues: [q]
)",
                     {.except = {"b"}}),
            R"(process 'b' is out (--except)
 a ──q──▶ c
   queue
)");
}

TEST(Select, ExceptWinsOverWhatOnlyNeeds) {
  EXPECT_EQ(selected(R"(processes:
  db: n
  api: { command: n, after: { db: started } }
)",
                     {.only = {"api"}, .except = {"db"}}),
            R"(process 'db' is out (--except)
process 'api' does not wait for 'db'
 no channels: api
)");
}

TEST(Select, AnUnknownNameIsAMistake) {
  EXPECT_EQ(selected(R"(processes:
  api: { command: n, writes: q }
  m: { command: n, reads: q }
queues: [q]
)",
                     {.only = {"aip"}, .except = {"q"}}),
            R"(g.yaml: error: --only names unknown process 'aip'
    hint: did you mean 'api'?
g.yaml: error: --except names 'q', which is a channel
    hint: --except takes names of processes
2 errors
process 'api' is out (not in --only)
process 'm' is out (not in --only)
)");
}

TEST(Select, WhatIsDisabledCannotBeAskedFor) {
  EXPECT_EQ(selected(R"(processes:
  a: n
  b: { command: n, enabled: false }
)",
                     {.only = {"b"}}),
            R"(g.yaml:3:3: error: --only names 'b', which has 'enabled: false'
  3 │   b: { command: n, enabled: false }
    │   ^
1 error
process 'a' is out (not in --only)
process 'b' is out (enabled: false)
)");
}

TEST(Select, SomethingHasToBeLeft) {
  EXPECT_EQ(selected(R"(processes:
  a: n
)",
                     {.except = {"a"}}),
            R"(g.yaml: error: nothing is left to run: every process is out
1 error
process 'a' is out (--except)
)");
}

TEST(Select, MakesADiscardAServiceWhereAllItsWritersAre) {
  test::Text text(R"(processes:
  f: { command: n, writes: q, service: true }
  g: { command: n, writes: r }
  m: { command: n, reads: [q, r], enabled: false }
queues: [q, r]
)");
  const Graph graph = text.selected({});
  ASSERT_EQ(graph.processes.size(), 4U);
  EXPECT_EQ(graph.processes[2].name, "discard:q");
  EXPECT_TRUE(graph.processes[2].service);
  EXPECT_FALSE(graph.processes[3].service);
}

TEST(Select, LeavesTheGraphAsItIsWhereNothingIsOut) {
  test::Text text("processes: { f: { command: n, writes: q }, m: { command: n, reads: q } }\nqueues: [q]\n");
  const Graph graph = text.selected({});
  EXPECT_EQ(graph.processes.size(), 2U);
  EXPECT_TRUE(graph.notes.empty());
}

}  // namespace
}  // namespace procgraph
