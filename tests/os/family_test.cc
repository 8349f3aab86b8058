// Whole sessions, adopted orphans, and numbers that came back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "fakes/freezer.h"
#include "fakes/life_line.h"
#include "os/descendants.h"
#include "os/family.h"
#include "os/proc.h"
#include "os/process.h"
#include "os/spawn.h"

namespace procgraph {
namespace {

Child start_hostile(const char* behaviour, int line) {
  auto child = spawn({.program = HOSTILE, .argv = {"hostile", behaviour}, .fds = {{line, 1}}});
  return std::move(std::get<Child>(child));
}

// Runs `test` in a process of its own that adopts orphans, as the runner does.
void in_a_subreaper(const std::function<void()>& test) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    test();
    end_descendants({});
    std::_Exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
}

std::size_t signal_one(const Family& family, std::span<const Orphan> orphans, int signal) {
  return signal_families({&family, 1}, orphans, signal);
}

void reap(pid_t pid) {
  ::waitpid(pid, nullptr, 0);
}

TEST(Family, IsOverWhenItsLeaderLeftNobody) {
  LifeLine line;
  const Child child = start_hostile("plain", line.write_end());
  ASSERT_TRUE(line.wait_for(1));
  send_signal(child.pidfd.get(), SIGKILL);
  reap(child.pid);
  EXPECT_TRUE(is_over({.first = child.pid}, {}));
}

TEST(Family, IsNotOverWhileAGrandchildIsLeftAndASignalToItEndsThat) {
  in_a_subreaper([] {
    LifeLine line;
    const Child child = start_hostile("grandchild", line.write_end());
    line.close_write_end();
    ASSERT_TRUE(line.wait_for(2));
    send_signal(child.pidfd.get(), SIGKILL);
    reap(child.pid);
    EXPECT_FALSE(is_over({.first = child.pid}, {}));
    EXPECT_EQ(signal_one({.first = child.pid}, {}, SIGKILL), 1U);
    EXPECT_TRUE(line.wait_for_end());
    int status = 0;  // its descriptors are closed a little before it can be reaped
    while (::waitpid(-1, &status, 0) > 0) EXPECT_EQ(WTERMSIG(status), SIGKILL);
    EXPECT_TRUE(is_over({.first = child.pid}, {}));
  });
}

TEST(Family, SignalsReachEveryMemberOfSeveralFamilies) {
  in_a_subreaper([] {
    LifeLine line;
    const Child first = start_hostile("grandchild", line.write_end()),
                second = start_hostile("plain", line.write_end());
    line.close_write_end();
    ASSERT_TRUE(line.wait_for(3));
    const Family families[] = {{.first = first.pid}, {.first = second.pid}};
    EXPECT_EQ(signal_families(families, {}, 0), 3U);
    EXPECT_EQ(signal_families(families, {}, SIGKILL), 3U);
    EXPECT_TRUE(line.wait_for_end());
  });
}

// Each has its own and what has descended from it, whatever the others have.
TEST(Family, MembersOfSeveralAreToldApartByOneLook) {
  in_a_subreaper([] {
    LifeLine line;
    const Child first = start_hostile("grandchild", line.write_end()),
                second = start_hostile("daemon", line.write_end()),
                third = start_hostile("plain", line.write_end());
    line.close_write_end();
    ASSERT_TRUE(line.wait_for(4));
    send_signal(third.pidfd.get(), SIGKILL);
    reap(third.pid);
    const Family families[] = {{.first = first.pid}, {.first = third.pid}, {.first = second.pid}};
    const auto members = members_of(families, {});
    ASSERT_EQ(members.size(), 3U);
    EXPECT_EQ(members[0].size(), 2U);
    EXPECT_THAT(members[1], ::testing::IsEmpty());
    EXPECT_EQ(members[2].size(), 3U);
    EXPECT_EQ(signal_families(families, {}, SIGKILL), 5U);
    EXPECT_TRUE(line.wait_for_end());
  });
}

TEST(Family, OneThatIsNotOursGetsNoSignal) {
  const Family families[] = {{.first = ::getsid(0)}, {.first = 1}};
  EXPECT_EQ(signal_families(families, {}, 0), 0U);
}

// A daemon: another session, and its parents have gone. Only the mark tells whose it was.
TEST(Family, HasADaemonWhichTheMarkTells) {
  in_a_subreaper([] {
    LifeLine line, others_line;
    const Child child = start_hostile("daemon_and_exit", line.write_end()),
                other = start_hostile("daemon_and_exit", others_line.write_end());
    line.close_write_end();
    ASSERT_TRUE(line.wait_for(1));
    ASSERT_TRUE(others_line.wait_for(1));
    reap(child.pid);
    reap(other.pid);
    const std::vector<Orphan> orphans = with_marks(own_children());
    EXPECT_TRUE(is_over({.first = child.pid}, {})) << "nobody is asked for a mark";
    EXPECT_FALSE(is_over({.first = child.pid}, orphans));
    EXPECT_EQ(signal_one({.first = child.pid}, orphans, SIGKILL), 1U);
    EXPECT_TRUE(line.wait_for_end());
    EXPECT_EQ(signal_one({.first = other.pid}, orphans, 0), 1U) << "the other one's daemon lives";
  });
}

// While its parents live, its descent tells.
TEST(Family, HasWhateverItsMembersHaveStartedInOtherSessions) {
  in_a_subreaper([] {
    LifeLine line;
    const Child child = start_hostile("daemon", line.write_end());
    line.close_write_end();
    ASSERT_TRUE(line.wait_for(1));
    EXPECT_EQ(signal_one({.first = child.pid}, {}, SIGKILL), 3U);
    EXPECT_TRUE(line.wait_for_end());
  });
}

TEST(Changes, OfAdoptedOrphansAreSeen) {
  in_a_subreaper([] {
    LifeLine line;
    const Child child = start_hostile("daemon_and_exit", line.write_end());
    line.close_write_end();
    ASSERT_TRUE(line.wait_for(1));
    end_descendants({});
    EXPECT_TRUE(line.wait_for_end());
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
    EXPECT_GT(child.pid, 0);
  });
}

// Its first thread ends, and another one goes on.
pid_t start_headless(int line) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  std::thread([=] {
    while (process_line(::getpid())->state != 'Z') std::this_thread::yield();
    if (::write(line, ".", 1) == 1) ::pause();
  }).detach();
  ::syscall(SYS_exit, 0);  // this thread only
  std::abort();
}

