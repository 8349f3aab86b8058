// A whole run, disturbed at one system call after the other: whichever of guard and runner is killed there,
// and whatever call fails, the run ends, says why, and leaves no process and no file behind.
//
// The length of a step through the calls is PROCGRAPH_TEST_STRIDE (1: every call), the tier of containment
// PROCGRAPH_TEST_TIER.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "traced_run.h"

namespace procgraph::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kShards = 8;  // that ctest runs beside each other
constexpr std::uint64_t kStride = 5;

std::string tier() {
  const char* asked = std::getenv("PROCGRAPH_TEST_TIER");
  return asked != nullptr ? asked : "guard";
}

// A queue, a byte pipe, a topic, an area, a socket; a service that becomes ready, and is stopped at the end.
const std::string kGraph = "containment: { tier: " + tier() + " }\n" +
                           std::string("processes:\n  f: { command: ") + NODES +
                           "/f, writes: q, after: { server: ready } }\n  m: { command: " + NODES +
                           "/m, reads: q }\n"
                           "  server: { shell: 'echo up; exec sleep 1000', service: true, serves: s,\n"
                           "            ready: { log: up }, stop: { grace: 5s } }\n"
                           "  numbers: seq 1 100\n"
                           "  sum: \"awk '{ n += $1 } END { print n }'\"\n"
                           "queues: { q: { capacity: 4 } }\n"
                           "sockets: { s: { listen: 'tcp://127.0.0.1:0' } }\n"
                           "pipelines:\n  - [numbers, sum]\n";

// The same by a signal, in the middle of its work.
const std::string kStopped =
    "containment: { tier: " + tier() + " }\n" +
    std::string("processes:\n  f: { shell: 'seq 1000; kill -TERM $PPID; exec sleep 1000' }\n  m: wc -l\n") +
    "  server: { shell: 'echo up; exec sleep 1000', serves: s, ready: { log: up } }\n"
    "sockets: { s: { listen: 'tcp://127.0.0.1:0' } }\n"
    "pipelines: [[f, m]]\n";

// All that it talks through: programs outside and a process that its shell has started, who ask for a place;
// one that says it is ready; a duplex pipe; a socket with a path; logs in files; a name that nobody else may
// have. Other runs may be met where they are all met: the one from outside says whom it means.
const std::string kName = "sweep-" + std::to_string(getpid());
const std::string kTalking =
    "name: " + kName + "\nsingle: true\ncontainment: { tier: " + tier() +
    " }\nprocesses:\n  ready: { command: " + TEST_NODES + "/node_ready, ready: notify, service: true }\n" +
    "  work: { reads: jobs, after: { ready: ready }, shell: '" + PROCGRAPH_BINARY +
    " get jobs -n 2 && echo got' }\n" +
    "  outside: { after: { server: ready },\n"
    "    shell: 'env -i XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR " +
    PROCGRAPH_BINARY + " put jobs --graph " + kName + " one two' }\n" +
    "  server: { shell: 'exec sleep 1000', serves: s, service: true, ready: { exec: 'true' } }\n"
    "  ask: { shell: 'echo 7 >&3; read -r n <&3; echo sum $n', reads: { talk: { channel: line, fd: 3 } },\n"
    "         writes: { talk: { channel: line, fd: 3 } } }\n"
    "  answer: { shell: 'read -r n <&3; echo $((n * 6)) >&3', reads: { talk: { channel: line, fd: 3 } },\n"
    "            writes: { talk: { channel: line, fd: 3 } } }\n"
    "queues: { jobs: { external: write } }\npipes: { line: { duplex: true } }\n"
    "sockets: { s: { listen: unix } }\nlogs: { dir: logs }\n";

std::uint64_t stride() {
  const char* text = std::getenv("PROCGRAPH_TEST_STRIDE");
  return text != nullptr ? std::max<std::uint64_t>(1, std::strtoull(text, nullptr, 10)) : kStride;
}

// Where procgraph itself begins: the calls before its fork are nearly all the loader's.
std::uint64_t beginning(const TracedRun& run) {
  const auto fork = std::find(run.calls.begin(), run.calls.end(), SYS_clone);
  return static_cast<std::uint64_t>(fork - run.calls.begin());
}

TracedRun undisturbed(const std::string& graph = kGraph) {
  return run_traced(graph, [](const Call&) { return Deed{}; });
}

// The run has ended in order: by itself, with nobody and nothing left.
void expect_order(const TracedRun& run) {
  EXPECT_FALSE(run.survived) << run.err;
  EXPECT_THAT(run.left, IsEmpty());
}

