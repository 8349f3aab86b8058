// Graphs on one line, as a person runs them.
#include <gtest/gtest.h>

#include "harness.h"

namespace procgraph::e2e {
namespace {

TEST(Exec, RunsAnExpression) {
  Folder folder;
  Ran ran = run(folder.path(), {"exec", "seq 10000 ! grep 7 *4 ! wc -l"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "3439\n");
  ran = run(folder.path(), {"exec", "sort -n ! sed 's/^/line /'"}, "2\n1\n");
  EXPECT_EQ(ran.out, "line 1\nline 2\n");
}

// Messages on their way come back then, and nobody is there to take them.
TEST(Exec, SaysNothingWhereAReaderHasEnough) {
  Folder folder;
  for (int i = 0; i < 10; ++i) {
    const Ran ran = run(folder.path(), {"exec", "seq 100000 ! cat *2 ! head -1"});
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.err, "");
  }
}

TEST(Exec, PrintsTheFileThatSaysTheSame) {
  Folder folder;
  const Ran printed = run(folder.path(), {"exec", "--print", "seq 3 ! tac"});
  EXPECT_EQ(printed.code, 0);
  folder.write("graph.yaml", printed.out);
  EXPECT_EQ(run(folder.path(), {"run", "graph.yaml"}).out, "3\n2\n1\n");
}

TEST(Exec, ShowsWhereAnExpressionIsWrong) {
  Folder folder;
  const Ran ran = run(folder.path(), {"exec", "seq 3 | tac"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err, R"(<expression>:1:7: error: no shell runs this expression
  1 │ seq 3 | tac
    │       ^
    hint: stages are separated by '!'
1 error
)");
}

TEST(Exec, ShowsWhereTheGraphOfAnExpressionIsWrong) {
  Folder folder;
  EXPECT_EQ(run(folder.path(), {"exec", "seq 3 ! /no/such/program -x ! wc"}).err,
            R"(<expression>:1:9: error: program '/no/such/program' of process 'program' was not found
  1 │ seq 3 ! /no/such/program -x ! wc
    │         ^~~~~~~~~~~~~~~~
    hint: there is no '/no/such/program'
1 error
)");
  EXPECT_EQ(
      run(folder.path(), {"exec", "seq 3 ! wc *100000"}).err,
      R"(<expression>:1:12: error: 100,001 processes use queues or shared memory; a graph has room for 4,095
  1 │ seq 3 ! wc *100000
    │            ^~~~~~~
    hint: most are replicas of 'wc'
1 error
)");
}

}  // namespace
}  // namespace procgraph::e2e
