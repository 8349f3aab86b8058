// What is said of shared memory areas, and what a plan makes of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph_text.h"
#include "plan/plan.h"

namespace procgraph {
namespace {

using testing::HasSubstr;

test::FakeWorld world() {
  test::FakeWorld world;
  world.value.machine.files_max = 4096;
  world.file("/w/four", {FileFacts::Type::kRegular, true, false, Bytes{4}});
  world.file("/w/secret", {FileFacts::Type::kRegular, false, false, Bytes{4}});
  return world.folder("/w/data");
}

std::string told(std::string_view yaml) {
  return test::Text(yaml, world().value).told();
}

TEST(SharedMemoryKind, NeedsAWriterUnlessItBeginsWithSomethingOrIsThereForItsObjects) {
  EXPECT_EQ(told(R"(processes:
  r: { command: n, reads: [a, b, c] }
  w: { command: n, writes: e }
shared_memory:
  a: { size: 4KiB, lock: true }
  b: { size: 4KiB, initial: four }
  c: { sync: [go] }
  d: { size: 4KiB }
  e: { size: 4KiB }
)"),
            R"(g.yaml:5:3: error: area 'a' is read but nobody writes it: it would stay all zeros
  5 │   a: { size: 4KiB, lock: true }
    │   ^
g.yaml:2:28: note: read here by 'r'
    hint: give a process 'writes: a', or the area 'initial: FILE'
g.yaml:8:3: error: area 'd' is declared but no process uses it
  8 │   d: { size: 4KiB }
    │   ^
    hint: give a process 'writes: d', or remove it
2 errors
)");
}

TEST(SharedMemoryKind, HasASizeIntoWhichItsFileFits) {
  EXPECT_EQ(told(R"(processes:
  w: { command: n, writes: [a, b, c, d, e, f, g] }
shared_memory:
  a:
  b: { size: 3, initial: four }
  c: { size: 4, initial: four }
  d: { size: 4, initial: none }
  e: { size: 4, initial: data }
  f: { size: 4, initial: secret }
  g: { size: 1000TiB }
)"),
            R"(g.yaml:4:3: error: area 'a' has no size
  4 │   a:
    │   ^
    hint: write a: { size: 4KiB }
g.yaml:5:26: error: file '/w/four', the beginning of area 'b', has 4 bytes; the area has 3
  5 │   b: { size: 3, initial: four }
    │                          ^~~~
g.yaml:7:26: error: file '/w/none', the beginning of area 'd', does not exist
  7 │   d: { size: 4, initial: none }
    │                          ^~~~
g.yaml:8:26: error: file '/w/data', the beginning of area 'e', is no file with a size
  8 │   e: { size: 4, initial: data }
    │                          ^~~~
g.yaml:9:26: error: file '/w/secret', the beginning of area 'f', may not be read
  9 │   f: { size: 4, initial: secret }
    │                          ^~~~~~
g.yaml:10:14: error: area 'g' cannot be made: an area has from 1 byte to 64 TiB
 10 │   g: { size: 1000TiB }
    │              ^~~~~~~
6 errors
)");
}

TEST(SharedMemoryKind, IsNoStreamAndNoSocketAndMayGoInCircles) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, writes: x, reads: y }
  b: { command: n, writes: y, reads: x }
  c: { command: n, stdin: x }
  d: { command: n, connects: x }
  e: { command: n, reads: { p: { channel: x, fd: 5 } } }
shared_memory: { x: { size: 1 }, y: { size: 1 } }
)"),
            R"(g.yaml:4:27: error: stdin of process 'c' is area 'x', which is no stream
  4 │   c: { command: n, stdin: x }
    │                           ^
g.yaml:7:18: note: declared here
    hint: name it in 'reads', and map it
g.yaml:5:30: error: process 'd' connects to 'x', which is an area
  5 │   d: { command: n, connects: x }
    │                              ^
g.yaml:7:18: note: declared here
    hint: an area is named in 'reads' and 'writes', a socket in 'serves' and 'connects'
g.yaml:6:43: error: process 'e' gives port 'p' descriptor 5, but an area has several descriptors
  6 │   e: { command: n, reads: { p: { channel: x, fd: 5 } } }
    │                                           ^
    hint: leave 'fd' out: the SDK finds them by the port's name
3 errors
)");
}

TEST(SharedMemoryKind, GivesReadersDataThatTheyCannotWrite) {
  test::Text text(R"(processes:
  w: { command: n, writes: a }
  r: { command: n, reads: { table: a } }
shared_memory: { a: { size: 10000, initial: four, sync: [x] } }
)",
                  world().value);
  PlanErrors errors;
  const Plan plan = make_plan(text.graph, text.world, text.diagnostics, errors);
  EXPECT_EQ(text.told(), "");
  const std::string shown = to_text(plan);
  EXPECT_THAT(shown, HasSubstr(R"(objects
  a.control  memory       4 KiB reserved, mapped by the runner too
  a.data     memory       9.7 KiB reserved, begins as /w/four
)"));
  EXPECT_THAT(shown, HasSubstr("4        read-write  a.control\n    5        read-write  a.data\n"));
  EXPECT_THAT(shown, HasSubstr("4        read-write  a.control\n    5        read-only   a.data\n"));
  EXPECT_THAT(shown, HasSubstr("port=table,channel=a,kind=shared_memory,access=read,control=4,payload=5"));
  EXPECT_EQ(plan.memory, Bytes{10000});
  EXPECT_EQ(plan.spawns[1].participant, 2);
}

TEST(SharedMemoryKind, LosesItsWritersWithoutAnEnd) {
  test::Text text(R"(processes:
  w: { command: n, writes: a }
  r: { command: n, reads: a }
shared_memory: { a: { size: 10 } }
)");
  const Graph graph = text.selected({.only = {}, .except = {"w"}});
  EXPECT_EQ(text.told(), "");
  EXPECT_FALSE(graph.channels.at(0).ended_from_start);
  EXPECT_EQ(graph.processes.size(), 1U);
}

}  // namespace
}  // namespace procgraph
