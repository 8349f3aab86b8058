// Whole runs of real processes: ends, codes, sessions, signals.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "os/descendants.h"
#include "os/proc.h"
#include "run.h"

namespace procgraph {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST_F(RunTest, ARunThatSucceedsAddsNothingOfItsOwn) {
  EXPECT_EQ(run({{"a", "echo hello; echo oh >&2"}, {"b", "echo world"}}), "exits 0");
  EXPECT_THAT(ear.lines, UnorderedElementsAre("a out: hello", "a err: oh", "b out: world"));
  EXPECT_THAT(ear.serious(), IsEmpty());
}

TEST_F(RunTest, AFailureStopsTheRestAndIsReportedWithItsLastWords) {
  EXPECT_EQ(run({{"api", "exec sleep 1000"}, {"worker", "echo Traceback >&2; echo KeyError >&2; exit 3"}}),
            "exits 3");
  EXPECT_THAT(ear.serious(), ElementsAre("error: worker failed: exit code 3; the graph stops",
                                         "error:   its last words:\nTraceback\nKeyError"));
}

TEST_F(RunTest, TheFailureIsNamedAgainWhereOthersHaveSpokenSince) {
  const Process finish{.on_failure = OnFailure::kFinish};
  // The second one waits for the first one's end, and only then speaks.
  EXPECT_EQ(run({{"bad", "exit 4", {.process = finish}},
                 {"good", "echo spoken", {.process = {.after = {{ProcessId{0}, Condition::kFailed}}}}}}),
            "exits 4");
  EXPECT_THAT(ear.serious(), ElementsAre("error: bad failed: exit code 4; the rest goes on",
                                         "error: bad failed: exit code 4"));
}

TEST_F(RunTest, ADeathByASignalIsNamed) {
  EXPECT_EQ(run({{"a", "kill -SEGV $$"}}), "exits 139");
  EXPECT_THAT(ear.serious(), ElementsAre(HasSubstr("a failed: killed by SIGSEGV")));
}

TEST_F(RunTest, WhatCannotBeExecutedIs127Or126AndEveryOtherStep71) {
  std::ofstream(file("plain")) << "text";
  EXPECT_EQ(run({{"a", file("missing"), {.program = true}}}), "exits 127");
  EXPECT_EQ(run({{"a", file("plain"), {.program = true}}}), "exits 126");
  EXPECT_EQ(run({{"a", "exit 0", {.cwd = file("nowhere")}}}), "exits 71");
  EXPECT_THAT(ear.serious(), ElementsAre(HasSubstr("missing': it does not exist; the graph stops"),
                                         HasSubstr("plain': it may not be executed"), HasSubstr("nowhere")));
}

TEST_F(RunTest, AWriterThatIsCutOffIsASuccess) {
  pipe("yes", "head");
  EXPECT_EQ(run({{"yes", "exec yes"}, {"head", "exec head -n 2", {.rank = 1}}}), "exits 0");
  EXPECT_THAT(ear.lines, ElementsAre("head out: y", "head out: y"));
}

TEST_F(RunTest, TheRunnerHoldsNoEndOfAPipe) {
  pipe("echo", "cat");
  EXPECT_EQ(run({{"echo", "echo through"}, {"cat", "exec cat", {.rank = 1}}}), "exits 0");
  EXPECT_THAT(ear.lines, ElementsAre("cat out: through"));
}

TEST_F(RunTest, TheLastLinesAreNeverLost) {
  EXPECT_EQ(run({{"a", "seq 1 30000; printf end"}}), "exits 0");
  ASSERT_EQ(ear.lines.size(), 30001U);
  EXPECT_EQ(ear.lines[29999], "a out: 30000");
  EXPECT_EQ(ear.lines[30000], "a out: end");
}

TEST_F(RunTest, ALongLineIsCut) {
  EXPECT_EQ(run({{"a", "head -c 300000 /dev/zero | tr '\\0' x; echo; echo next"}}), "exits 0");
  EXPECT_THAT(ear.lines, ElementsAre("a out: " + std::string(64 << 10, 'x') + " [cut]", "a out: next"));
}

TEST_F(RunTest, WhatIsLeftOfASessionIsEnded) {
  EXPECT_EQ(run({{"a", "sleep 1000 & sleep 1000 & exit 0"}}), "exits 0");
}

TEST_F(RunTest, WhatIsLeftOfASessionAndDoesNotListenIsKilled) {
  EXPECT_EQ(run({{"a", "trap '' TERM; sleep 1000 & exit 0", {.process = {.grace = 50ms}}}}), "exits 0");
}

TEST_F(RunTest, WhatIsLeftInAnotherProcessGroupIsEndedToo) {
  EXPECT_EQ(run({{"a", "set -m; sleep 1000 & exit 0"}}), "exits 0");
}

TEST_F(RunTest, AMemberWhoseParentHasLeftTheSessionIsWaitedFor) {
  // The first process leaves a child that becomes a daemon, whose own child stays in the session.
  const std::string script = R"(exec python3 -c '
import os, signal, time
if os.fork() == 0:
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, lambda *_: (print("asked", flush=True), os._exit(0)))
        open(os.environ["T"] + "/ready", "w").close()
        time.sleep(1000)
    os.setsid()
    os.waitpid(-1, 0)
    os._exit(0)
while not os.path.exists(os.environ["T"] + "/ready"): time.sleep(0.001)
')";
  EXPECT_EQ(run({{"a", script}}), "exits 0");
  EXPECT_THAT(ear.lines, ElementsAre("a out: asked"));
  end_descendants({});
}

