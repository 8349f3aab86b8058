// A process that dies of SIGPIPE, or exits 141, and writes a channel of this graph is judged late, by its
// readers.
#include <gtest/gtest.h>

#include "scene.h"

namespace procgraph {
namespace {

Scene sorted_head(Role head = {}) {
  Scene scene =
      play({{.name = "sort", .writes = {"p"}}, {.name = "head", .reads = {"p"}, .role = std::move(head)}});
  scene.begin().start_all().news();
  return scene;
}

TEST(CutOff, AWriterWhoseReaderSucceededIsNoFailure) {
  for (const Exit end : {Exit{.signal = SIGPIPE}, Exit{.code = 141}}) {
    Scene scene = sorted_head();
    EXPECT_EQ(scene.exits("head", 0).ends("sort", end).news(), "done 0");
    EXPECT_EQ(scene.verdict("sort"), Verdict::kCutOff);
  }
}

TEST(CutOff, TheVerdictWaitsForTheReaders) {
  Scene scene = sorted_head();
  EXPECT_EQ(scene.dies("sort", SIGPIPE).news(), "");
  EXPECT_EQ(scene.verdict("sort"), Verdict::kLate);
  EXPECT_EQ(scene.exits("head", 0).news(), "done 0");
}

TEST(CutOff, AWriterWhoseReaderFailedHasFailedAtItsOwnTime) {
  Scene scene = sorted_head({.on_failure = OnFailure::kFinish});
  scene.dies("sort", SIGPIPE).news();
  EXPECT_EQ(scene.exits("head", 1).news(), "failed head 1 goes on; failed sort 141 stops; done 141");
}

TEST(CutOff, AReaderThatFailedFirstIsTheRunsCode) {
  Scene scene = sorted_head({.on_failure = OnFailure::kFinish});
  scene.exits("head", 1).news();
  EXPECT_EQ(scene.dies("sort", SIGPIPE).news(), "failed sort 141 stops; done 1");
}

TEST(CutOff, ALateFailureStopsTheGraphWhenItIsKnown) {
  Scene scene = play({{.name = "sort", .writes = {"p"}},
                      {.name = "head", .reads = {"p"}, .role = {.on_failure = OnFailure::kIgnore}},
                      {.name = "other"}});
  scene.begin().start_all().dies("sort", SIGPIPE).news();
  EXPECT_EQ(scene.exits("head", 1).news(),
            "failed head 1 ignored; failed sort 141 stops; stopping: failure; ask other 15");
}

TEST(CutOff, SuccessGoesUpAChain) {
  Scene scene = play({{.name = "a", .writes = {"p"}},
                      {.name = "b", .reads = {"p"}, .writes = {"q"}},
                      {.name = "c", .reads = {"q"}}});
  scene.begin().start_all();
  scene.dies("a", SIGPIPE).dies("b", SIGPIPE).news();
  EXPECT_EQ(scene.exits("c", 0).news(), "done 0");
}

TEST(CutOff, FailureGoesUpAChain) {
  const Role finish{.on_failure = OnFailure::kFinish};
  Scene scene = play({{.name = "a", .writes = {"p"}, .role = finish},
                      {.name = "b", .reads = {"p"}, .writes = {"q"}, .role = finish},
                      {.name = "c", .reads = {"q"}, .role = finish}});
  scene.begin().start_all();
  scene.dies("b", SIGPIPE).dies("a", SIGPIPE).news();
  EXPECT_EQ(scene.exits("c", 9).news(),
            "failed c 9 goes on; failed b 141 goes on; failed a 141 goes on; done 141");
}

TEST(CutOff, OneChannelWhoseReadersAllSucceededIsEnough) {
  Scene scene = play({{.name = "w", .writes = {"p", "q"}},
                      {.name = "good", .reads = {"p"}},
                      {.name = "bad", .reads = {"q"}, .role = {.on_failure = OnFailure::kIgnore}}});
  scene.begin().start_all().dies("w", SIGPIPE).exits("bad", 1).news();
  EXPECT_EQ(scene.verdict("w"), Verdict::kLate);  // until the readers of each channel have ended
  EXPECT_EQ(scene.exits("good", 0).news(), "done 0");
}

TEST(CutOff, OfAChannelWithSeveralReadersAllMustHaveSucceeded) {
  Scene scene = play({{.name = "w", .writes = {"q"}},
                      {.name = "good", .reads = {"q"}},
                      {.name = "bad", .reads = {"q"}, .role = {.on_failure = OnFailure::kIgnore}}});
  scene.begin().start_all().dies("w", SIGPIPE).exits("good", 0).news();
  EXPECT_EQ(scene.exits("bad", 1).news(), "failed bad 1 ignored; failed w 141 stops; done 141");
}

TEST(CutOff, AllReplicasOfAReaderMustHaveEnded) {
  Scene scene = play({{.name = "w", .writes = {"q"}}, {.name = "r", .reads = {"q"}, .role = {.count = 2}}});
  scene.begin().start_all().dies("w", SIGPIPE).exits("r.0", 0).news();
  EXPECT_EQ(scene.verdict("w"), Verdict::kLate);
  EXPECT_EQ(scene.exits("r.1", 0).news(), "done 0");
}

TEST(CutOff, AServiceAmongTheReadersCountsAsEndedAtOnce) {
  Scene scene = play({{.name = "w", .writes = {"p"}},
                      {.name = "db", .reads = {"p"}, .role = {.service = true}},
                      {.name = "other"}});
  scene.begin().start_all().news();
  EXPECT_EQ(scene.dies("w", SIGPIPE).news(), "");
  EXPECT_EQ(scene.verdict("w"), Verdict::kCutOff);
}

TEST(CutOff, AReaderThatWeStoppedDidNotFail) {
  Scene scene = sorted_head();
  scene.signal(SIGTERM).dies("sort", SIGPIPE).wait(5s).news();
  EXPECT_EQ(scene.dies("head", SIGTERM).news(), "dies of 15");
  EXPECT_EQ(scene.verdict("sort"), Verdict::kCutOff);
}

TEST(CutOff, AReaderThatWasSkippedDidNotFail) {
  Scene scene = play({{.name = "job", .role = {.on_failure = OnFailure::kIgnore}},
                      {.name = "w", .writes = {"p"}},
                      {.name = "r", .reads = {"p"}, .after = {{"job", Condition::kSucceeded}}}});
  scene.begin().start_all().exits("job", 1).news();
  EXPECT_EQ(scene.dies("w", SIGPIPE).news(), "done 0");
}

TEST(CutOff, TwoThatWaitForEachOthersVerdictsOnlyHaveFailed) {
  const Role finish{.on_failure = OnFailure::kFinish};
  Scene scene = play({{.name = "a", .reads = {"q"}, .writes = {"p"}, .role = finish},
                      {.name = "b", .reads = {"p"}, .writes = {"q"}, .role = finish}});
  scene.begin().start_all().dies("b", SIGPIPE).news();
  EXPECT_EQ(scene.dies("a", SIGPIPE).news(), "failed b 141 goes on; failed a 141 goes on; done 141");
}

TEST(CutOff, ACircleIsCutOffByASuccessBehindIt) {
  Scene scene = play({{.name = "a", .reads = {"q"}, .writes = {"p"}},
                      {.name = "b", .reads = {"p"}, .writes = {"q", "out"}},
                      {.name = "head", .reads = {"out"}}});
  scene.begin().start_all().dies("a", SIGPIPE).dies("b", SIGPIPE).news();
  EXPECT_EQ(scene.exits("head", 0).news(), "done 0");
}

TEST(CutOff, ADuplexPipeIsJudgedByItsOtherEnd) {
  Scene scene =
      play({{.name = "a", .reads = {"p"}, .writes = {"p"}}, {.name = "b", .reads = {"p"}, .writes = {"p"}}});
  scene.begin().start_all().exits("b", 0).news();
  EXPECT_EQ(scene.dies("a", SIGPIPE).news(), "done 0");
}

TEST(CutOff, AfterUsesThatVerdict) {
  Scene scene = play({{.name = "sort", .writes = {"p"}},
                      {.name = "head", .reads = {"p"}},
                      {.name = "next", .after = {{"sort", Condition::kSucceeded}}},
                      {.name = "alert", .after = {{"sort", Condition::kFailed}}}});
  scene.begin().start_all().dies("sort", SIGPIPE).news();
  EXPECT_EQ(scene.exits("head", 0).news(), "launch next; skipped alert because of sort");
}

TEST(CutOff, AProcessThatWritesNoChannelHasFailedAtOnce) {
  Scene scene = play({{.name = "a"}});
  EXPECT_EQ(scene.begin().start_all().dies("a", SIGPIPE).news(), "launch a; failed a 141 stops; done 141");
}

TEST(CutOff, Exit141IsPlainSuccessWhereItIsAnOkCode) {
  Scene scene =
      play({{.name = "a", .writes = {"p"}, .role = {.ok_codes = {0, 141}}}, {.name = "b", .reads = {"p"}}});
  scene.begin().start_all().exits("a", 141).news();
  EXPECT_EQ(scene.verdict("a"), Verdict::kSucceeded);
}

}  // namespace
}  // namespace procgraph
