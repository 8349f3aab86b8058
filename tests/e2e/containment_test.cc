// How firmly a run is held together: what a person sees of it, and that everything else works as before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "harness.h"

namespace procgraph::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kOwnPids = "containment: { require: pid_namespace }\n";
constexpr const char* kGroup = "containment: { require: cgroup }\n";

bool has(const char* tier) {
  static const std::string doctor = [] {
    const Folder folder;
    return run(folder.path(), {"doctor"}).out;
  }();
  return doctor.find(tier) != std::string::npos;
}

bool has_pid_namespaces() {
  return has("  pid_namespace    yes");
}

bool has_group() {
  return has("containment        cgroup");
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// "a started (pid 4242)".
pid_t told_pid(const std::string& err, const std::string& name) {
  const std::string begin = name + " started (pid ";
  const std::size_t at = err.find(begin);
  return at == std::string::npos ? -1 : std::atoi(err.c_str() + at + begin.size());
}

TEST(Containment, IsNamedByTheFirstLine) {
  const Ran ran = run_text("containment: { tier: guard }\nprocesses: { a: 'true' }\n", {"-v"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.err, HasSubstr("1 process, 0 channels; containment: guard\n"));
}

TEST(Containment, ByAGroupHoldsTheProcessesAndNotTheRunner) {
  if (!has_group()) GTEST_SKIP() << "no cgroup is to be had here";
  const Folder folder;
  folder.write("g.yaml",
               std::string(kGroup) + "processes: { a: { shell: 'cat /proc/self/cgroup; sleep 1000' } }\n");
  Running run(folder.path(), {procgraph_path(), "run", "-v", "g.yaml"});
  ASSERT_TRUE(run.wait_for_out("/graph"));
  EXPECT_THAT(run.out(), HasSubstr("/procgraph-"));
  EXPECT_THAT(text_of("/proc/" + std::to_string(run.pid()) + "/cgroup"), Not(HasSubstr("procgraph-")));
  run.signal(SIGTERM);
  const Ran ran = run.wait();
  EXPECT_EQ(ran.signal, SIGTERM);
  EXPECT_THAT(ran.err, HasSubstr("containment: cgroup\n"));
}

TEST(Containment, InAPidNamespaceGivesProcessesTheirOwnProc) {
  if (!has_pid_namespaces()) GTEST_SKIP() << "no pid namespace is to be had here";
  const Ran ran = run_text(std::string(kOwnPids) +
                               "processes: { a: { shell: 'test $(cat /proc/$$/comm) = sh && test -d /proc/1 "
                               "&& echo $PROCGRAPH_PID $$; "
                               "ls -d /proc/[0-9]* | wc -l' } }\n",
                           {"--no-prefix", "-v"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  int told = 0, own = 0, seen = 0;
  ASSERT_EQ(std::sscanf(ran.out.c_str(), "%d %d %d", &told, &own, &seen), 3) << ran.out;
  EXPECT_EQ(told, own);
  EXPECT_LE(seen, 5);  // the init, the runner, the shell, ls, wc
  EXPECT_THAT(ran.err, HasSubstr("containment: pid_namespace\n"));
}

TEST(Containment, InAPidNamespaceTellsThePidsThatEverybodyElseSees) {
  if (!has_pid_namespaces()) GTEST_SKIP() << "no pid namespace is to be had here";
  const Folder folder;
  folder.write("g.yaml",
               std::string(kOwnPids) + "processes: { a: { shell: 'echo here; exec sleep 4711' } }\n");
  Running run(folder.path(), {procgraph_path(), "run", "-v", "g.yaml"});
  ASSERT_TRUE(run.wait_for_err("a started (pid "));
  ASSERT_TRUE(run.wait_for_err(")\n"));
  ASSERT_TRUE(run.wait_for_out("here"));
  const pid_t pid = told_pid(run.err(), "a");
  ASSERT_EQ(::kill(pid, SIGKILL), 0) << run.err();
  const Ran ran = run.wait();
  EXPECT_EQ(ran.code, 137);
  EXPECT_THAT(ran.err, HasSubstr("a failed: killed by SIGKILL"));
}

TEST(Containment, InAPidNamespaceEndsAsTheRunDoes) {
  if (!has_pid_namespaces()) GTEST_SKIP() << "no pid namespace is to be had here";
  EXPECT_EQ(run_text(std::string(kOwnPids) + "processes: { a: { shell: exit 7 } }\n").code, 7);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
    const Folder folder;
    folder.write("g.yaml",
                 std::string(kOwnPids) + "processes: { a: { shell: 'echo here; exec sleep 1000' } }\n");
    Running run(folder.path(), {procgraph_path(), "run", "g.yaml"});
    ASSERT_TRUE(run.wait_for_out("here"));
    run.signal(signal);
    EXPECT_EQ(run.wait().signal, signal);
  }
}

// Queues, deaths and redelivery, probes, health, sockets, limits: each config as it is, in a namespace.
TEST(Containment, InAPidNamespaceChangesNothingElse) {
  if (!has_pid_namespaces()) GTEST_SKIP() << "no pid namespace is to be had here";
  const Folder folder;
  folder.write("more.yaml", kOwnPids);
  for (const char* config : {"queue", "topic_replicas", "restart", "ready", "dead_letter", "shared_memory",
                             "socket", "service", "limits", "quickstart"}) {
    const std::string file = source_path(std::string("configs/") + config + ".yaml");
    const Ran plain = run(folder.path(), {"run", file}),
              held = run(folder.path(), {"run", file, "more.yaml"});
    EXPECT_EQ(held.code, plain.code) << config << '\n' << held.err;
    EXPECT_EQ(held.signal, 0) << config;
    EXPECT_EQ(held.out.size(), plain.out.size()) << config << '\n' << held.out << plain.out;
  }
}

TEST(Containment, InAPidNamespaceLetsProgramsOutsideIn) {
  if (!has_pid_namespaces()) GTEST_SKIP() << "no pid namespace is to be had here";
  const Folder folder;
  folder.write("g.yaml", std::string(kOwnPids) +
                             "processes: { a: { shell: '\"$P\" get in -n 2; echo over', reads: in } }\n"
                             "queues: { in: { external: write } }\n");
  const auto here = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"/usr/bin/env", "P=" + procgraph_path(), "XDG_RUNTIME_DIR=" + folder.path(),
                                 procgraph_path()});
    return words;
  };
  Running graph(folder.path(), here({"run", "-v", "g.yaml"}));
  ASSERT_TRUE(graph.wait_for_err("started"));
  const Ran put = Running(folder.path(), here({"put", "in", "one", "two"})).wait();
  if (put.err.find("SO_PEERPIDFD") != std::string::npos) GTEST_SKIP() << "Linux before 6.5: " << put.err;
  EXPECT_EQ(put.code, 0) << put.err;
  EXPECT_TRUE(graph.wait_for_out("over"));
  EXPECT_THAT(graph.out(), HasSubstr("one\n"));
  graph.signal(SIGTERM);
  EXPECT_THAT(graph.wait().err, HasSubstr("a program outside has come\n"));
}

