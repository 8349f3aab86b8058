// A process of the same user, as every node is one, can neither read nor change guard and runner.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "guarded_run.h"
#include "os/pid_namespace.h"
#include "os/proc.h"
#include "os/process.h"

namespace procgraph {
namespace {

constexpr uid_t kNobody = 65534;

bool opens(pid_t pid, const char* file, int flags) {
  return static_cast<bool>(
      Fd(::open(("/proc/" + std::to_string(pid) + "/" + file).c_str(), flags | O_CLOEXEC)));
}

bool traces(pid_t pid) {
  if (::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) != 0) return false;
  ::ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
  return true;
}

bool takes_descriptor(pid_t pid) {
  const Result<Fd> process = open_pidfd(pid);
  return process && static_cast<bool>(Fd(static_cast<int>(::syscall(SYS_pidfd_getfd, process->get(), 2, 0))));
}

// We have been forked from the same image: what is here is there.
char shared_byte = 'x';

bool copies(pid_t pid, bool into) {
  char byte = 'x';
  const iovec here{&byte, 1}, there{&shared_byte, 1};
  const ssize_t moved = into ? ::process_vm_writev(pid, &here, 1, &there, 1, 0)
                             : ::process_vm_readv(pid, &here, 1, &there, 1, 0);
  return moved == 1;
}

struct Attack {
  std::string_view name;
  std::function<bool(pid_t)> succeeds;
};

const std::vector<Attack>& attacks() {
  static const std::vector<Attack> kAttacks{
      {"ptrace", traces},
      {"reading mem", [](pid_t pid) { return opens(pid, "mem", O_RDONLY); }},
      {"writing mem", [](pid_t pid) { return opens(pid, "mem", O_RDWR); }},
      {"environ", [](pid_t pid) { return opens(pid, "environ", O_RDONLY); }},
      {"maps", [](pid_t pid) { return opens(pid, "maps", O_RDONLY); }},
      {"fd", [](pid_t pid) { return opens(pid, "fd", O_RDONLY | O_DIRECTORY); }},
      {"cwd", [](pid_t pid) { return opens(pid, "cwd", O_RDONLY | O_DIRECTORY); }},
      {"pidfd_getfd", takes_descriptor},
      {"process_vm_readv", [](pid_t pid) { return copies(pid, false); }},
      {"process_vm_writev", [](pid_t pid) { return copies(pid, true); }},
  };
  return kAttacks;
}

std::size_t succeed(pid_t pid, bool told) {
  std::size_t count = 0;
  for (const Attack& attack : attacks()) {
    if (!attack.succeeds(pid)) continue;
    ++count;
    if (told)
      std::fprintf(stderr, "%.*s of %d succeeded\n", static_cast<int>(attack.name.size()), attack.name.data(),
                   pid);
  }
  return count;
}

// As somebody who has no privileges; what it returns is the child's exit code.
int unprivileged(const std::function<int()>& what) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) ::_exit(90);
    ::prctl(PR_SET_DUMPABLE, 1);  // as after an exec
    ::_exit(what());
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Outcome pause_for_ever(int line) {
  [[maybe_unused]] const auto written = ::write(line, ".", 1);
  for (;;) ::pause();
}

// Without guarded() they do succeed, so that the other tests can fail.
TEST(Protection, AnOrdinaryProcessHasNone) {
  EXPECT_EQ(unprivileged([] {
              const pid_t victim = ::fork();
              if (victim == 0) pause_for_ever(-1);
              const std::size_t count = succeed(victim, false);
              ::kill(victim, SIGKILL);
              return static_cast<int>(count);
            }),
            static_cast<int>(attacks().size()));
}

int attack_everybody(Tier tier) {
  if (tier == Tier::kPidNamespace && !why_no_pid_namespace().empty()) return 77;
  GuardedRun run(pause_for_ever, tier);
  if (!run.line().wait_for(1)) return 91;
  std::size_t count = 0, victims = 1;
  count += succeed(run.guard(), true);
  each_process([&](const ProcessLine& line) {
    if (line.pid != run.runner() && line.parent != run.runner()) return;
    ++victims;
    count += succeed(line.pid, true);
  });
  ::kill(run.guard(), SIGKILL);
  const std::size_t expected = tier == Tier::kPidNamespace ? 4 : 2;
  return victims == expected ? static_cast<int>(count) : 92;
}

TEST(Protection, GuardAndRunnerAreClosedToTheirOwnUser) {
  EXPECT_EQ(unprivileged([] { return attack_everybody(Tier::kGuard); }), 0);
}

TEST(Protection, SoIsEverybodyWhoMakesAPidNamespace) {
  const int code = unprivileged([] { return attack_everybody(Tier::kPidNamespace); });
  if (code == 77) GTEST_SKIP() << "an ordinary user has no pid namespace here";
  EXPECT_EQ(code, 0);
}

TEST(Protection, ARunnerThatCrashesLeavesNoCore) {
  GuardedRun run([](int) -> Outcome {
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_CORE, &unlimited);
    const pid_t child = ::fork();
    if (child == 0) ::abort();
    int status = 0;
    ::waitpid(child, &status, 0);
    return {.code = WIFSIGNALED(status) && !WCOREDUMP(status) ? 7 : 1};
  });
  EXPECT_EQ(WEXITSTATUS(run.wait()), 7);
}

// What we start is as open as any program: exec makes it so.
TEST(Protection, IsNotInherited) {
  GuardedRun run([](int line) -> Outcome {
    (void)spawn_hostile("plain", line);
    return pause_for_ever(-1);
  });
  ASSERT_TRUE(run.line().wait_for(1));
  pid_t node = -1;
  each_process([&](const ProcessLine& line) {
    if (line.parent == run.runner()) node = line.pid;
  });
  EXPECT_TRUE(opens(node, "environ", O_RDONLY));
  EXPECT_TRUE(opens(node, "fd", O_RDONLY | O_DIRECTORY));
}

}  // namespace
}  // namespace procgraph
