// Restarts of real processes: what becomes of their pipes, their sessions and their words.
#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>

#include "run.h"

namespace procgraph {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Process again(Restart when, std::optional<RestartPolicy::Intensity> max = {}) {
  return {.restart = {.when = when, .first = 1ms, .most = 4ms, .max = max}};
}

TEST_F(RunTest, ARestartIsALineAndTooManyAreAFailureThatNamesThem) {
  const Process three = again(Restart::kOnFailure, RestartPolicy::Intensity{3, 1min});
  EXPECT_EQ(run({{"a", "exit 3", {.process = three}}, {"b", "exec sleep 1000"}}), "exits 3");
  EXPECT_THAT(ear.serious(),
              ElementsAre("warning: a failed: exit code 3; restarted in 1ms (1 of 3 in 1m)",
                          "warning: a failed: exit code 3; restarted in 2ms (2 of 3 in 1m)",
                          AllOf(HasSubstr("warning: a failed: exit code 3; restarted in "),
                                HasSubstr(" (3 of 3 in 1m)")),
                          AllOf(HasSubstr("error: a failed: exit code 3, after 3 restarts in "),
                                HasSubstr(" (max: 3 in 1m); the graph stops"))));
  EXPECT_THAT(ear.words.back(), HasSubstr("; 3 restarts (a: 3)"));
}

TEST_F(RunTest, TheLastWordsOfAFailureAreThoseOfItsLastLife) {
  const Process once = again(Restart::kOnFailure, RestartPolicy::Intensity{1, 1min});
  EXPECT_EQ(run({{"a",
                  "[ -e $T/life ] || { touch $T/life; echo first; exit 1; }; echo second; exit 2",
                  {.process = once}}}),
            "exits 2");
  EXPECT_THAT(ear.lines, ElementsAre("a out: first", "a out: second"));
  EXPECT_THAT(ear.serious().back(), HasSubstr("its last words:\nsecond"));
}

TEST_F(RunTest, ANewReaderGoesOnWhereTheDeadOneStopped) {
  pipe("w", "r");
  EXPECT_EQ(run({{"w", "printf '1\\n2\\n3\\n'; touch $T/written"},
                 {"r",
                  "while [ ! -e $T/written ]; do :; done; read -r x || exit 0; echo $x; exit 1",
                  {.rank = 1, .process = again(Restart::kOnFailure)}}}),
            "exits 0");
  EXPECT_THAT(ear.lines, ElementsAre("r out: 1", "r out: 2", "r out: 3"));
  EXPECT_THAT(ear.serious(), ElementsAre(HasSubstr("(1 so far); 4 bytes of pipe 'w|r' are unread"),
                                         HasSubstr("(2 so far); 2 bytes of pipe 'w|r' are unread"),
                                         AllOf(HasSubstr("(3 so far)"), testing::Not(HasSubstr("unread")))));
}

TEST_F(RunTest, AReaderSeesNoEndBetweenTwoLivesOfItsWriter) {
  pipe("w", "r");
  EXPECT_EQ(run({{"w",
                  "[ -e $T/life ] || { touch $T/life; echo one; exit 1; }; echo two",
                  {.process = again(Restart::kOnFailure)}},
                 {"r", "cat; echo end", {.rank = 1}}}),
            "exits 0");
  EXPECT_THAT(ear.lines, ElementsAre("r out: one", "r out: two", "r out: end"));
}

TEST_F(RunTest, AWriterWaitsForItsReadersNextLife) {
  pipe("w", "r");
  // More than a pipe holds: the writer is in the middle when its reader dies.
  EXPECT_EQ(run({{"w", "exec seq 100000"},
                 {"r",
                  "[ -e $T/life ] || { touch $T/life; read -r x; exit 1; }; tail -n 1",
                  {.rank = 1, .process = again(Restart::kOnFailure)}}}),
            "exits 0");
  EXPECT_THAT(ear.lines, ElementsAre("r out: 100000"));
}

// Whichever of the two is heard of first: again and again, for the kernel decides.
TEST_F(RunTest, WhoHasSeenTheEndOfItsDataIsNotStartedAgain) {
  pipe("w", "r");
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(run({{"w", "echo x"},
                   {"r",
                    "exec cat",
                    {.rank = 1, .process = again(Restart::kAlways, RestartPolicy::Intensity{3, 1min})}}}),
              "exits 0");
    EXPECT_THAT(ear.serious(), IsEmpty());
  }
}

