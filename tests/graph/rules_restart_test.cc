// What is said of restarts that cannot do what they say, and of what they cost.
#include <gtest/gtest.h>

#include "graph_text.h"

namespace procgraph {
namespace {

using test::told;

TEST(RestartLimit, ThatTheWaitsNeverComeToIsAnError) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, restart: { policy: on_failure, max: 5 in 10s } }
)"),
      R"(g.yaml:2:56: error: process 'a' never comes to 5 restarts in 10s: the waits between them take longer
  2 │   a: { command: n, restart: { policy: on_failure, max: 5 in 10s } }
    │                                                        ^~~~~~~~
    hint: lower 'backoff' or the number in 'max', or raise its time; 'max: none' is for no limit
1 error
)");
}

TEST(RestartLimit, OfTheDefaultIsComeToOnlyWhereTheWaitsAreShort) {
  EXPECT_EQ(told("processes: { a: { command: n, restart: on_failure } }\n"), "");
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, restart: { policy: on_failure, backoff: 20s } }
)"),
      R"(g.yaml:2:39: error: process 'a' never comes to 5 restarts in 1m: the waits between them take longer
  2 │   a: { command: n, restart: { policy: on_failure, backoff: 20s } }
    │                                       ^~~~~~~~~~
    hint: lower 'backoff' or the number in 'max', or raise its time; 'max: none' is for no limit
1 error
)");
}

TEST(RestartLimit, IsNotJudgedWhereALongRunBeginsTheWaitsAnew) {
  EXPECT_EQ(told("processes: { a: { command: n, restart: { policy: on_failure, max: 9 in 5m } } }\n"), "");
}

TEST(RestartAlways, OfWhatTheGraphWaitsForIsPointedOut) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, restart: always }
)"),
            R"(g.yaml:2:29: warning: the graph does not end by itself: process 'a' is always started again
  2 │   a: { command: n, restart: always }
    │                             ^~~~~~
    hint: 'restart: on_failure' lets it end when it has succeeded; 'service: true' lets the graph end without it
1 warning
)");
}

TEST(RestartAlways, EndsWithItsDataOrAnExitCodeOrAsAService) {
  EXPECT_EQ(told(R"(processes:
  source: { command: n, writes: q }
  reader: { command: n, reads: q, restart: always }
  server: { command: n, restart: always, service: true }
  coded: { command: n, restart: { policy: always, except: [0] } }
queues: [q]
)"),
            "");
}

TEST(RestartAlways, IsNeverASuccessForThoseWhoWaitForIt) {
  EXPECT_EQ(told(R"(processes:
  a: { command: n, restart: always, service: true }
  b: { command: n, after: { a: succeeded }, service: true }
)"),
            R"(g.yaml:3:29: error: process 'b' never starts: 'a' is always started again
  3 │   b: { command: n, after: { a: succeeded }, service: true }
    │                             ^
g.yaml:2:29: note: said here
    hint: 'restart: on_failure' lets 'a' end when it has succeeded
1 error
)");
}

TEST(RestartAlways, EndsForThoseWhoWaitForItOnlyByFailingTooOften) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, restart: always, service: true }
  b: { command: n, after: { a: finished }, service: true }
)"),
      R"(g.yaml:3:29: warning: process 'b' starts when 'a' has failed too often: until then it is always started again
  3 │   b: { command: n, after: { a: finished }, service: true }
    │                             ^
g.yaml:2:29: note: said here
    hint: 'restart: on_failure' lets 'a' end when it has succeeded
1 warning
)");
}

TEST(RestartAtAPipe, CostsWhatTheDeadOneHadRead) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, stdout: p }
  b: { command: n, stdin: p, restart: on_failure }
pipes: [p]
)"),
      R"(g.yaml:3:39: warning: process 'b' may be started again at pipe 'p': what it had read before is lost, and a record may be torn
  3 │   b: { command: n, stdin: p, restart: on_failure }
    │                                       ^~~~~~~~~~
    hint: a queue gives whole messages, and gives back those that were not acknowledged
1 warning
)");
}

TEST(RestartAtAPipe, MayTearARecordOfItsWriter) {
  EXPECT_EQ(
      told(R"(processes:
  a: { command: n, stdout: p, restart: on_failure }
  b: { command: n, stdin: p, restart: never }
pipes: [p]
)"),
      R"(g.yaml:2:40: warning: process 'a' may be started again at pipe 'p': what it writes then may begin in the middle of a record
  2 │   a: { command: n, stdout: p, restart: on_failure }
    │                                        ^~~~~~~~~~
    hint: a queue gives whole messages, and gives back those that were not acknowledged
1 warning
)");
}

TEST(RestartTogether, WithWhatIsNeverStartedAgainIsPointedOut) {
  EXPECT_EQ(told(R"(processes:
  db: { command: n, service: true }
  api: { command: n, after: { db: { ready: true, restart: true } } }
)"),
            R"(g.yaml:3:50: warning: process 'api' is never restarted with 'db', which is never started again
  3 │   api: { command: n, after: { db: { ready: true, restart: true } } }
    │                                                  ^~~~~~~
g.yaml:2:3: note: declared here
    hint: give 'db' 'restart: on_failure', or leave this out
1 warning
)");
}

TEST(RestartTogether, GoesOnFromOneToTheNext) {
  EXPECT_EQ(told(R"(processes:
  db: { command: n, service: true, restart: on_failure }
  api: { command: n, after: { db: { ready: true, restart: true } } }
  web: { command: n, after: { api: { started: true, restart: true } } }
)"),
            "");
}

TEST(RestartTogether, TearsRecordsInBytePipesToo) {
  EXPECT_EQ(
      told(R"(processes:
  db: { command: n, service: true, restart: on_failure }
  api: { command: n, after: { db: { ready: true, restart: true } } }
  sink: n
pipelines: [[api, sink]]
)"),
      R"(g.yaml:3:50: warning: process 'api' may be started again at the pipe from 'api' to 'sink': what it writes then may begin in the middle of a record
  3 │   api: { command: n, after: { db: { ready: true, restart: true } } }
    │                                                  ^~~~~~~
    hint: a queue gives whole messages, and gives back those that were not acknowledged
1 warning
)");
}

TEST(Restart, OfAPlainProgramAtAQueueLosesWhatItHadRead) {
  EXPECT_EQ(
      told(R"(processes:
  f: { command: n, stdout: q, restart: on_failure }
  m: { command: n, stdin: q, writes: r, restart: on_failure }
  e: { command: n, reads: r, stderr: errors, restart: on_failure }
  p: { command: n, per: message, stdin: errors }
queues: [q, r, errors]
)"),
      R"(g.yaml:2:40: warning: process 'f' may be started again at queue 'q': what it writes then may begin in the middle of a record
  2 │   f: { command: n, stdout: q, restart: on_failure }
    │                                        ^~~~~~~~~~
    hint: a program of the SDK puts whole messages; 'per: message' puts what a whole run has printed
g.yaml:3:50: warning: process 'm' may be started again at queue 'q': what it had read and not answered is lost
  3 │   m: { command: n, stdin: q, writes: r, restart: on_failure }
    │                                                  ^~~~~~~~~~
    hint: with 'per: message' what a run does not finish comes back, as with a program of the SDK
2 warnings
)");
}

}  // namespace
}  // namespace procgraph
