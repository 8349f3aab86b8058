// What else a child finds, and what is said when it cannot start.
#include "os/spawn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <thread>
#include <vector>

#include "fakes/life_line.h"
#include "fakes/show.h"
#include "fakes/temporary_folder.h"
#include "os/machine.h"

namespace procgraph {
namespace {

using ::testing::Pair;
using ::testing::UnorderedElementsAre;

int wait_for(const std::variant<Child, SpawnError>& child) {
  int status = -1;
  ::waitpid(std::get<Child>(child).pid, &status, 0);
  return status;
}

Shown run_show(const TemporaryFolder& folder, SpawnRequest request) {
  request.program = SHOW;
  request.argv = {"show", folder / "shown"};
  EXPECT_EQ(wait_for(spawn(request)), 0);
  return parse_shown(folder.read("shown"));
}

std::pair<std::string, int> failure(const SpawnRequest& request) {
  const auto child = spawn(request);
  const auto* error = std::get_if<SpawnError>(&child);
  if (error != nullptr) return {error->step, error->code};
  wait_for(child);
  return {"none", 0};
}

TEST(Spawn, TheEnvironmentIsTheGivenOneAndTheChildsOwnProcessId) {
  const TemporaryFolder folder;
  const Shown shown = run_show(folder, {.env = {"A=1", "EMPTY=", "PATH=/nowhere"}});
  EXPECT_THAT(shown.env, UnorderedElementsAre("A=1", "EMPTY=", "PATH=/nowhere",
                                              "PROCGRAPH_PID=" + shown.facts.at("pid")));
}

TEST(Spawn, AServerFindsItsProcessIdWhereListenFdsWantsIt) {
  const TemporaryFolder folder;
  const Shown shown = run_show(folder, {.env = {"LISTEN_FDS=1"}, .listens = true});
  EXPECT_THAT(shown.env, UnorderedElementsAre("LISTEN_FDS=1", "LISTEN_PID=" + shown.facts.at("pid"),
                                              "PROCGRAPH_PID=" + shown.facts.at("pid")));
}

TEST(Spawn, TheChildHasItsLimitsItsCpusAndItsPriority) {
  const TemporaryFolder folder;
  const unsigned cpu = read_machine().cpu_numbers.back();
  const int nice = ::getpriority(PRIO_PROCESS, 0) + 3;
  const Shown shown = run_show(
      folder, {.files_limit = 500, .limits = {{Resource::kFiles, 50, 60}}, .cpus = {cpu}, .nice = nice});
  EXPECT_EQ(shown.facts.at("files"), "50");
  EXPECT_EQ(shown.facts.at("hard_files"), "60");
  EXPECT_EQ(shown.facts.at("cpus"), std::to_string(1UL << cpu));
  EXPECT_EQ(shown.facts.at("nice"), std::to_string(nice));
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Set from outside, as soon as the program runs; spawn() returns after that. Of its session it is the only
// one, and where the kernel weighs sessions the priority is theirs; only root may set that at any time.
TEST(Spawn, TheChildRanksAsItWasAskedFor) {
  const auto child =
      spawn({.program = "/bin/sleep", .argv = {"sleep", "1000"}, .nice = 7, .oom_score_adj = 700});
  const std::string proc = "/proc/" + std::to_string(std::get<Child>(child).pid);
  EXPECT_EQ(first_line(proc + "/oom_score_adj"), "700");
  if (::geteuid() == 0 && ::access("/proc/self/autogroup", F_OK) == 0) {
    EXPECT_THAT(first_line(proc + "/autogroup"), ::testing::EndsWith(" nice 7"));
  }
  ::kill(std::get<Child>(child).pid, SIGKILL);
  wait_for(child);
}

// More descriptors than the whole machine allows are beyond root, too.
TEST(Spawn, ALimitAboveTheHardOneIsAnErrorOfTheStart) {
  EXPECT_EQ(
      failure({.program = "/bin/true", .argv = {"true"}, .limits = {{Resource::kFiles, 10, ~0ULL - 1}}}),
      std::pair(std::string("setrlimit"), EPERM));
}

TEST(Spawn, TheChildLeadsASessionAndDiesWithItsParent) {
  const TemporaryFolder folder;
  const Shown shown = run_show(folder, {});
  EXPECT_EQ(shown.facts.at("session"), shown.facts.at("pid"));
  EXPECT_EQ(shown.facts.at("group"), shown.facts.at("pid"));
  EXPECT_EQ(shown.facts.at("parent"), std::to_string(::getpid()));
  EXPECT_EQ(shown.facts.at("death_signal"), std::to_string(SIGKILL));
}

TEST(Spawn, NoSignalIsBlockedOrIgnoredInTheChild) {
  const TemporaryFolder folder;
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (int signal : {SIGPIPE, SIGHUP, SIGINT, SIGUSR1, SIGRTMAX}) std::signal(signal, SIG_IGN);
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    run_show(folder, {});
    ::_exit(0);
  }
  ::waitpid(pid, nullptr, 0);
  const Shown shown = parse_shown(folder.read("shown"));
  EXPECT_EQ(shown.facts.at("blocked"), "0000000000000000");
  EXPECT_EQ(shown.facts.at("ignored"), "0000000000000000");
}

TEST(Spawn, TheParentKeepsItsSignalMask) {
  sigset_t usr2, before, after;
  ::sigemptyset(&usr2);
  ::sigaddset(&usr2, SIGUSR2);
  ::sigprocmask(SIG_BLOCK, &usr2, &before);
  wait_for(spawn({.program = "/bin/true", .argv = {"true"}}));
  ::sigprocmask(SIG_SETMASK, &before, &after);
  EXPECT_EQ(::sigismember(&after, SIGUSR2), 1);
  EXPECT_EQ(::sigismember(&after, SIGTERM), 0);
}

TEST(Spawn, FolderAndUmaskAreTheGivenOnes) {
  const TemporaryFolder folder;
  const Shown shown = run_show(folder, {.cwd = folder.path(), .umask = 0027});
  EXPECT_EQ(shown.facts.at("cwd"), folder.path());
  EXPECT_EQ(shown.facts.at("umask"), "27");
}

TEST(Spawn, FolderAndUmaskAreOursIfNoneAreGiven) {
  const TemporaryFolder folder;
  const mode_t mask = ::umask(0051);
  const Shown shown = run_show(folder, {});
  ::umask(mask);
  EXPECT_EQ(shown.facts.at("umask"), "51");
  const std::unique_ptr<char, decltype(&std::free)> ours(::getcwd(nullptr, 0), &std::free);
  EXPECT_EQ(shown.facts.at("cwd"), ours.get());
}

TEST(Spawn, AMissingProgramFailsAtExec) {
  EXPECT_THAT(failure({.program = "/missing", .argv = {"missing"}}), Pair("exec", ENOENT));
}

// Boost's own launcher takes this for a success: its error pipe has the number that the child wants.
TEST(Spawn, AMissingProgramFailsWhateverDescriptorsTheChildWants) {
  SpawnRequest request{.program = "/missing", .argv = {"missing"}};
  for (int fd = 3; fd < 40; ++fd) request.fds.emplace_back(0, fd);
  EXPECT_THAT(failure(request), Pair("exec", ENOENT));
}

TEST(Spawn, AFolderCannotBeExecuted) {
  EXPECT_THAT(failure({.program = "/tmp", .argv = {"tmp"}}), Pair("exec", EACCES));
}

TEST(Spawn, AFileWithoutPermissionCannotBeExecuted) {
  const TemporaryFolder folder;
  const std::string file = folder.write("tool", "#!/bin/sh\n");
  EXPECT_THAT(failure({.program = file, .argv = {"tool"}}), Pair("exec", EACCES));
}

TEST(Spawn, AScriptWithoutItsInterpreterFailsAtExec) {
  const TemporaryFolder folder;
  const std::string file = folder.write("tool", "#!/no/such/shell\n");
  ::chmod(file.c_str(), 0755);
  EXPECT_THAT(failure({.program = file, .argv = {"tool"}}), Pair("exec", ENOENT));
}

TEST(Spawn, ATextWithoutFirstLineIsNotExecutable) {
  const TemporaryFolder folder;
  const std::string file = folder.write("tool", "echo\n");
  ::chmod(file.c_str(), 0755);
  EXPECT_THAT(failure({.program = file, .argv = {"tool"}}), Pair("exec", ENOEXEC));
}

TEST(Spawn, TooManyArgumentsFailAtExec) {
  const std::string big(4 << 20, 'x');
  EXPECT_THAT(failure({.program = "/bin/true", .argv = {"true", big}}), Pair("exec", E2BIG));
}

TEST(Spawn, AMissingFolderFailsAtChdir) {
  EXPECT_THAT(failure({.program = "/bin/true", .argv = {"true"}, .cwd = "/missing"}), Pair("chdir", ENOENT));
}

TEST(Spawn, AFailedChildIsReaped) {
  failure({.program = "/missing", .argv = {"missing"}});
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(Spawn, TheChildSurvivesBoostsHandleAndDiesOnlyByOurSignal) {
  const auto child = spawn({.program = "/bin/sleep", .argv = {"sleep", "1000"}});
  const int pidfd = std::get<Child>(child).pidfd.get();
  pollfd end{pidfd, POLLIN, 0};
  EXPECT_EQ(::poll(&end, 1, 0), 0);
  ::kill(std::get<Child>(child).pid, SIGTERM);
  EXPECT_EQ(::poll(&end, 1, -1), 1);
  EXPECT_EQ(wait_for(child), SIGTERM);
}

// The kernel's word of a parent's death is of the thread that forked.
TEST(Spawn, ThreadsThatEndMeanwhileKillNoChild) {
  const char* asked = std::getenv("PROCGRAPH_TEST_SPAWNS");
  const int spawns = asked != nullptr ? std::atoi(asked) : 40;
  std::atomic<bool> done = false;
  std::vector<std::thread> churn;
  for (int i = 0; i < 2; ++i)
    churn.emplace_back([&] {
      while (!done) std::thread([] {}).join();
    });
  constexpr int kAtATime = 20;
  for (int started = 0; started < spawns; started += kAtATime) {
    std::vector<std::variant<Child, SpawnError>> children;
    for (int i = 0; i < kAtATime; ++i)
      children.push_back(spawn({.program = "/bin/sleep", .argv = {"sleep", "1000"}}));
    for (const auto& child : children) ::kill(std::get<Child>(child).pid, SIGTERM);
    for (const auto& child : children) ASSERT_EQ(wait_for(child), SIGTERM);
  }
  done = true;
  for (std::thread& thread : churn) thread.join();
}

TEST(Spawn, TheChildDiesWhenItsParentIsKilled) {
  LifeLine line;
  const pid_t parent = ::fork();
  if (parent == 0) {
    const auto child =
        spawn({.program = HOSTILE, .argv = {"hostile", "ignore"}, .fds = {{line.write_end(), 1}}});
    ::pause();
  }
  line.close_write_end();
  ASSERT_TRUE(line.wait_for(1));
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  EXPECT_TRUE(line.wait_for_end());
}

// Only the figure is of interest: fork would take 50 to 100 ms.
TEST(Spawn, DoesNotCopyALargeHeap) {
  const std::size_t size = std::size_t{1} << 30U;
  const auto heap = std::make_unique_for_overwrite<char[]>(size);
  for (std::size_t at = 0; at < size; at += 4096) heap[at] = 1;
  const auto start = std::chrono::steady_clock::now();
  const auto child = spawn({.program = "/bin/true", .argv = {"true"}});
  const auto took =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
  EXPECT_EQ(wait_for(child), 0);
  RecordProperty("microseconds", std::to_string(took.count()));
}

}  // namespace
}  // namespace procgraph
