// Where process ids come round after seven hundred of them, no signal of a run ever reaches a stranger.
// PROCGRAPH_TEST_LIVES is how many lives of its processes are ended, with what they have left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "harness.h"

namespace procgraph::e2e {
namespace {

// Starts one child after the other, outside the run, and counts those that did not end by themselves.
constexpr const char* kStranger =
    "import os, signal, sys, time\n"
    "over = False\n"
    "def stop(*_):\n"
    "    global over\n"
    "    over = True\n"
    "signal.signal(signal.SIGTERM, stop)\n"
    "lived = hit = 0\n"
    "while not over:\n"
    "    children = []\n"
    "    for _ in range(20):\n"
    "        try: pid = os.fork()\n"
    "        except BlockingIOError: break\n"
    "        if pid == 0:\n"
    "            signal.signal(signal.SIGTERM, signal.SIG_DFL)\n"
    "            os.setsid()\n"
    "            time.sleep(0.002)\n"
    "            os._exit(0)\n"
    "        children.append(pid)\n"
    "    for pid in children:\n"
    "        lived += 1\n"
    "        hit += os.waitpid(pid, 0)[1] != 0\n"
    "print('strangers', lived > 1000, 'hit', hit)\n";

TEST(PidReuse, NoStrangerIsSignalled) {
  const char* asked = std::getenv("PROCGRAPH_TEST_LIVES");
  const std::string lives = asked != nullptr ? asked : "300";
  const Folder folder;
  folder.write("stranger.py", kStranger);
  folder.write("graph.yaml",
               "containment: { tier: guard }\nprocesses:\n"
               "  again: { shell: 'echo >> lives; setsid sleep 1000 & exit 0', replicas: 3, service: true,\n"
               "           restart: { policy: always, backoff: 1ms..1ms, max: none }, stderr: none }\n"
               "  enough: { shell: 'until [ $(wc -l < lives) -ge " +
                   lives + " ]; do sleep 0.05; done' }\n");
  const Ran ran =
      shell(folder.path(),
            "exec unshare --pid --fork --kill-child --mount-proc sh -c 'echo 1000 > /proc/sys/kernel/pid_max "
            "|| exit 77\n"
            "python3 stranger.py > strangers & stranger=$!\n" +
                procgraph_path() + " run graph.yaml; code=$?\nkill $stranger; wait $stranger; exit $code'");
  if (ran.code == 77 || ran.err.find("unshare") != std::string::npos)
    GTEST_SKIP() << "no pid namespace with a limit of its own is to be had here";
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(folder.read("strangers"), "strangers True hit 0\n");
}

}  // namespace
}  // namespace procgraph::e2e