bool crashed(int status) {
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return signal == SIGSEGV || signal == SIGABRT || signal == SIGBUS;
}

class RunSweep : public ::testing::TestWithParam<std::uint64_t> {};

// `whole`: the same run, undisturbed.
void kill_at_each_call(const std::string& graph, const TracedRun& whole, std::uint64_t shard) {
  expect_order(whole);
  std::uint64_t killed = 0;
  for (std::uint64_t at = shard; at < whole.calls.size(); at += kShards * stride()) {
    SCOPED_TRACE("killed at call " + std::to_string(at) + ", number " + std::to_string(whole.calls[at]));
    const TracedRun run = run_traced(
        graph, [&](const Call& call) { return Deed{call.index == at ? Deed::kKill : Deed::kNone}; });
    killed += run.calls.size() > at ? 1 : 0;
    expect_order(run);
    EXPECT_FALSE(crashed(run.status)) << run.err;
  }
  EXPECT_GT(killed, 0u);
}

TEST_P(RunSweep, AKillAtAnySystemCallLeavesNothingAlive) {
  const TracedRun whole = undisturbed();
  ASSERT_EQ(whole.status, 0) << whole.err;
  ASSERT_THAT(whole.out, HasSubstr("5050"));
  kill_at_each_call(kGraph, whole, GetParam());
}

TEST_P(RunSweep, AKillWhileItStopsLeavesNothingAlive) {
  const TracedRun whole = run_traced(kStopped, [](const Call&) { return Deed{}; });
  ASSERT_TRUE(WIFSIGNALED(whole.status)) << whole.status << whole.err;
  ASSERT_EQ(WTERMSIG(whole.status), SIGTERM);
  ASSERT_THAT(whole.out, HasSubstr("1000"));
  kill_at_each_call(kStopped, whole, GetParam());
}

INSTANTIATE_TEST_SUITE_P(In, RunSweep, ::testing::Range(std::uint64_t{0}, kShards));

// True: it ends, or begins, at a time of the clock that people set.
bool waits_by_the_wall_clock(const Call& call) {
  const auto& arguments = call.arguments;
  const auto is_wall = [](std::uint64_t clock) {
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM;
  };
  switch (call.number) {
    case SYS_futex: {
      const auto operation = static_cast<int>(arguments[1]) & FUTEX_CMD_MASK;
      const bool wall = (arguments[1] & FUTEX_CLOCK_REALTIME) != 0 || operation == FUTEX_LOCK_PI;
      return wall && operation != FUTEX_WAKE && arguments[3] != 0;
    }
    case SYS_timerfd_create:
    case SYS_clock_nanosleep:
    case SYS_timer_create:
      return is_wall(arguments[0]);
    case SYS_mq_timedsend:
    case SYS_mq_timedreceive:
      return true;
    default:
      return false;
  }
}

TEST(RunClocks, NothingWaitsByTheClockThatPeopleSet) {
  for (const std::string& graph : {kGraph, kTalking, kStopped}) {
    std::vector<long> wrong;
    std::uint64_t timers = 0;
    const TracedRun run = run_traced(graph, [&](const Call& call) {
      if (waits_by_the_wall_clock(call)) wrong.push_back(call.number);
      timers += call.number == SYS_timerfd_create ? 1 : 0;
      return Deed{};
    });
    expect_order(run);
    EXPECT_THAT(wrong, IsEmpty());
    EXPECT_GT(timers, 0U);
  }
}

struct Failing {
  const char* name;
  long number;
  int error;
};

// The N-th call fails, for every N; a run that does without it prints all of `words`.
void fail_each_call(const std::string& graph, const Failing& failing, const std::vector<std::string>& words) {
  const TracedRun whole = undisturbed(graph);
  ASSERT_EQ(whole.status, 0) << whole.err;
  for (const std::string& word : words) ASSERT_THAT(whole.out, HasSubstr(word)) << whole.err;
  const std::uint64_t begin = beginning(whole);
  const auto calls = static_cast<std::uint64_t>(std::count(
      whole.calls.begin() + static_cast<std::ptrdiff_t>(begin), whole.calls.end(), failing.number));
  ASSERT_GT(calls, 0u) << "a run makes no such call";
  for (std::uint64_t at = 0; at < calls; ++at) {
    SCOPED_TRACE(std::string(failing.name) + " number " + std::to_string(at) + " fails");
    std::uint64_t seen = 0;
    const TracedRun run = run_traced(graph, [&](const Call& call) {
      return call.index >= begin && call.number == failing.number && seen++ == at
                 ? Deed{Deed::kFail, failing.error}
                 : Deed{};
    });
    expect_order(run);
    EXPECT_FALSE(crashed(run.status)) << run.err;
    if (run.status != 0) {
      EXPECT_FALSE(run.err.empty()) << "status " << run.status;
    } else {
      for (const std::string& word : words) EXPECT_THAT(run.out, HasSubstr(word)) << run.err;
    }
  }
}