TEST_F(RunTest, ADaemonThatHoldsTheLogIsNotWaitedFor) {
  EXPECT_EQ(
      run({{"a",
            "setsid sh -c 'touch $T/up; exec sleep 1000' & while [ ! -e $T/up ]; do :; done; echo last"}}),
      "exits 0");
  EXPECT_THAT(ear.lines, ElementsAre("a out: last"));
  end_descendants({});  // the guard's work
}

TEST_F(RunTest, TermStopsInOrderAndIsTheRunsOwnEnd) {
  pipe("source", "sink");
  EXPECT_EQ(run({{"source", "while :; do echo x; kill -TERM $PPID; sleep 1000; done"},
                 {"sink", "cat >/dev/null; echo drained", {.rank = 1}}}),
            "dies of SIGTERM");
  EXPECT_THAT(ear.lines, ElementsAre("sink out: drained"));
}

TEST_F(RunTest, ASecondTermKills) {
  EXPECT_EQ(run({{"a", "trap '' TERM; kill -TERM $PPID; sleep 0.6; kill -TERM $PPID; sleep 1000"}}),
            "dies of SIGTERM");
  EXPECT_THAT(ear.serious(),
              ElementsAre("warning: SIGTERM: the graph stops, in order; INT or TERM once more kills it",
                          "warning: SIGTERM: the graph is killed"));
}

TEST_F(RunTest, WhatDoesNotListenIsKilledAfterItsGrace) {
  EXPECT_EQ(run({{"a",
                  "trap '' TERM; kill -TERM $PPID; while :; do sleep 1000; done",
                  {.process = {.grace = 50ms}}}}),
            "dies of SIGTERM");
}

TEST_F(RunTest, WhatIsKilledIsKilledWithItsWholeSession) {
  // A child in a process group of its own; both ignore what they are asked.
  EXPECT_EQ(run({{"a",
                  "trap '' TERM; set -m; sh -c \"trap '' TERM; touch $T/up; while :; do sleep 1000; done\" & "
                  "until [ -e "
                  "$T/up ]; do :; done; kill -TERM $PPID; while :; do sleep 1000; done",
                  {.process = {.grace = 50ms}}}}),
            "dies of SIGTERM");
}

TEST_F(RunTest, TwoThatEndAtOnceAreBothJudgedByTheirOwnEnds) {
  const auto wait_for_end = [](int pid) {
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  };
  ear.on_word = [&](const std::string& word) {
    int pid = 0;
    if (std::sscanf(word.c_str(), "news: b started (pid %d)", &pid) != 1) return;
    wait_for_end(ear.pids["a"]);
    wait_for_end(pid);
  };
  run({{"a", "until [ -e $T/up ]; do :; done; exit 3"}, {"b", "touch $T/up; exit 4"}});
  EXPECT_THAT(ear.serious(), testing::AllOf(testing::Contains(HasSubstr("a failed: exit code 3")),
                                            testing::Contains(HasSubstr("b failed: exit code 4"))));
}