TEST_F(RunTest, WhoLeavesDataIsStartedAgainUntilThereIsNone) {
  pipe("w", "r");
  EXPECT_EQ(run({{"w", "printf '1\\n2\\n3\\n'"},
                 {"r", "read -r x || exit 0; echo $x", {.rank = 1, .process = again(Restart::kAlways)}}}),
            "exits 0");
  EXPECT_THAT(ear.lines, ElementsAre("r out: 1", "r out: 2", "r out: 3"));
  EXPECT_THAT(ear.serious().front(), HasSubstr("warning: r ended: exit code 0; restarted in 1ms (1 so far)"));
}

TEST_F(RunTest, AWriterThatIsCutOffIsNotStartedAgain) {
  pipe("yes", "head");
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(
        run({{"yes", "exec yes", {.process = again(Restart::kAlways, RestartPolicy::Intensity{3, 1min})}},
             {"head", "exec head -n 1", {.rank = 1}}}),
        "exits 0");
    EXPECT_THAT(ear.serious(), IsEmpty());
  }
}

TEST_F(RunTest, AWriterIsCutOffWhenItsReadersRestartsAreSpent) {
  pipe("yes", "r");
  const Process once = again(Restart::kOnFailure, RestartPolicy::Intensity{1, 1min});
  Process ignored = once;
  ignored.on_failure = OnFailure::kIgnore;
  EXPECT_EQ(run({{"yes", "exec yes"}, {"r", "exit 1", {.rank = 1, .process = ignored}}}), "exits 141");
}

TEST_F(RunTest, NothingOfALifeIsThereInTheNext) {
  EXPECT_EQ(run({{"a",
                  "[ -e $T/pid ] && { kill -0 $(cat $T/pid) 2>/dev/null && echo alive; exit 0; }\n"
                  "sleep 1000 & echo $! >$T/pid; exit 1",
                  {.process = again(Restart::kOnFailure)}}}),
            "exits 0");
  EXPECT_THAT(ear.lines, IsEmpty());
}

TEST_F(RunTest, AStopBetweenTwoLivesIsTheEnd) {
  Process slow = again(Restart::kOnFailure);
  slow.restart.first = slow.restart.most = 1h;
  ear.on_word = [](const std::string& word) {
    if (word.find("restarted in 1h") != word.npos) ::kill(::getpid(), SIGTERM);
  };
  EXPECT_EQ(run({{"a", "exit 1", {.process = slow}}, {"b", "exec sleep 1000"}}), "dies of SIGTERM");
}

TEST_F(RunTest, AGraphThatStopsHoldsNoEndOfAPipe) {
  pipe("w", "r");
  // The writer ends by the signal; its reader sees the end though both might have been started again.
  EXPECT_EQ(run({{"w", "kill -TERM $PPID; exec sleep 1000", {.process = again(Restart::kAlways)}},
                 {"r", "cat; echo end", {.rank = 1, .process = again(Restart::kAlways)}}}),
            "dies of SIGTERM");
  EXPECT_THAT(ear.lines, ElementsAre("r out: end"));
}

TEST_F(RunTest, ATimeoutIsOfEachLife) {
  Process process = again(Restart::kOnFailure);
  process.timeout = 50ms;
  EXPECT_EQ(run({{"a", "[ -e $T/life ] && exit 0; touch $T/life; exec sleep 1000", {.process = process}}}),
            "exits 0");
  // On a slow machine a later life may take as long to begin.
  ASSERT_FALSE(ear.serious().empty());
  EXPECT_THAT(ear.serious().front(), HasSubstr("warning: a failed: it still ran after 50ms, its timeout; "
                                               "restarted in 1ms (1 so far)"));
}

}  // namespace
}  // namespace procgraph
