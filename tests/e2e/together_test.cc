// A process that is started again whenever another one is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

// Its first life crashes once `api` works with it.
const char* const kDb =
    "processes:\n"
    "  db:\n"
    "    shell: |\n"
    "      n=$(cat lives 2>/dev/null || echo 0); n=$((n + 1)); echo $n > lives; echo >&7\n"
    "      test $n -gt 1 || { until test -e works; do sleep 0.01; done; exit 1; }\n"
    "      exec sleep 1000\n"
    "    ready: { fd: 7 }\n"
    "    restart: { policy: on_failure, backoff: 50ms }\n"
    "    service: true\n";

TEST(Together, ItWorksWithTheNewLifeAndNothingFails) {
  Folder folder;
  folder.write(
      "graph.yaml",
      std::string(kDb) +
          "  api:\n"
          "    shell: 'echo \"with $(cat lives)\"; touch works; test $(cat lives) -gt 1 || exec sleep 1000'\n"
          "    after: { db: { ready: true, restart: true } }\n");
  const Ran ran = run(folder.path(), {"run", "graph.yaml"});
  EXPECT_EQ(ran.out, "api │ with 1\napi │ with 2\n") << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("db failed: exit code 1; restarted in "));
  EXPECT_THAT(ran.err, HasSubstr("procgraph: api is stopped, and started again with db\n"));
  EXPECT_EQ(ran.code, 0);
}

TEST(Together, AChainGoesOn) {
  Folder folder;
  folder.write(
      "graph.yaml",
      std::string(kDb) +
          "  api: { shell: 'echo >&8; exec sleep 1000', ready: { fd: 8 }, service: true,\n"
          "         after: { db: { ready: true, restart: true } } }\n"
          "  web:\n"
          "    shell: 'echo \"with $(cat lives)\"; touch works; test $(cat lives) -gt 1 || exec sleep 1000'\n"
          "    after: { api: { ready: true, restart: true } }\n");
  const Ran ran = run(folder.path(), {"run", "graph.yaml"});
  EXPECT_EQ(ran.out, "web │ with 1\nweb │ with 2\n") << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("api is stopped, and started again with db"));
  EXPECT_THAT(ran.err, HasSubstr("web is stopped, and started again with api"));
  EXPECT_EQ(ran.code, 0);
}

// What has been put into a queue, and not been acknowledged, is there for the next life.
TEST(Together, ItsQueueLosesNothing) {
  Folder folder;
  folder.write(
      "graph.yaml",
      std::string(kDb) +
          "  numbers: { command: numbers 200, writes: q }\n"
          "  api:\n"
          "    shell: 'touch works; test $(cat lives) -gt 1 || exec sleep 1000; exec \"$GETTER\" get q'\n"
          "    env: { GETTER: '" +
          procgraph_path() +
          "' }\n"
          "    reads: q\n"
          "    after: { db: { ready: true, restart: true } }\n"
          "queues: [q]\n");
  const Ran ran = run(folder.path(), {"run", "graph.yaml"});
  EXPECT_EQ(std::ranges::count(ran.out, '\n'), 200) << ran.err;
  EXPECT_EQ(ran.code, 0) << ran.err;
}

TEST(Together, IsToldToMachinesAndInThePlan) {
  Folder folder;
  folder.write("graph.yaml", std::string(kDb) +
                                 "  api:\n"
                                 "    shell: 'touch works; test $(cat lives) -gt 1 || exec sleep 1000'\n"
                                 "    after: { db: { ready: true, restart: true } }\n");
  EXPECT_THAT(run(folder.path(), {"run", "--dry-run", "graph.yaml"}).out,
              HasSubstr("api: when db ready, and again whenever that is started again\n"));
  EXPECT_THAT(run(folder.path(), {"run", "--log-format", "json", "graph.yaml"}).err,
              HasSubstr(R"("event":"recalled","process":"api","because":"db")"));
}

}  // namespace
}  // namespace procgraph::e2e