TEST(Containment, AsAnOrdinaryUserTakesAUserNamespace) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes root, in order to be somebody else";
  const Folder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  folder.write(
      "g.yaml",
      "containment: { tier: pid_namespace }\nprocesses: { a: { shell: 'id -u; sleep 4711; exit 3' } }\n");
  Running run(folder.path(), {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", procgraph_path(),
                              "run", "-v", "--strict", "g.yaml"});
  if (!run.wait_for_out("65534")) {
    const Ran ran = run.wait();
    EXPECT_THAT(ran.err, HasSubstr("containment by pid_namespace cannot be had on this machine: "));
    GTEST_SKIP() << ran.err;
  }
  ASSERT_TRUE(run.wait_for_err("a started (pid "));
  const pid_t pid = told_pid(run.err(), "a");
  ASSERT_GT(pid, 0);
  EXPECT_THAT(text_of("/proc/" + std::to_string(pid) + "/cmdline"), HasSubstr("sleep 4711"));
  // It has no capabilities there.
  EXPECT_THAT(text_of("/proc/" + std::to_string(pid) + "/status"), HasSubstr("CapEff:\t0000000000000000"));
  ::kill(pid, SIGKILL);
  EXPECT_EQ(run.wait().code, 137);
}

// A machine without namespaces, without cgroups, or without both, is made of this one.
TEST(Containment, ThatIsRequiredAndCannotBeHadIsRefusedWithTheReason) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes root, in order to forbid namespaces";
  const Folder folder;
  folder.write("g.yaml",
               "containment: { require: pid_namespace }\nprocesses: { a: { shell: echo started } }\n");
  const Ran ran = shell(folder.path(),
                        "unshare --user --map-root-user sh -c 'echo 0 > "
                        "/proc/sys/user/max_pid_namespaces && exec " +
                            procgraph_path() + " run g.yaml'");
  if (ran.err.find("unshare:") != std::string::npos) GTEST_SKIP() << ran.err;
  EXPECT_EQ(ran.code, 69) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err,
              HasSubstr("g.yaml:1:25: error: containment by pid_namespace cannot be had on this machine: "));
  EXPECT_THAT(ran.err, HasSubstr("user.max_pid_namespaces is 0"));
}

TEST(Containment, ThatIsAskedForAndCannotBeHadIsAWarning) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes root, in order to forbid namespaces";
  const Folder folder;
  folder.write("g.yaml", "containment: { tier: pid_namespace }\nprocesses: { a: { shell: echo started } }\n");
  const Ran ran = shell(folder.path(),
                        "unshare --user --map-root-user sh -c 'echo 0 > "
                        "/proc/sys/user/max_pid_namespaces && exec " +
                            procgraph_path() + " run g.yaml'");
  if (ran.err.find("unshare:") != std::string::npos) GTEST_SKIP() << ran.err;
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("started"));
  EXPECT_THAT(ran.err, HasSubstr("warning: containment by pid_namespace cannot be had on this machine: "));
}

TEST(Containment, ByAGroupIsRefusedWhereNoneMayBeWritten) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes root, in order to be somebody else";
  const Folder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  folder.write("g.yaml", std::string(kGroup) + "processes: { a: { shell: echo started } }\n");
  const Ran ran = shell(folder.path(), "setpriv --reuid=65534 --regid=65534 --clear-groups " +
                                           procgraph_path() + " run g.yaml");
  EXPECT_EQ(ran.code, 69) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("error: containment by cgroup cannot be had on this machine: "));
}

}  // namespace
}  // namespace procgraph::e2e
