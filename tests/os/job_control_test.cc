// A guarded run as a job of a shell, at a terminal: Ctrl-Z stops it, fg continues it, Ctrl-C counts once.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <string>

#include "os/guard.h"
#include "os/pid_namespace.h"
#include "os/proc.h"
#include "os/process.h"

namespace procgraph {
namespace {

constexpr char kCtrlC = '\x03', kCtrlZ = '\x1a';

// Both ways between the test and the shell and job: single letters.
struct Wire {
  Fd read, write;
};

Wire open_wire() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  return {Fd(ends[0]), Fd(ends[1])};
}

void say(const Wire& wire, char letter) {
  [[maybe_unused]] const auto written = ::write(wire.write.get(), &letter, 1);
}

char hear(const Wire& wire) {
  char letter = '?';
  return ::read(wire.read.get(), &letter, 1) == 1 ? letter : '?';
}

// What a shell with job control does with one job in the foreground: 's' when it has stopped, then "fg" at a
// letter from the test.
int be_shell(const Guarded& job, const Wire& to_test, const Wire& from_test) {
  std::signal(SIGTTOU, SIG_IGN);  // else tcsetpgrp from the background would stop it
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setpgid(0, 0);
    ::tcsetpgrp(STDIN_FILENO, ::getpid());
    std::signal(SIGTTOU, SIG_DFL);
    guarded([&] { return job; });
  }
  int status = 0;
  while (::waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status)) {
    ::tcsetpgrp(STDIN_FILENO, ::getpgrp());
    say(to_test, WSTOPSIG(status) == SIGTSTP ? 's' : '!');
    hear(from_test);
    ::tcsetpgrp(STDIN_FILENO, pid);
    ::kill(-pid, SIGCONT);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

class JobControl : public ::testing::Test {
 protected:
  void start(const std::function<Outcome()>& run, Tier tier = Tier::kGuard) {
    const Guarded job{.tier = tier, .run = [&](const Surroundings&) { return run(); }};
    int terminal = -1;
    shell_ = ::forkpty(&terminal, nullptr, nullptr, nullptr);
    if (shell_ == 0) ::_exit(be_shell(job, to_test_, from_test_));
    terminal_ = Fd(terminal);
    to_test_.write.reset();
  }

  void press(char key) { [[maybe_unused]] const auto written = ::write(terminal_.get(), &key, 1); }

  int wait_for_shell() {
    int status = -1;
    ::waitpid(shell_, &status, 0);
    return WEXITSTATUS(status);
  }

  Wire to_test_ = open_wire(), from_test_ = open_wire();
  pid_t shell_ = -1;
  Fd terminal_;
};

// A runner: says 'r' when it listens, 'h' for a hangup, 'i' for an interrupt, 'c' when it goes on after a
// stop, and ends at USR1 with the number of interrupts.
Outcome count_interrupts(const Wire& to_test) {
  const auto signals = open_signals({SIGINT, SIGTSTP, SIGCONT, SIGHUP, SIGUSR1});
  if (!signals) return {99};
  say(to_test, 'r');
  for (int interrupts = 0;;) {
    pollfd wait{signals->get(), POLLIN, 0};
    ::poll(&wait, 1, -1);
    signalfd_siginfo info{};
    if (::read(signals->get(), &info, sizeof info) != sizeof info) continue;
    if (info.ssi_signo == SIGUSR1) return {interrupts};
    if (info.ssi_signo == SIGINT) ++interrupts;
    if (info.ssi_signo == SIGINT) say(to_test, 'i');
    if (info.ssi_signo == SIGHUP) say(to_test, 'h');
    if (info.ssi_signo != SIGTSTP) continue;
    stop_as_job();
    say(to_test, 'c');
  }
}

class CountingJob : public JobControl {
 protected:
  void SetUp() override {
    const Wire pid = open_wire();
    start([&] {
      const pid_t guard = ::getppid();
      return ::write(pid.write.get(), &guard, sizeof guard) == sizeof guard ? count_interrupts(to_test_)
                                                                            : Outcome{98};
    });
    ASSERT_EQ(::read(pid.read.get(), &guard_, sizeof guard_), static_cast<ssize_t>(sizeof guard_));
    ASSERT_EQ(hear(to_test_), 'r');
  }

  // The guard is back from its own stop: it forwards again.
  void wait_for_guard() {
    ::kill(guard_, SIGHUP);
    ASSERT_EQ(hear(to_test_), 'h');
  }

  pid_t guard_ = -1;
};

TEST_F(CountingJob, GetsOneInterruptForOneCtrlC) {
  press(kCtrlC);
  ASSERT_EQ(hear(to_test_), 'i');
  // The guard takes signals in the order of their numbers: had it forwarded the INT, that would arrive before
  // this one.
  ::kill(guard_, SIGUSR1);
  EXPECT_EQ(wait_for_shell(), 1);
}

TEST_F(CountingJob, IsStoppedByCtrlZAndContinuedByFg) {
  for (int i = 0; i < 10; ++i) {
    press(kCtrlZ);
    ASSERT_EQ(hear(to_test_), 's');
    say(from_test_, 'f');
    ASSERT_EQ(hear(to_test_), 'c');
    wait_for_guard();
  }
  press(kCtrlC);
  ASSERT_EQ(hear(to_test_), 'i');
  ::kill(guard_, SIGUSR1);
  EXPECT_EQ(wait_for_shell(), 1);
}

TEST_F(CountingJob, IsStoppedByAStopSignalToItsGuard) {
  ::kill(guard_, SIGTSTP);
  ASSERT_EQ(hear(to_test_), 's');
  say(from_test_, 'f');
  ASSERT_EQ(hear(to_test_), 'c');
  ::kill(guard_, SIGUSR1);
  EXPECT_EQ(wait_for_shell(), 0);
}

// The runner that a shell's child stands above stands above another one: the stop and the interrupt go all
// the way.
TEST_F(JobControl, InAPidNamespaceIsTheSameForTheShell) {
  if (!why_no_pid_namespace().empty()) GTEST_SKIP() << why_no_pid_namespace();
  start([&] { return count_interrupts(to_test_); }, Tier::kPidNamespace);
  ASSERT_EQ(hear(to_test_), 'r');
  pid_t guard = -1;
  each_process([&](const ProcessLine& line) {
    if (line.parent == shell_) guard = line.pid;
  });
  for (int i = 0; i < 5; ++i) {
    press(kCtrlZ);
    ASSERT_EQ(hear(to_test_), 's');
    say(from_test_, 'f');
    ASSERT_EQ(hear(to_test_), 'c');
    ::kill(guard, SIGHUP);  // both guards are back from their own stop: they forward again
    ASSERT_EQ(hear(to_test_), 'h');
  }
  press(kCtrlC);
  ASSERT_EQ(hear(to_test_), 'i');
  ::kill(guard, SIGUSR1);
  EXPECT_EQ(wait_for_shell(), 1);
}

TEST_F(JobControl, ATerminalThatGoesAwayEndsTheJob) {
  start([&] {
    say(to_test_, 'r');
    for (;;) ::pause();
    return Outcome{};
  });
  ASSERT_EQ(hear(to_test_), 'r');
  terminal_.reset();
  wait_for_shell();
  EXPECT_EQ(hear(to_test_), '?');  // its end of the wire is closed: it is gone
}

}  // namespace
}  // namespace procgraph
