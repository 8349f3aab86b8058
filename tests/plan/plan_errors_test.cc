// What is said while a plan is made.
#include <gtest/gtest.h>

#include "graph_text.h"
#include "plan/plan.h"

namespace procgraph {
namespace {

test::FakeWorld world() {
  test::FakeWorld world;
  world.folder("/w/data").file("/w/access.log").program("/w/nodes/parse").file("/w/nodes/broken");
  world.program("/usr/bin/sort").program("/usr/bin/cat").program("/opt/procgraph/discard");
  world.value.installed_nodes = "/opt/procgraph";
  return world;
}

std::string told(std::string_view yaml) {
  test::Text text(yaml, world().value);
  PlanErrors errors;
  (void)make_plan(text.graph, text.world, text.diagnostics, errors);
  EXPECT_FALSE(errors.machine);
  return text.told();
}

TEST(PlanRefuses, AProgramThatIsNowhere) {
  EXPECT_EQ(told(R"(processes:
  a: prase --fast
  b: pasre
)"),
            R"(g.yaml:2:6: error: program 'prase' of process 'a' was not found
  2 │   a: prase --fast
    │      ^~~~~
    hint: did you mean 'parse'?
g.yaml:3:6: error: program 'pasre' of process 'b' was not found
  3 │   b: pasre
    │      ^~~~~
    hint: did you mean 'parse'?
2 errors
)");
}

TEST(PlanRefuses, AProgramWithoutANeighbour) {
  EXPECT_EQ(told(R"(processes:
  a: { command: wholly-unknown }
)"),
            R"(g.yaml:2:17: error: program 'wholly-unknown' of process 'a' was not found
  2 │   a: { command: wholly-unknown }
    │                 ^~~~~~~~~~~~~~
    hint: looked for in 'nodes' beside the file, --nodes, PROCGRAPH_NODE_PATH, PATH and the installed nodes; a path has a '/'
1 error
)");
}

TEST(PlanRefuses, AProgramThatIsNotExecutable) {
  EXPECT_EQ(told(R"(processes:
  a: broken
  b: ./nodes/broken
)"),
            R"(g.yaml:2:6: error: program 'broken' of process 'a' is not executable in '/w/nodes'
  2 │   a: broken
    │      ^~~~~~
    hint: chmod +x /w/nodes/broken
g.yaml:3:6: error: program '/w/nodes/broken' of process 'b' is not executable
  3 │   b: ./nodes/broken
    │      ^~~~~~~~~~~~~~
    hint: chmod +x /w/nodes/broken
2 errors
)");
}

TEST(PlanRefuses, AFolderAsAProgram) {
  EXPECT_EQ(told(R"(processes:
  a: ./data
)"),
            R"(g.yaml:2:6: error: program '/w/data' of process 'a' is a folder, not a program
  2 │   a: ./data
    │      ^~~~~~
1 error
)");
}

TEST(PlanRefuses, APathThatLeadsNowhere) {
  EXPECT_EQ(told(R"(processes:
  a: ./bin/none
)"),
            R"(g.yaml:2:6: error: program '/w/bin/none' of process 'a' was not found
  2 │   a: ./bin/none
    │      ^~~~~~~~~~
    hint: there is no '/w/bin/none'
1 error
)");
}

TEST(PlanRefuses, AFolderThatDoesNotExist) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, cwd: nowhere }
  b: { command: n, cwd: access.log }
)"),
            R"(g.yaml:2:25: error: the folder of process 'a', '/w/nowhere', does not exist
  2 │   a: { command: n, cwd: nowhere }
    │                         ^~~~~~~
g.yaml:3:25: error: the folder of process 'b', '/w/access.log', is not a folder
  3 │   b: { command: n, cwd: access.log }
    │                         ^~~~~~~~~~
2 errors
)");
}

TEST(PlanRefuses, FilesOfStreams) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, stdin: { file: none.txt } }
  b: { command: n, stdout: { file: nowhere/out.txt } }
  c: { command: n, stdout: { file: data } }
)"),
            R"(g.yaml:2:35: error: file '/w/none.txt', stdin of process 'a', does not exist
  2 │   a: { command: n, stdin: { file: none.txt } }
    │                                   ^~~~~~~~
g.yaml:3:36: error: file '/w/nowhere/out.txt', output of process 'b', cannot be made: its folder does not exist
  3 │   b: { command: n, stdout: { file: nowhere/out.txt } }
    │                                    ^~~~~~~~~~~~~~~
g.yaml:4:36: error: file '/w/data', output of process 'c', is a folder
  4 │   c: { command: n, stdout: { file: data } }
    │                                    ^~~~
3 errors
)");
}

TEST(PlanRefuses, OneFileAppendedToAndTruncated) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, stdout: { file: out.txt } }
  b: { command: n, stdout: { file: out.txt, append: true } }
)"),
            R"(g.yaml:3:36: error: process 'b' appends to '/w/out.txt', which is truncated elsewhere
  3 │   b: { command: n, stdout: { file: out.txt, append: true } }
    │                                    ^~~~~~~
g.yaml:2:36: note: named here too
    hint: give both the same 'append:'
1 error
)");
}

TEST(PlanRefuses, AMistakeOfReplicasIsSaidOnce) {
  EXPECT_EQ(told(R"(processes:
  a: { command: prase, replicas: 5 }
)"),
            R"(g.yaml:2:17: error: program 'prase' of process 'a' was not found
  2 │   a: { command: prase, replicas: 5 }
    │                 ^~~~~
    hint: did you mean 'parse'?
1 error
)");
}

}  // namespace
}  // namespace procgraph