class RunSweepFailing : public ::testing::TestWithParam<Failing> {};

TEST_P(RunSweepFailing, TheRunSaysSoOrDoesWithout) {
  fail_each_call(kGraph, GetParam(), {"5050"});
}

class TalkingRunSweepFailing : public ::testing::TestWithParam<Failing> {};

TEST_P(TalkingRunSweepFailing, TheRunSaysSoOrDoesWithout) {
  fail_each_call(kTalking, GetParam(), {"sum 42", "one\n", "two\n", "got"});
}

std::string name_of(const ::testing::TestParamInfo<Failing>& each) {
  return each.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Of, RunSweepFailing,
    ::testing::Values(
        Failing{"openat", SYS_openat, EMFILE}, Failing{"pipe2", SYS_pipe2, EMFILE},
        Failing{"socket", SYS_socket, EMFILE}, Failing{"memfd_create", SYS_memfd_create, ENFILE},
        Failing{"vfork", SYS_vfork, EAGAIN}, Failing{"clone", SYS_clone, EAGAIN},
        Failing{"clone3", SYS_clone3, EAGAIN}, Failing{"mmap", SYS_mmap, ENOMEM},
        Failing{"ftruncate", SYS_ftruncate, ENOSPC}, Failing{"eventfd2", SYS_eventfd2, EMFILE},
        Failing{"epoll_create1", SYS_epoll_create1, EMFILE}, Failing{"epoll_ctl", SYS_epoll_ctl, ENOMEM},
        Failing{"timerfd_create", SYS_timerfd_create, EMFILE}, Failing{"fcntl", SYS_fcntl, EMFILE},
        Failing{"dup2", SYS_dup2, EBUSY}, Failing{"execve", SYS_execve, ENOMEM}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Of, TalkingRunSweepFailing,
    ::testing::Values(
        Failing{"accept4", SYS_accept4, EMFILE}, Failing{"bind", SYS_bind, ENOMEM},
        Failing{"listen", SYS_listen, EADDRINUSE}, Failing{"socket", SYS_socket, EMFILE},
        Failing{"socketpair", SYS_socketpair, EMFILE}, Failing{"setsockopt", SYS_setsockopt, ENOMEM},
        Failing{"getsockopt", SYS_getsockopt, EMFILE}, Failing{"getsockname", SYS_getsockname, ENOBUFS},
        Failing{"sendmsg", SYS_sendmsg, ENOBUFS}, Failing{"recvmsg", SYS_recvmsg, ENOMEM},
        Failing{"sendto", SYS_sendto, ENOBUFS}, Failing{"recvfrom", SYS_recvfrom, ENOMEM},
        Failing{"signalfd4", SYS_signalfd4, EMFILE}, Failing{"pidfd_open", SYS_pidfd_open, EMFILE},
        Failing{"write", SYS_write, ENOSPC}, Failing{"pwrite64", SYS_pwrite64, ENOSPC},
        Failing{"mkdir", SYS_mkdir, ENOSPC}, Failing{"fchmodat", SYS_fchmodat, EPERM},
        Failing{"flock", SYS_flock, ENOLCK}, Failing{"poll", SYS_poll, ENOMEM},
        Failing{"prlimit64", SYS_prlimit64, EPERM}, Failing{"readlink", SYS_readlink, ENOMEM},
        Failing{"getrandom", SYS_getrandom, EINTR}, Failing{"lseek", SYS_lseek, ENOMEM},
        Failing{"openat", SYS_openat, EMFILE}, Failing{"pipe2", SYS_pipe2, EMFILE},
        Failing{"mmap", SYS_mmap, ENOMEM}, Failing{"eventfd2", SYS_eventfd2, EMFILE},
        Failing{"epoll_ctl", SYS_epoll_ctl, ENOMEM}, Failing{"clone3", SYS_clone3, EAGAIN},
        Failing{"fcntl", SYS_fcntl, EMFILE}, Failing{"newfstatat", SYS_newfstatat, ENOMEM}),
    name_of);

}  // namespace
}  // namespace procgraph::testing
