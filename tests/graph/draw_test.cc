// Pictures, compared whole.
#include "graph/draw.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

std::string drawn(std::string_view yaml, std::size_t columns = 100) {
  return draw_ascii(test::Text(yaml).graph, columns);
}

TEST(Picture, AnEdge) {
  EXPECT_EQ(drawn(R"(processes:
  f: { command: n, writes: q }
  m: { command: n, reads: q }
queues: [q]
)"),
            R"( f ──q──▶ m
   queue
)");
}

TEST(Picture, AMixedPipeline) {
  EXPECT_EQ(drawn(R"(processes:
  read: { command: n, writes: lines }
  parse: { command: n, replicas: 4, reads: lines, writes: hits }
  count: { command: n, reads: hits }
  rank: n
  top: n
queues: [lines, hits]
pipelines: [[count, rank, top]]
)"),
            R"( read ──lines──▶ parse ×4 ──hits──▶ count ─▶ rank ─▶ top
        queue               queue
)");
}

TEST(Picture, ALongPipelineIsWrapped) {
  EXPECT_EQ(
      drawn(
          R"(processes: { s1: n, s2: n, s3: n, s4: n, s5: n, s6: n, s7: n, s8: n, s9: n, s10: n, s11: n, s12: n, s13: n, s14: n, s15: n, s16: n, s17: n }
pipelines: [[s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15, s16, s17]]
)"),
      R"( s1 ─▶ s2 ─▶ s3 ─▶ s4 ─▶ s5 ─▶ s6 ─▶ s7 ─▶ s8 ─▶ s9 ─▶ s10 ─▶ s11 ─▶ s12 ─▶ s13 ─▶ s14 ─▶ s15 ─┄

 ┄─▶ s16 ─▶ s17
)");
}

TEST(Picture, FanIn) {
  EXPECT_EQ(drawn(R"(processes:
  a: { command: n, writes: jobs }
  b: { command: n, writes: jobs }
  c: { command: n, writes: jobs }
  m: { command: n, reads: jobs }
queues: [jobs]
)"),
            R"( a ─╮
    │
 b ─┼──jobs───▶ m
    │  queue
 c ─╯
)");
}

TEST(Picture, FanOut) {
  EXPECT_EQ(drawn(R"(processes:
  a: { command: n, writes: jobs }
  w: { command: n, reads: jobs, replicas: 8 }
  x: { command: n, reads: jobs }
queues: [jobs]
)"),
            R"(            ╭─▶ w ×8
 a ──jobs───┤
     queue  ╰─▶ x
)");
}

TEST(Picture, ADiamond) {
  EXPECT_EQ(drawn(R"(processes:
  split: { command: n, writes: [left, right] }
  filter: { command: n, reads: left, writes: mid }
  join: { command: n, reads: [mid, right] }
queues: [left, right, mid]
)"),
            R"(        ╭──left───▶ filter ───mid───╮
 split ─┤  queue             queue  ├─▶ join
        ╰──right────────────────────╯
           queue
)");
}

TEST(Picture, ManyWaysSideBySide) {
  EXPECT_EQ(drawn(R"(processes:
  load: { command: n, writes: [q1, q2, q3] }
  w1: { command: n, reads: q1, writes: r }
  w2: { command: n, reads: q2, writes: r }
  w3: { command: n, reads: q3, writes: r }
  sink: { command: n, reads: r }
pipes: [q1, q2, q3]
queues: [r]
)"),
            R"(       ╭───q1───▶ w1 ─╮
       │  pipe        │
 load ─┼───q2───▶ w2 ─┼────r────▶ sink
       │  pipe        │  queue
       ╰───q3───▶ w3 ─╯
          pipe
)");
}

TEST(Picture, ADuplexPipeHasTwoHeads) {
  EXPECT_EQ(drawn(R"(processes:
  f: { command: n, reads: p, writes: p }
  m: { command: n, reads: p, writes: p }
pipes: { p: { duplex: true } }
)"),
            R"( f ◀──p──▶ m
     pipe
)");
}

TEST(Picture, WhatClosesACircleIsToldBelow) {
  EXPECT_EQ(drawn(R"(processes:
  client: { command: n, reads: replies, writes: questions }
  server: { command: n, reads: questions, writes: replies }
queues: [questions, replies]
)"),
            R"( client ──questions──▶ server
            queue

 ↺ server ──replies (queue)──▶ client
)");
}

TEST(Picture, PartsStandBelowEachOther) {
  EXPECT_EQ(drawn(R"(processes:
  a: n
  b: n
  c: n
  d: n
  lonely: n
  alone: { command: n, after: { lonely: succeeded } }
pipelines: [[a, b], [c, d]]
)"),
            R"( a ─▶ b
 c ─▶ d

 no channels: lonely, alone

 alone starts after lonely succeeded
)");
}

