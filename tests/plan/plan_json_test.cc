// A plan as JSON, compared whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planned.h"

namespace procgraph::test {
namespace {

TEST(PlanJson, HasEverything) {
  EXPECT_EQ(to_json(planned(R"(processes:
  ask: { command: n, reads: talk, writes: { talk: talk, out: { channel: p, fd: 4 } }, stdout: { file: out.txt, append: true }, stderr: { file: out.txt, append: true } }
  tell: { command: n, reads: talk, writes: talk, stdin: p, service: true }
pipes: { p: { capacity: 1MiB }, talk: { duplex: true } }
)")),
            R"({
  "graph": "g",
  "folder": "/w",
  "memory": 0,
  "open_files": 41,
  "notes": [],
  "deadlock": {
    "policy": "grow",
    "budget": 67108864,
    "after": "1s"
  },
  "objects": [
    {
      "id": 0,
      "name": "p",
      "sort": "pipe",
      "channel": "p",
      "capacity": 1048576
    },
    {
      "id": 1,
      "name": "talk",
      "sort": "socket pair",
      "channel": "talk"
    },
    {
      "id": 2,
      "name": "/w/out.txt",
      "sort": "file",
      "append": true
    }
  ],
  "processes": [
    {
      "label": "ask",
      "process": "ask",
      "replica": 0,
      "program": "/usr/bin/n",
      "argv": ["n"],
      "cwd": "/w",
      "oom_score_adj": 500,
      "clean_env": false,
      "env": ["PROCGRAPH_GRAPH=g", "PROCGRAPH_PORTS=port=talk,channel=talk,kind=pipe,access=both,fd=3 port=out,channel=p,kind=pipe,access=write,fd=4", "PROCGRAPH_PROCESS=ask", "PROCGRAPH_REPLICA=0", "PROCGRAPH_REPLICAS=1"],
      "streams": ["none", "file", "file"],
      "descriptors": [
        {
          "fd": 1,
          "object": 2,
          "end": "read-write"
        },
        {
          "fd": 2,
          "object": 2,
          "end": "read-write"
        },
        {
          "fd": 3,
          "object": 1,
          "end": "both"
        },
        {
          "fd": 4,
          "object": 0,
          "end": "write"
        }
      ]
    },
    {
      "label": "tell",
      "process": "tell",
      "replica": 0,
      "program": "/usr/bin/n",
      "argv": ["n"],
      "cwd": "/w",
      "oom_score_adj": 500,
      "clean_env": false,
      "env": ["PROCGRAPH_GRAPH=g", "PROCGRAPH_PORTS=port=talk,channel=talk,kind=pipe,access=both,fd=3", "PROCGRAPH_PROCESS=tell", "PROCGRAPH_REPLICA=0", "PROCGRAPH_REPLICAS=1"],
      "streams": ["channel", "log", "log"],
      "descriptors": [
        {
          "fd": 0,
          "object": 0,
          "end": "read"
        },
        {
          "fd": 3,
          "object": 1,
          "end": "both"
        }
      ]
    }
  ],
  "start_together": [
    ["ask", "tell"]
  ],
  "after": [],
  "stop_order": [
    ["ask", "tell"]
  ],
  "when_one_dies": [
    {
      "channel": "p",
      "reader": "what nobody has read is gone, the writer gets SIGPIPE",
      "writer": "what is there is read, then the data ends",
      "runner": "what is in it is gone"
    },
    {
      "channel": "talk",
      "either side": "the other one reads what is there, and then the end",
      "runner": "what is in it is gone"
    }
  ]
}
)");
}

TEST(PlanJson, SaysWhatIsTakenBeforeTheStart) {
  EXPECT_THAT(to_json(planned(R"(processes:
  f: { command: n, writes: q }
  m: { command: n, reads: q }
queues: { q: { memory: 64KiB, prefault: true } }
)")),
              testing::HasSubstr(R"(
      "mapped": true,
      "prefault": true
    },
)"));
}

}  // namespace
}  // namespace procgraph::test
