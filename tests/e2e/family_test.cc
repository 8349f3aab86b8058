// What a process has started ends with it, in every tier: none of its lives finds anybody of an earlier one.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "harness.h"

namespace procgraph::e2e {
namespace {

// Each life leaves a daemon (a session of its own, its parent gone) and fails; the last one succeeds. Who of
// the earlier ones is still there is told on stdout.
std::string leaves_daemons(int lives, const std::string& environment) {
  return R"(
processes:
  p:
    restart: { policy: on_failure, backoff: 1ms, max: none }
    stop: { grace: 60s }
    shell: |
      for pid in $(cat daemons); do kill -0 $pid 2>&- && echo "$pid lives"; done
      daemon=$( ()" +
         environment + R"( setsid sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' &) )
      echo $daemon >> daemons
      [ $(wc -l < daemons) -ge )" +
         std::to_string(lives) + R"( ]
)";
}

int lives() {
  const char* asked = std::getenv("PROCGRAPH_TEST_RESTARTS");
  return asked != nullptr ? std::atoi(asked) : 30;
}

std::vector<pid_t> numbers(const std::string& text) {
  std::istringstream stream(text);
  std::vector<pid_t> found;
  for (pid_t number = 0; stream >> number;) found.push_back(number);
  return found;
}

void leaves_nobody(const std::string& head, const std::string& environment) {
  const Folder folder;
  folder.write("daemons", "");
  folder.write("graph.yaml", head + leaves_daemons(lives(), environment));
  const Ran ran = run(folder.path(), {"run", "graph.yaml", "-q"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
  const std::vector<pid_t> daemons = numbers(folder.read("daemons"));
  EXPECT_EQ(daemons.size(), static_cast<std::size_t>(lives()));
  for (const pid_t daemon : daemons) EXPECT_NE(::kill(daemon, 0), 0) << daemon << " lives";
}

TEST(Family, EndsWithEachLifeOfItsProcessThoughItsDaemonsHaveLeftTheSession) {
  leaves_nobody("containment: { tier: guard }", "");
}

TEST(Family, EndsWithEachLifeInACgroupThoughNothingTellsWhoseTheDaemonsAre) {
  const Ran doctor = run("/", {"doctor"});
  if (doctor.out.find("containment        cgroup") == std::string::npos)
    GTEST_SKIP() << "no cgroup is to be had here";
  leaves_nobody("containment: { require: cgroup }", "env -i PATH=$PATH");
}

// One that ends for good does not leave its daemons to the rest of the run either.
TEST(Family, EndsWithTheLastLifeWhileTheGraphGoesOn) {
  const Ran ran = run_text(R"(
containment: { tier: guard }
processes:
  leaver:
    shell: |
      daemon=$( (setsid sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' &) )
      echo $daemon > daemon
  looker:
    after: { leaver: succeeded }
    shell: 'kill -0 $(cat daemon) 2>&- && echo lives; echo looked'
)",
                           {"-q", "--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "looked\n");
}

// What the runs of a pool leave behind is the pool's.
TEST(Family, EndsWithItsPoolWhateverARunHasLeft) {
  const Ran ran = run_text(R"(
containment: { tier: guard }
processes:
  numbers: { command: seq 3, stdout: q }
  leaver:
    stdin: q
    per: message
    shell: |
      daemon=$( (setsid sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' &) )
      echo $daemon >> daemons
  looker:
    after: { leaver: succeeded }
    shell: 'for pid in $(cat daemons); do kill -0 $pid 2>&- && echo lives; done; wc -l < daemons'
queues: [q]
)",
                           {"-q", "--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "3\n");
}

// Another process's daemon is none of its own: it goes on.
TEST(Family, LeavesTheDaemonsOfOthersAlone) {
  const Ran ran = run_text(R"(
containment: { tier: guard }
processes:
  other:
    ready: { log: ready }
    shell: |
      daemon=$( (setsid sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' &) )
      mkfifo done
      echo ready
      read line < done
      kill -0 $daemon && echo "its daemon lives"
  leaver: { command: 'true', after: { other: ready } }
  looker: { shell: 'echo go > done', after: { leaver: succeeded } }
)",
                           {"-q", "--no-prefix"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "ready\nits daemon lives\n");
}

}  // namespace
}  // namespace procgraph::e2e