TEST_F(RunTest, AStoppedProcessIsContinuedToHearThatItIsToEnd) {
  EXPECT_EQ(run({{"a", "kill -TERM $PPID; kill -STOP $$; sleep 1000"}}), "dies of SIGTERM");
}

TEST_F(RunTest, AProcessThatIsStoppedByOthersIsReported) {
  ear.on_word = [&](const std::string& word) {
    if (word == "warning: a was stopped by SIGSTOP") ::kill(ear.pids["a"], SIGCONT);
  };
  EXPECT_EQ(run({{"a", "kill -STOP $$; echo again"}}), "exits 0");
  EXPECT_THAT(ear.lines, ElementsAre("a out: again"));
}

TEST_F(RunTest, OnUsr1ItSaysWhoIsInWhichState) {
  EXPECT_EQ(run({{"a", "kill -USR1 $PPID; exec sleep 0.1"},
                 {"b", "exit 0", {.process = {.after = {{ProcessId{0}}}}}}}),
            "exits 0");
  EXPECT_THAT(ear.serious(),
              ElementsAre(testing::MatchesRegex(
                  "warning: test has run for [0-9.]+ s\na: running\nb: (queued|running|left|succeeded)")));
}

TEST_F(RunTest, TimeoutsAre124) {
  EXPECT_EQ(run({{"a", "exec sleep 1000", {.process = {.timeout = 50ms}}}}), "exits 124");
  EXPECT_EQ(run({{"b", "exec sleep 1000"}}, {.timeout = 50ms}), "exits 124");
  EXPECT_THAT(ear.serious(),
              ElementsAre("error: a failed: it still ran after 50ms, its timeout; the graph stops",
                          "error: the graph still ran after 50ms, its timeout; the graph stops"));
}

TEST_F(RunTest, AnIdleGraphDoesNotWakeUp) {
  rusage before{}, after{};
  ear.on_word = [&](const std::string& word) {
    if (word.starts_with("news: a started")) ::getrusage(RUSAGE_SELF, &before);
    if (word.starts_with("news: a ended")) ::getrusage(RUSAGE_SELF, &after);
  };
  EXPECT_EQ(run({{"a", "exec sleep 1"}}), "exits 0");
  EXPECT_LE(after.ru_nvcsw - before.ru_nvcsw, 5);
}

TEST_F(RunTest, TwoHundredProcessesStartAndEnd) {
  std::vector<Script> scripts;
  for (int i = 0; i < 200; ++i) scripts.push_back({"p" + std::to_string(i), "/bin/true", {.program = true}});
  EXPECT_EQ(run(scripts), "exits 0");
}

// A thread that would take them keeps the loop from seeing them.
void block_all_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

// What stands behind our stdout in these tests: a pipe with a reader that the test plays.
class OutputTest : public RunTest {
 protected:
  OutputTest() {
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    reporter = make_reporter({.prefix = false, .quiet = true}, ends[1], ends[1]);
  }
  void TearDown() override {
    reporter.reset();
    if (ends[1] >= 0) ::close(ends[1]);
    stop_reading();
    RunTest::TearDown();
  }
  void stop_reading() {
    if (ends[0] >= 0) ::close(ends[0]);
    ends[0] = -1;
  }

  std::array<int, 2> ends{};
  std::unique_ptr<Reporter> reporter;
};

TEST_F(OutputTest, AFloodThroughASlowReaderArrivesWholeAndInBoundedMemory) {
  constexpr std::size_t kLines = 3 * 30'000;  // of a kilobyte each
  std::size_t newlines = 0;
  std::thread reader([&] {
    block_all_signals();
    std::vector<char> buffer(1000);
    while (newlines < kLines) {
      const ssize_t size = ::read(ends[0], buffer.data(), buffer.size());
      if (size <= 0) break;
      newlines += static_cast<std::size_t>(std::count(buffer.begin(), buffer.begin() + size, '\n'));
    }
  });
  rusage before{}, after{};
  ::getrusage(RUSAGE_SELF, &before);
  const std::string flood = "yes $(printf %01000d 0) | head -n 30000";
  EXPECT_EQ(run({{"a", flood}, {"b", flood}, {"c", flood}}, {}, *reporter), "exits 0");
  ::getrusage(RUSAGE_SELF, &after);
  reader.join();
  EXPECT_EQ(newlines, kLines);
#if !defined(__SANITIZE_ADDRESS__)                          // which keeps what was freed
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 32 << 10);  // KiB
#endif
}

