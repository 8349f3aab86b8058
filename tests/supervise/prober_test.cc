// Readiness and health of real processes: what they say, what commands and connections find out, and that
// nothing of it outlives the run.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "run.h"

namespace procgraph {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Process ready(ProbeSpec probe, Duration timeout = 1h) {
  return {.ready = ReadySpec{std::move(probe), timeout}, .service = true};
}
Process job_after(std::uint32_t process) {
  return {.after = {{ProcessId{process}, Condition::kReady}}};
}
ProbeSpec newline() {
  return {.kind = ProbeKind::kFd, .fd = Marked<int>{5}};
}
ProbeSpec command(const std::string& script) {
  ProbeSpec probe{.kind = ProbeKind::kExec};
  for (const std::string& word : {std::string("/bin/sh"), std::string("-c"), script})
    probe.command.words.push_back({word, {}});
  return probe;
}
HealthSpec often(ProbeSpec probe, std::uint32_t retries, Duration timeout = 1h) {
  return {.probe = std::move(probe), .interval = 1ms, .timeout = timeout, .retries = retries};
}

// Says `message` to NOTIFY_SOCKET.
std::string say(const std::string& message) {
  return "python3 -c \"import os, socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); "
         "s.sendto(b'" +
         message + "', '\\0' + os.environ['NOTIFY_SOCKET'][1:])\"";
}

class ProberTest : public RunTest {};

TEST_F(ProberTest, ANewlineOnADescriptorMakesReady) {
  EXPECT_EQ(run({{"db",
                  "printf 'warming up' >&5; echo >&5; echo more >&5; exec sleep 1000",
                  {.process = ready(newline())}},
                 {"job", "echo works", {.process = job_after(0)}}}),
            "exits 0");
  EXPECT_THAT(ear.lines, ElementsAre("job out: works"));
  EXPECT_THAT(ear.words, Contains(HasSubstr("news: db is ready, after ")));
  EXPECT_THAT(ear.serious(), IsEmpty());
}

TEST_F(ProberTest, WhatIsSaidJustBeforeTheEndCounts) {
  for (int i = 0; i < 20; ++i) {
    ear.lines.clear();
    EXPECT_EQ(run({{"db", "echo >&5", {.process = ready(newline())}},
                   {"web",
                    "echo up and gone",
                    {.process = ready({.kind = ProbeKind::kLog, .pattern = "^up .*gone$"})}},
                   {"job", "echo 1", {.process = job_after(0)}},
                   {"other", "echo 2", {.process = job_after(1)}}}),
              "exits 0");
    EXPECT_THAT(ear.lines, Contains("job out: 1"));
    EXPECT_THAT(ear.lines, Contains("other out: 2"));
  }
}

TEST_F(ProberTest, WhatEndsWithoutAWordWasNeverReady) {
  EXPECT_EQ(run({{"db", "exit 0", {.process = ready(newline())}},
                 {"job", "echo works", {.process = job_after(0)}}}),
            "exits 0");
  EXPECT_THAT(ear.lines, IsEmpty());
  EXPECT_THAT(ear.words, Contains("news: job is skipped: what it needs of 'db' can no longer come true"));
}

TEST_F(ProberTest, WhatIsNotReadyInTimeHasFailed) {
  EXPECT_EQ(run({{"db", "exec sleep 1000", {.process = ready(newline(), 50ms)}},
                 {"job", "echo works", {.process = job_after(0)}}}),
            "exits 1");
  EXPECT_THAT(ear.lines, IsEmpty());
  EXPECT_THAT(ear.serious(), ElementsAre("error: db failed: it was not ready after 50ms (no newline on its "
                                         "descriptor 5); the graph stops"));
}

TEST_F(ProberTest, ALineOfEitherLogMakesReady) {
  EXPECT_EQ(run({{"db",
                  "echo loading; echo 'model 7 loaded' >&2; exec sleep 1000",
                  {.process = ready({.kind = ProbeKind::kLog, .pattern = "model [0-9]+ loaded"})}},
                 {"job", "exit 0", {.process = job_after(0)}}}),
            "exits 0");
}

TEST_F(ProberTest, NoLineIsReportedWithTheExpression) {
  EXPECT_EQ(run({{"db",
                  "echo load; exec sleep 1000",
                  {.process = ready({.kind = ProbeKind::kLog, .pattern = "loaded"}, 50ms)}}}),
            "exits 1");
  EXPECT_THAT(ear.serious(), Contains(HasSubstr("(no line of its log has 'loaded')")));
}

TEST_F(ProberTest, ACommandThatSucceedsInTheProcessesPlaceMakesReady) {
  EXPECT_EQ(run({{"db",
                  "echo $$ > $T/pid.new; mv $T/pid.new $T/pid; exec sleep 1000",
                  {.process = ready(command("test \"$(cat $T/pid 2>/dev/null)\" = $PROCGRAPH_PID"))}},
                 {"job", "exit 0", {.process = job_after(0)}}}),
            "exits 0");
}

TEST_F(ProberTest, ACommandThatFailsIsReportedWithHow) {
  EXPECT_EQ(run({{"db", "exec sleep 1000", {.process = ready(command("exit 3"), 2s)}}}), "exits 1");
  EXPECT_THAT(ear.serious(), ElementsAre("error: db failed: it was not ready after 2s (exec /bin/sh -c "
                                         "'exit 3': exit code 3); the graph stops"));
}

TEST_F(ProberTest, ACommandThatCannotBeExecutedSaysWhy) {
  ProbeSpec missing{.kind = ProbeKind::kExec};
  missing.command.words.push_back({"/nowhere/check", {}});
  EXPECT_EQ(run({{"db", "exec sleep 1000", {.process = ready(missing, 1s)}}}), "exits 1");
  EXPECT_THAT(ear.serious(), Contains(HasSubstr("(exec /nowhere/check: exec: No such file or directory)")));
}

// TearDown finds whoever is left.
TEST_F(ProberTest, CommandsThatHangOrLeaveSomebodyBehindAreGoneWithTheRun) {
  EXPECT_EQ(run({{"db", "exec sleep 1000", {.process = ready(command("sleep 1000 & wait"), 50ms)}}}),
            "exits 1");
  EXPECT_THAT(ear.serious(), Contains(HasSubstr("(exec /bin/sh -c 'sleep 1000 & wait': no answer)")));
  EXPECT_EQ(run({{"db", "exec sleep 1000", {.process = ready(command("sleep 1000 & exit 0"))}},
                 {"job", "exit 0", {.process = job_after(0)}}}),
            "exits 0");
}

TEST_F(ProberTest, ANoticeMakesReadyWhoeverOfTheNodeSendsIt) {
  EXPECT_EQ(run({{"db",
                  "(" + say("STATUS=42 tables\\nREADY=1") + "); exec sleep 1000",
                  {.process = ready({.kind = ProbeKind::kNotify})}},
                 {"job", "exit 0", {.process = job_after(0)}}}),
            "exits 0");
  EXPECT_THAT(ear.words, Contains("news: db: 42 tables"));
}

TEST_F(ProberTest, TheStatusIsToldWhereReadyDoesNotCome) {
  const Process process = ready({.kind = ProbeKind::kNotify}, 8s);
  EXPECT_EQ(run({{"db",
                  say("STATUS=replaying the log\\nEXTEND_TIMEOUT_USEC=1") + "; exec sleep 1000",
                  {.process = process}}}),
            "exits 1");
  EXPECT_THAT(ear.serious(), Contains("error: db failed: it was not ready after 8s (it has not said READY=1; "
                                      "its status: replaying the log); the graph stops"));
}

// A listener of this test's own, on loopback.
struct Port {
  explicit Port(bool listens) : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    if (listens) {
      EXPECT_EQ(::listen(fd.get(), 8), 0);
    }
    EXPECT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    text = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  Fd fd;
  std::string text;
};

TEST_F(ProberTest, AConnectionMakesReadyAndARefusedOneDoesNot) {
  {
    const Port port(true);
    const ProbeSpec probe{.kind = ProbeKind::kTcp, .address = {port.text, {}}};
    EXPECT_EQ(run({{"db", "exec sleep 1000", {.process = ready(probe)}},
                   {"job", "exit 0", {.process = job_after(0)}}}),
              "exits 0");
  }
  {
    const Port port(false);
    const ProbeSpec probe{.kind = ProbeKind::kTcp, .address = {port.text, {}}};
    EXPECT_EQ(run({{"db", "exec sleep 1000", {.process = ready(probe, 100ms)}}}), "exits 1");
    EXPECT_THAT(ear.serious(), ElementsAre("error: db failed: it was not ready after 100ms (tcp " +
                                           port.text + ": Connection refused); the graph stops"));
  }
}

TEST_F(ProberTest, AServerThatTakesConnectionsAndNeverAnswersAGetIsNotReady) {
  const Port port(true);
  const ProbeSpec probe{.kind = ProbeKind::kHttp, .address = {port.text, {}}, .path = "/live"};
  EXPECT_EQ(run({{"db", "exec sleep 1000", {.process = ready(probe, 100ms)}}}), "exits 1");
  EXPECT_THAT(ear.serious(), Contains(HasSubstr("(http://" + port.text + "/live: no answer)")));
}

TEST_F(ProberTest, AnUnhealthyProcessHasFailed) {
  const Process process{.health = often(command("exit 3"), 2)};
  EXPECT_EQ(run({{"db", "exec sleep 1000", {.process = process}}}), "exits 1");
  EXPECT_THAT(ear.serious(), ElementsAre("error: db failed: it was not healthy any more (exec /bin/sh -c "
                                         "'exit 3': exit code 3, 2 times in a row); the graph stops"));
}

TEST_F(ProberTest, FailuresCountInARowOnly) {
  // Fails each second time; n counts the looks, and the ninth one, or a later one, ends the job.
  const std::string flaky =
      "n=$(cat $T/n 2>/dev/null || echo 0); echo $((n + 1)) > $T/n; "
      "if [ $n -ge 8 ] && [ -p $T/enough ] && [ ! -e $T/told ]; then : > $T/told; echo > $T/enough; fi; "
      "[ $((n % 2)) = 1 ]";
  const Process process{.health = often(command(flaky), 2), .service = true};
  EXPECT_EQ(run({{"db", "exec sleep 1000", {.process = process}},
                 {"job", "mkfifo $T/enough && read line < $T/enough"}}),
            "exits 0");
  EXPECT_THAT(ear.serious(), IsEmpty());
}

TEST_F(ProberTest, AHealthCommandThatHangsIsKilledAtItsTimeout) {
  const Process process{.health = often(command("sleep 1000"), 1, 50ms)};
  EXPECT_EQ(run({{"db", "exec sleep 1000", {.process = process}}}), "exits 1");
  EXPECT_THAT(ear.serious(), Contains(HasSubstr("no answer within 50ms")));
}

TEST_F(ProberTest, AWatchdogThatIsNotFedBites) {
  Process process;
  process.health = HealthSpec{.probe = {.kind = ProbeKind::kWatchdog}, .timeout = 300ms};
  EXPECT_EQ(run({{"db", say("WATCHDOG=1") + "; exec sleep 1000", {.process = process}}}), "exits 1");
  EXPECT_THAT(ear.serious(), Contains("error: db failed: it was not healthy any more (no WATCHDOG=1 for "
                                      "300ms); the graph stops"));
}

TEST_F(ProberTest, AWatchdogThatSaysItselfThatAllIsLostBitesAtOnce) {
  Process process;
  process.health = HealthSpec{.probe = {.kind = ProbeKind::kWatchdog}, .timeout = 1h};
  EXPECT_EQ(run({{"db",
                  "test $WATCHDOG_PID = $$ && " + say("WATCHDOG=trigger") + "; exec sleep 1000",
                  {.process = process}}}),
            "exits 1");
  EXPECT_THAT(ear.serious(), Contains(HasSubstr("(it says itself that it does not work)")));
}

}  // namespace
}  // namespace procgraph