TEST(Drawing, IsGraphvizText) {
  const test::Text text(R"(processes:
  read: { command: n, writes: lines }
  parse: { command: n, replicas: 4, reads: lines, writes: hits }
  count: { command: n, reads: hits }
  rank: n
  top: n
queues: [lines, hits]
pipelines: [[count, rank, top]]
)");
  EXPECT_EQ(draw_dot(text.graph),
            R"x(digraph "g" {
  rankdir=LR;
  node [shape=box, style="rounded,filled", fillcolor="#f6f8fa", color="#57606a", fontname="Helvetica", fontsize=12];
  edge [color="#57606a", fontname="Helvetica", fontsize=10, arrowsize=0.7];
  "read" [label="read"];
  "parse" [label="parse ×4"];
  "count" [label="count"];
  "rank" [label="rank"];
  "top" [label="top"];
  "read" -> "parse" [label="lines\nqueue"];
  "parse" -> "count" [label="hits\nqueue"];
  "count" -> "rank";
  "rank" -> "top";
}
)x");
}

TEST(Drawing, IsMermaidText) {
  const test::Text text(R"(processes:
  read: { command: n, writes: lines }
  parse: { command: n, replicas: 4, reads: lines, writes: hits }
  count: { command: n, reads: hits }
  rank: n
  top: n
queues: [lines, hits]
pipelines: [[count, rank, top]]
)");
  EXPECT_EQ(draw_mermaid(text.graph),
            R"x(flowchart LR
  p0("read")
  p1("parse ×4")
  p2("count")
  p3("rank")
  p4("top")
  p0 -- "lines (queue)" --> p1
  p1 -- "hits (queue)" --> p2
  p2 --> p3
  p3 --> p4
)x");
}

TEST(Drawing, IsJsonText) {
  const test::Text text(R"(processes:
  read: { command: n, writes: lines }
  parse: { command: n, replicas: 4, reads: lines, writes: hits }
  count: { command: n, reads: hits }
  rank: n
  top: n
queues: [lines, hits]
pipelines: [[count, rank, top]]
)");
  EXPECT_EQ(draw_json(text.graph),
            R"x({
  "graph": "g",
  "notes": [],
  "processes": [
    {
      "name": "read",
      "replicas": 1,
      "service": false,
      "ours": false,
      "after": []
    },
    {
      "name": "parse",
      "replicas": 4,
      "service": false,
      "ours": false,
      "after": []
    },
    {
      "name": "count",
      "replicas": 1,
      "service": false,
      "ours": false,
      "after": []
    },
    {
      "name": "rank",
      "replicas": 1,
      "service": false,
      "ours": false,
      "after": []
    },
    {
      "name": "top",
      "replicas": 1,
      "service": false,
      "ours": false,
      "after": []
    }
  ],
  "channels": [
    {
      "name": "lines",
      "kind": "queue",
      "anonymous": false,
      "capacity": 1024,
      "memory": 16777216,
      "max_message": 4194304,
      "writers": [
        {
          "process": "read",
          "port": "lines"
        }
      ],
      "readers": [
        {
          "process": "parse",
          "port": "lines"
        }
      ]
    },
    {
      "name": "hits",
      "kind": "queue",
      "anonymous": false,
      "capacity": 1024,
      "memory": 16777216,
      "max_message": 4194304,
      "writers": [
        {
          "process": "parse",
          "port": "hits"
        }
      ],
      "readers": [
        {
          "process": "count",
          "port": "hits"
        }
      ]
    },
    {
      "name": "count|rank",
      "kind": "pipe",
      "anonymous": true,
      "writers": [
        {
          "process": "count",
          "port": "stdout"
        }
      ],
      "readers": [
        {
          "process": "rank",
          "port": "stdin"
        }
      ]
    },
    {
      "name": "rank|top",
      "kind": "pipe",
      "anonymous": true,
      "writers": [
        {
          "process": "rank",
          "port": "stdout"
        }
      ],
      "readers": [
        {
          "process": "top",
          "port": "stdin"
        }
      ]
    }
  ]
}
)x");
}

std::string many(std::string_view ports, std::size_t count) {
  std::string text = "processes:\n  m: { command: n, reads: q }\n";
  for (std::size_t i = 0; i < count; ++i)
    text += "  w" + std::to_string(i) + ": { command: n" + std::string(ports) + " }\n";
  return text + "queues: [q]\n";
}

TEST(Picture, OfAThousandWritersIsAList) {
  EXPECT_EQ(drawn(many(", writes: q", 1000)), " w0, w1, w2, w3, w4, w5 and 994 more ──q (queue)──▶ m\n");
}

TEST(Picture, OfOneGraphIsAlwaysTheSame) {
  const std::string text = many(", writes: q", 30);
  EXPECT_EQ(drawn(text), drawn(text));
}

constexpr std::string_view kDeadLetters = R"(processes:
  f: { command: n, writes: q }
  m: { command: n, reads: q }
queues: { q: { when_full: reject, dead_letter: failed }, failed: {} }
)";

TEST(Picture, SaysWhereDeadLettersGo) {
  EXPECT_EQ(drawn(kDeadLetters), R"( f ──q──▶ m
   queue

 dead letters of q go to failed
)");
}

TEST(Drawing, SaysInJsonWhereDeadLettersGo) {
  const test::Text text(kDeadLetters);
  EXPECT_THAT(draw_json(text.graph), testing::HasSubstr(R"x(
      "when_full": "reject",
      "dead_letter": "failed",
)x"));
}

}  // namespace
}  // namespace procgraph