TEST(Process, WhoseFirstThreadHasEndedIsAliveUntilTheLastHas) {
  in_a_subreaper([] {
    LifeLine line;
    const pid_t pid = start_headless(line.write_end());
    ASSERT_TRUE(line.wait_for(1));
    EXPECT_TRUE(process_line(pid)->alive());
    EXPECT_THAT(children(), ::testing::ElementsAre(pid));
    ::kill(pid, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
    EXPECT_FALSE(process_line(pid)->alive());
  });
}

TEST(Descendants, ThatHangInTheKernelAreReturnedAndTheirChildrenKilledNevertheless) {
  const Freezer freezer;
  if (!freezer.usable()) return;
  in_a_subreaper([&] {
    LifeLine line;
    const Child child = start_hostile("grandchild", line.write_end());
    line.close_write_end();
    ASSERT_TRUE(line.wait_for(2));
    std::ofstream(freezer.members()) << child.pid;
    freezer.freeze();
    EXPECT_THAT(end_descendants({}), ::testing::ElementsAre(child.pid));
    each_process([&](const ProcessLine& process) {
      EXPECT_FALSE(process.parent == child.pid && process.alive()) << process.pid;
    });
    freezer.thaw();
    EXPECT_TRUE(line.wait_for_end());
  });
}

TEST(Changes, SayHowAChildEndedAndStopped) {
  LifeLine line;
  const Child child = start_hostile("stop", line.write_end());
  const auto next = [] {
    siginfo_t info{};
    ::waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOWAIT);
    return next_change();
  };
  auto change = next();
  EXPECT_EQ(change->pid, child.pid);
  EXPECT_EQ(change->what, ChildChange::What::kStopped);
  EXPECT_EQ(change->status, SIGSTOP);
  send_signal(child.pidfd.get(), SIGKILL);
  change = next();
  EXPECT_EQ(change->what, ChildChange::What::kKilled);
  EXPECT_EQ(change->status, SIGKILL);
  EXPECT_FALSE(change->core);

  const auto exits = spawn({.program = "/bin/sh", .argv = {"sh", "-c", "exit 42"}});
  change = next();
  EXPECT_EQ(change->pid, std::get<Child>(exits).pid);
  EXPECT_EQ(change->what, ChildChange::What::kExited);
  EXPECT_EQ(change->status, 42);
  EXPECT_GT(change->used.ru_maxrss, 0);
  EXPECT_FALSE(next_change());
}

TEST(Signals, GoOnlyToTheProcessThatIsExpected) {
  LifeLine line;
  const Child child = start_hostile("plain", line.write_end());
  EXPECT_EQ(
      signal_exactly(child.pid, SIGKILL, [](const ProcessLine& process) { return process.parent == 1; }),
      ESRCH);
  EXPECT_TRUE(process_line(child.pid)->alive());
  EXPECT_EQ(signal_exactly(child.pid, SIGKILL,
                           [](const ProcessLine& process) { return process.parent == ::getpid(); }),
            0);
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED | WNOWAIT);
  EXPECT_FALSE(process_line(child.pid)->alive());
  reap(child.pid);
  EXPECT_EQ(signal_exactly(child.pid, SIGKILL, [](const ProcessLine&) { return true; }), ESRCH);
}

TEST(Signals, HaveNames) {
  EXPECT_EQ(signal_name(SIGTERM), "SIGTERM");
  EXPECT_EQ(signal_name(40), "signal 40");
}

}  // namespace
}  // namespace procgraph
