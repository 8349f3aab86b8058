// The environment of a process is a rule: nothing of the runner's own, and with clean_env only what the rule
// names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

// What `env` says when the runner is started with exactly these variables.
std::string environment(const std::string& process) {
  const Folder folder;
  folder.write("secrets.env", "# of the graph\nTOKEN='a b'\nLEVEL=file\n");
  folder.write("g.yaml", "processes:\n  a: { command: env, " + process + " }\n");
  const Ran ran = shell(folder.path(),
                        "exec env -i PATH=/usr/bin:/bin HOME=/h TZ=UTC SECRET=s LEVEL=runner LISTEN_FDS=3 "
                        "NOTIFY_SOCKET=/n WATCHDOG_USEC=1 PROCGRAPH_ROSTER=9 PROCGRAPH_NODE_PATH=/x " +
                            procgraph_path() + " run --no-prefix g.yaml | LC_ALL=C sort");
  EXPECT_EQ(ran.err, "");
  return ran.out;
}

// But for the number of the process.
std::string without_pid(const std::string& variables) {
  const auto start = variables.find("PROCGRAPH_PID=");
  if (start == std::string::npos) return "no PROCGRAPH_PID in\n" + variables;
  return variables.substr(0, start) + variables.substr(variables.find('\n', start) + 1);
}

TEST(Environment, IsInheritedButForWhatIsTheRunnersOwn) {
  EXPECT_EQ(
      without_pid(environment("env: { LEVEL: own }")),
      "HOME=/h\nLEVEL=own\nPATH=/usr/bin:/bin\nPROCGRAPH_GRAPH=g\nPROCGRAPH_PROCESS=a\nPROCGRAPH_REPLICA=0\n"
      "PROCGRAPH_REPLICAS=1\nSECRET=s\nTZ=UTC\n");
}

TEST(Environment, IsASmallSetWhereItIsClean) {
  EXPECT_EQ(without_pid(environment("clean_env: true")),
            "HOME=/h\nPATH=/usr/bin:/bin\nPROCGRAPH_GRAPH=g\nPROCGRAPH_PROCESS=a\nPROCGRAPH_REPLICA=0\n"
            "PROCGRAPH_REPLICAS=1\nTZ=UTC\n");
}

TEST(Environment, TakesFilesOfVariablesInBothModes) {
  EXPECT_THAT(environment("env_file: secrets.env"), HasSubstr("LEVEL=file\n"));
  const std::string clean = environment("clean_env: true, env_file: secrets.env, env: { LEVEL: own }");
  EXPECT_THAT(clean, HasSubstr("TOKEN=a b\n"));
  EXPECT_THAT(clean, HasSubstr("LEVEL=own\n"));
  EXPECT_THAT(clean, Not(HasSubstr("SECRET")));
}

TEST(Environment, FromAFileThatIsMissingIsAMistake) {
  const Ran ran = run_text("processes:\n  a: { command: env, env_file: gone.env }\n");
  EXPECT_EQ(ran.code, 78);
  EXPECT_THAT(ran.err, HasSubstr("graph.yaml:2:32: error: cannot read 'gone.env': there is no such file\n"));
}

#if !defined(__SANITIZE_ADDRESS__)  // there the table is copied
// FDSize is what the kernel keeps for its descriptors, for as long as it runs.
TEST(Environment, OfAProcessIsNoLargerForTheOthersThatRun) {
  const Ran ran = run_text("processes:\n  a: { command: [grep, FDSize, /proc/self/status], replicas: 300 }\n",
                           {"--no-prefix"});
  EXPECT_EQ(ran.err, "");
  std::istringstream lines(ran.out);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count)
    EXPECT_LE(std::stoi(line.substr(7)), 256) << line;
  EXPECT_EQ(count, 300);
}
#endif

}  // namespace
}  // namespace procgraph::e2e
