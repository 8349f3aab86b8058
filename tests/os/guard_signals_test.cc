// Signals that somebody sends to the guard reach the runner once, with their sender.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "guarded_run.h"
#include "os/proc.h"
#include "os/process.h"

namespace procgraph {
namespace {

Fd listen() {
  auto signals = open_signals({SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGTSTP, SIGCONT});
  return signals ? std::move(*signals) : Fd();
}

signalfd_siginfo next_signal(const Fd& signals) {
  pollfd wait{signals.get(), POLLIN, 0};
  ::poll(&wait, 1, -1);
  signalfd_siginfo info{};
  return ::read(signals.get(), &info, sizeof info) == sizeof info ? info : signalfd_siginfo{};
}

bool is_stopped(pid_t pid) {
  const auto line = process_line(pid);
  return line && line->state == 'T';
}

void say_ready(int line) {
  [[maybe_unused]] const auto written = ::write(line, ".", 1);
}

TEST(GuardSignals, EachForwardedSignalReachesTheRunnerWithItsSender) {
  const pid_t test = ::getpid();
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGTSTP}) {
    GuardedRun run([=](int line) -> Outcome {
      const Fd signals = listen();
      say_ready(line);
      const signalfd_siginfo info = next_signal(signals);
      return {info.ssi_code == SI_QUEUE && info.ssi_int == test ? static_cast<int>(info.ssi_signo) : 99};
    });
    ASSERT_TRUE(run.line().wait_for(1));
    ::kill(run.guard(), signal);
    EXPECT_EQ(WEXITSTATUS(run.wait()), signal);
  }
}

TEST(GuardSignals, OtherSignalsToTheGuardDoNothing) {
  GuardedRun run([](int line) -> Outcome {
    const Fd signals = listen();
    say_ready(line);
    return {static_cast<int>(next_signal(signals).ssi_signo)};
  });
  ASSERT_TRUE(run.line().wait_for(1));
  for (int signal : {SIGUSR2, SIGALRM, SIGPIPE, SIGWINCH, SIGTTIN, SIGTTOU, SIGRTMIN})
    ::kill(run.guard(), signal);
  ::kill(run.guard(), SIGUSR1);
  EXPECT_EQ(WEXITSTATUS(run.wait()), SIGUSR1);
}

TEST(GuardSignals, ASignalBeforeTheRunnerListensEndsBoth) {
  GuardedRun run([](int) -> Outcome {
    for (;;) ::pause();
  });
  ::kill(run.guard(), SIGTERM);
  const int status = run.wait();
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
}

TEST(GuardSignals, AHangupThatWasIgnoredAtTheStartIsNotForwarded) {
  const auto before = std::signal(SIGHUP, SIG_IGN);
  GuardedRun run([](int line) -> Outcome {
    const Fd signals = listen();
    say_ready(line);
    return {static_cast<int>(next_signal(signals).ssi_signo)};
  });
  std::signal(SIGHUP, before);
  ASSERT_TRUE(run.line().wait_for(1));
  ::kill(run.guard(), SIGHUP);
  ::kill(run.guard(), SIGTERM);
  EXPECT_EQ(WEXITSTATUS(run.wait()), SIGTERM);
}

TEST(GuardSignals, AContinuedGuardContinuesAStoppedRunner) {
  GuardedRun run([](int line) -> Outcome {
    const Fd signals = listen();
    say_ready(line);
    ::raise(SIGSTOP);
    return {static_cast<int>(next_signal(signals).ssi_signo)};
  });
  ASSERT_TRUE(run.line().wait_for(1));
  while (!is_stopped(run.runner())) std::this_thread::yield();
  // More than once, for the guard may only now be taking note of the stop, which discards an earlier one.
  while (is_stopped(run.runner())) ::kill(run.guard(), SIGCONT);
  EXPECT_EQ(WEXITSTATUS(run.wait()), SIGCONT);
}

TEST(GuardSignals, AStoppedRunnerOutsideOfAShellLeavesTheGuardAwake) {
  GuardedRun run([](int line) -> Outcome {
    say_ready(line);
    for (;;) ::pause();
  });
  ASSERT_TRUE(run.line().wait_for(1));
  ::kill(run.runner(), SIGSTOP);
  ::kill(run.runner(), SIGKILL);
  EXPECT_TRUE(WIFSIGNALED(run.wait()));
}

}  // namespace
}  // namespace procgraph