// Nobody reads our stdout until the job says that it was started.
TEST_F(OutputTest, WhoIsReadyByALineIsSeenToBeThoughTheReaderIsStuck) {
  const std::string started = file("started");
  ASSERT_EQ(::mkfifo(started.c_str(), 0600), 0);
  const int job = ::open(started.c_str(), O_RDWR | O_CLOEXEC);
  bool was_started = false;
  std::thread reader([&] {
    block_all_signals();
    pollfd one{job, POLLIN, 0};
    was_started = ::poll(&one, 1, 60'000) == 1;
    std::vector<char> buffer(1 << 16);
    while (::read(ends[0], buffer.data(), buffer.size()) > 0) {
    }
  });
  const Process db{.ready = ReadySpec{{.kind = ProbeKind::kLog, .pattern = "^up$"}, 30s}, .service = true};
  EXPECT_EQ(run({{"flood", "exec yes", {.process = {.service = true}}},
                 {"db", "yes | head -c 500000; echo up; exec sleep 1000", {.process = db}},
                 {"job", "echo >$T/started", {.process = {.after = {{ProcessId{1}, Condition::kReady}}}}}},
                {}, *reporter),
            "exits 0");
  reporter.reset();
  ::close(std::exchange(ends[1], -1));
  reader.join();
  ::close(job);
  EXPECT_TRUE(was_started);
}

TEST_F(OutputTest, AStuckReaderStopsNeitherSignalsNorTheEnd) {
  EXPECT_EQ(
      run({{"flood", "exec yes"},
           {"killer", "trap '' TERM; sleep 0.2; kill -TERM $PPID; sleep 0.6; kill -TERM $PPID; sleep 1000"}},
          {}, *reporter),
      "dies of SIGTERM");
}

TEST_F(OutputTest, ASignalEndsARunWhoseOutputIsAllThatIsLeft) {
  // More than our stdout takes, less than the log's pipe takes besides. Who sends the signal, once the
  // process has ended, has left the session and bears no mark, and so is not ended with it.
  EXPECT_EQ(run({{"a",
                  "env -i setsid sh -c \"echo >$T/up; while kill -0 $$ 2>&-; do sleep 0.01; done; kill -TERM "
                  "$PPID\" & "
                  "until [ -e $T/up ]; do :; done; "
                  "head -c 75000 /dev/zero | tr '\\0' '\\n'"}},
                {}, *reporter),
            "dies of SIGTERM");
  end_descendants({});
}

TEST_F(OutputTest, AReaderThatLeavesStopsTheGraphAndItDiesOfSigpipe) {
  stop_reading();
  EXPECT_EQ(run({{"a", "while echo x; do sleep 0.01; done"}}, {}, *reporter), "dies of SIGPIPE");
}

// Ctrl-Z, with a run in a process of its own.
TEST_F(RunTest, AStopOfTheJobStopsEverythingAndAContinueContinuesIt) {
  const pid_t runner = ::fork();
  if (runner == 0) {
    ::setpgid(0, 0);
    const std::string end = run({{"a", "echo $$ >$T/pid.new; mv $T/pid.new $T/pid; exec sleep 1000"}});
    ::_exit(end == "dies of SIGTERM" ? 7 : 1);
  }
  ::setpgid(runner, runner);
  pid_t node = 0;
  while (!(std::ifstream(file("pid")) >> node)) std::this_thread::yield();
  ::kill(runner, SIGTSTP);
  int status = 0;
  ASSERT_EQ(::waitpid(runner, &status, WUNTRACED), runner);
  EXPECT_TRUE(WIFSTOPPED(status));
  while (process_line(node)->state != 'T') std::this_thread::yield();
  ::kill(runner, SIGCONT);
  while (process_line(node)->state == 'T') std::this_thread::yield();
  ::kill(runner, SIGTERM);
  ASSERT_EQ(::waitpid(runner, &status, 0), runner);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

}  // namespace
}  // namespace procgraph
