// What queues, topics and pipes promise, in whatever language their processes are written. (In C++, and in
// more cases, tests/sdk/conformance_test.cc says the same of what lies below.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "stage.h"

namespace procgraph::conformance {
namespace {

constexpr int kFew = 4;  // that fit into a queue or a topic

struct Case {
  Driver driver;
  std::string kind;
};
void PrintTo(const Case& each, std::ostream* out) {
  *out << each.driver.language << ' ' << each.kind;
}

std::vector<Case> cases(const std::vector<std::string>& kinds) {
  std::vector<Case> all;
  for (const std::string& kind : kinds)
    for (const Driver& driver : drivers_of(kind)) all.push_back({driver, kind});
  return all;
}

std::string name_of(const testing::TestParamInfo<Case>& each) {
  return each.param.driver.language + "_" + each.param.kind;
}

// The processes "w", which writes the channel "q", and "r", which reads it.
std::string graph(const std::string& kind, const std::string& of_both = "") {
  const std::string options = kind == "queue"   ? "{ capacity: 4, max_message: 64KiB }"
                              : kind == "topic" ? "{ history: 4, max_message: 64KiB }"
                                                : "{}";
  return "processes:\n"
         "  w: { command: DRIVER, writes: q" +
         of_both +
         " }\n"
         "  r: { command: DRIVER, reads: q" +
         of_both + " }\n" + kind + "s: { q: " + options + " }\n";
}

std::string put(std::string_view text, const std::string& time = "forever") {
  return "put q " + in_hex(text) + " " + time;
}
std::string got(std::string_view text, int deliveries = 1) {
  return "ok " + in_hex(text) + " " + std::to_string(deliveries);
}

class Messages : public testing::TestWithParam<Case> {
 protected:
  // Takes the next and is done with it.
  static std::string take(Actor& reader, const std::string& time = "forever") {
    std::string answer = reader.ask("get q " + time);
    if (answer.starts_with("ok")) (void)reader.ask("ack q");
    return answer;
  }
};

TEST_P(Messages, ComeInOrderAndThenTheEndAgainAndAgain) {
  Stage stage(GetParam().driver, graph(GetParam().kind));
  {
    Actor r = stage.actor("r");
    {
      Actor w = stage.actor("w");
      for (int i = 0; i < 20; ++i) {
        w.tell(put(std::to_string(i)));
        EXPECT_EQ(take(r), got(std::to_string(i)));
        EXPECT_EQ(w.answer(), "ok");
      }
      for (int i = 0; i < kFew; ++i) EXPECT_EQ(w.ask(put(std::to_string(i))), "ok");
    }
    for (int i = 0; i < kFew; ++i) EXPECT_EQ(take(r), got(std::to_string(i)));
    EXPECT_EQ(take(r), "end");
    EXPECT_EQ(take(r, "0"), "end");
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(Messages, HaveAnySize) {
  Stage stage(GetParam().driver, graph(GetParam().kind));
  {
    Actor w = stage.actor("w"), r = stage.actor("r");
    for (const std::size_t size : {0, 1, 80, 81, 4095, 4096, 4097, 65535, 65536}) {
      const std::string text(size, static_cast<char>('a' + size % 26));
      w.tell(put(text));
      EXPECT_EQ(take(r), got(text));
      EXPECT_EQ(w.answer(), "ok");
    }
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(Messages, AreWaitedForNoLongerThanIsWanted) {
  Stage stage(GetParam().driver, graph(GetParam().kind));
  {
    Actor w = stage.actor("w"), r = stage.actor("r");
    EXPECT_EQ(r.ask("get q 0"), "time");
    EXPECT_EQ(r.ask("get q 1"), "time");
    r.tell("get q forever");
    EXPECT_EQ(w.ask(put("came")), "ok");
    EXPECT_EQ(r.answer(), got("came"));
    (void)r.ask("ack q");
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(Messages, EndWhenTheirWriterClosesThoughItLives) {
  Stage stage(GetParam().driver, graph(GetParam().kind));
  {
    Actor w = stage.actor("w"), r = stage.actor("r");
    EXPECT_EQ(w.ask(put("last")), "ok");
    EXPECT_EQ(w.ask("close q"), "ok");
    EXPECT_EQ(take(r), got("last"));
    EXPECT_EQ(take(r), "end");
    EXPECT_EQ(w.ask(put("x")), "closed");
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(Messages, AreRefusedOnceNobodyReads) {
  Stage stage(GetParam().driver, graph(GetParam().kind));
  {
    Actor w = stage.actor("w");
    { Actor r = stage.actor("r"); }
    std::string answer = "ok";
    while (answer == "ok") answer = w.ask(put(std::string(4000, 'x')));
    EXPECT_EQ(answer, "no_readers");
  }
  EXPECT_EQ(stage.wait().code, 0);
}

INSTANTIATE_TEST_SUITE_P(Of, Messages, testing::ValuesIn(cases({"queue", "topic", "pipe"})), name_of);

// What only those promise that are acknowledged.
using AcknowledgedMessages = Messages;

TEST_P(AcknowledgedMessages, WaitForRoom) {
  Stage stage(GetParam().driver, graph(GetParam().kind));
  {
    Actor w = stage.actor("w"), r = stage.actor("r");
    for (int i = 0; i < kFew; ++i) EXPECT_EQ(w.ask(put("x", "0")), "ok");
    EXPECT_EQ(w.ask(put("x", "0")), "time");
    EXPECT_EQ(w.ask(put("x", "1")), "time");
    w.tell(put("y"));
    EXPECT_EQ(take(r), got("x"));
    EXPECT_EQ(w.answer(), "ok");
    for (int i = 1; i < kFew; ++i) EXPECT_EQ(take(r), got("x"));
    EXPECT_EQ(take(r), got("y"));
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(AcknowledgedMessages, HaveALargestSize) {
  Stage stage(GetParam().driver, graph(GetParam().kind));
  {
    Actor w = stage.actor("w"), r = stage.actor("r");
    EXPECT_EQ(w.ask(put(std::string(65537, 'x'))), "too_large");
    EXPECT_EQ(w.ask(put("after")), "ok");
    EXPECT_EQ(take(r), got("after"));
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(AcknowledgedMessages, ThatAreGivenBackComeAgainBeforeLaterOnes) {
  Stage stage(GetParam().driver, graph(GetParam().kind));
  {
    Actor w = stage.actor("w"), r = stage.actor("r");
    EXPECT_EQ(w.ask(put("first")), "ok");
    EXPECT_EQ(w.ask(put("second")), "ok");
    EXPECT_EQ(r.ask("get q forever"), got("first"));
    EXPECT_EQ(r.ask("nack q"), "ok");
    EXPECT_EQ(take(r), got("first", 2));
    EXPECT_EQ(take(r), got("second"));
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(AcknowledgedMessages, ThatAKilledReaderHeldComeAgainInItsNextLife) {
  Stage stage(GetParam().driver,
              graph(GetParam().kind, ", restart: { policy: on_failure, backoff: 1ms, max: 100 in 1m }"));
  {
    Actor w = stage.actor("w");
    for (const char* text : {"done", "held", "left"}) EXPECT_EQ(w.ask(put(text)), "ok");
    {
      Actor r = stage.actor("r");
      EXPECT_EQ(take(r), got("done"));
      EXPECT_EQ(r.ask("get q forever"), got("held"));
      r.kill();
    }
    Actor r = stage.actor("r");
    EXPECT_EQ(take(r), got("held", 2));
    EXPECT_EQ(take(r), got("left"));
    EXPECT_EQ(r.ask("get q 0"), "time");
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(AcknowledgedMessages, ThatAKilledWriterHadPutAreDelivered) {
  Stage stage(GetParam().driver,
              graph(GetParam().kind, ", restart: { policy: on_failure, backoff: 1ms, max: 100 in 1m }"));
  {
    Actor r = stage.actor("r");
    {
      Actor w = stage.actor("w");
      EXPECT_EQ(w.ask(put("one")), "ok");
      EXPECT_EQ(w.ask(put("two")), "ok");
      w.kill();
    }
    {
      Actor w = stage.actor("w");
      EXPECT_EQ(w.ask(put("three")), "ok");
    }
    for (const char* text : {"one", "two", "three"}) EXPECT_EQ(take(r), got(text));
    EXPECT_EQ(take(r), "end");
  }
  EXPECT_EQ(stage.wait().code, 0);
}

INSTANTIATE_TEST_SUITE_P(Of, AcknowledgedMessages, testing::ValuesIn(cases({"queue", "topic"})), name_of);

// Writers and readers of the SDK and of none at one queue, each of which takes what any of them has put, and
// what any of them had when it was killed.
TEST(MixedMessages, GoFromAnyLanguageToAnyOther) {
  constexpr int kEach = 200;
  const std::string page = in_yaml({"ByThePage", BY_THE_PAGE});
  const std::string again = ", restart: { policy: on_failure, backoff: 1ms, max: 100 in 1m } }\n";
  Stage stage({"Cpp", DRIVER},
              "processes:\n  w1: { command: DRIVER, writes: q }\n  w2: { command: " + page +
                  ", writes: q }\n  r1: { command: DRIVER, reads: q" + again + "  r2: { command: " + page +
                  ", reads: q" + again +
                  "queues: { q: { capacity: 4, max_message: 64KiB, max_deliveries: 50 } }\n");
  std::multiset<std::string> put, got;
  {
    std::optional<Actor> w1(stage.actor("w1")), w2(stage.actor("w2"));
    std::map<std::string, std::optional<Actor>> readers;
    for (const char* name : {"r1", "r2"}) readers[name].emplace(stage.actor(name));
    for (int i = 0; i < kEach; ++i) {
      for (auto* writer : {&*w1, &*w2}) {
        const std::string text(static_cast<std::size_t>(i * 37 % 5000), static_cast<char>('a' + i % 26));
        put.insert(in_hex(text));
        writer->tell("put q " + in_hex(text) + " forever");
        auto& reader = readers[i % 3 == 0 ? "r1" : "r2"];
        std::string answer = reader->ask("get q forever");
        ASSERT_TRUE(answer.starts_with("ok ")) << answer;
        if (i % 40 == 7) {  // it dies, or gives the message back, and any of the two gets it
          if (i % 80 == 7) {
            reader->kill();
            const std::string name = reader->name();
            reader.reset();
            reader.emplace(stage.actor(name));
          } else {
            EXPECT_EQ(reader->ask("nack q"), "ok");
          }
          auto& other = readers[i % 3 == 0 ? "r2" : "r1"];
          answer = other->ask("get q forever");
          EXPECT_THAT(answer, testing::EndsWith(" 2"));
          EXPECT_EQ(other->ask("ack q"), "ok");
        } else {
          EXPECT_EQ(reader->ask("ack q"), "ok");
        }
        got.insert(answer.substr(3, answer.rfind(' ') - 3));
        EXPECT_EQ(writer->answer(), "ok");
      }
    }
    EXPECT_EQ(w1->ask("close q"), "ok");
    readers["r1"]->tell("get q forever");
    readers["r2"]->tell("get q forever");
    EXPECT_EQ(w2->ask("close q"), "ok");
    for (auto& [name, reader] : readers) EXPECT_EQ(reader->answer(), "end") << name;
  }
  EXPECT_EQ(got, put);
  EXPECT_EQ(stage.wait().code, 0);
}

}  // namespace
}  // namespace procgraph::conformance
