// What shared memory promises, in whatever language its processes are written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "stage.h"

namespace procgraph::conformance {
namespace {

using testing::AnyOf;
using testing::StartsWith;

class SharedMemory : public testing::TestWithParam<Driver> {
 protected:
  // The processes "w", which writes the area "a", and "r" and "s", which read it.
  static std::string graph(const std::string& area, const std::string& more = "") {
    return "processes:\n"
           "  w: { command: DRIVER, writes: a" +
           more +
           " }\n"
           "  r: { command: DRIVER, reads: a" +
           more +
           " }\n"
           "  s: { command: DRIVER, reads: a" +
           more +
           " }\n"
           "shared_memory: { a: { " +
           area + " } }\n";
  }
  static std::string ok_hex(std::string_view bytes) { return "ok " + in_hex(bytes); }
};

TEST_P(SharedMemory, BeginsAsItsFileAndThenZeros) {
  Stage stage(GetParam(), graph("size: 12, initial: start"), {{"start", "from a file"}});
  const std::string expected = ok_hex(std::string("from a file\0", 12));
  EXPECT_EQ(stage.actor("r").ask("peek a 0 12"), expected);
  EXPECT_EQ(stage.actor("s").ask("read a 0 12 forever"), expected);
  EXPECT_EQ(stage.actor("w").ask("peek a 0 12"), expected);
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(SharedMemory, ShowsAWriteToEverybodyAndCountsIt) {
  Stage stage(GetParam(), graph("size: 4KiB"));
  {
    Actor w = stage.actor("w"), r = stage.actor("r"), s = stage.actor("s");
    EXPECT_EQ(r.ask("version a"), "ok 0");
    EXPECT_EQ(w.ask("write a 4093 " + in_hex("end")), "ok");
    EXPECT_EQ(w.ask("write a 1 " + in_hex("unaligned, and longer than a word")), "ok");
    for (Actor* each : {&w, &r, &s}) {
      EXPECT_EQ(each->ask("read a 1 33 0"), ok_hex("unaligned, and longer than a word"));
      EXPECT_EQ(each->ask("peek a 4093 3"), ok_hex("end"));
      EXPECT_EQ(each->ask("version a"), "ok 2");
    }
    EXPECT_EQ(w.ask("write a 4094 " + in_hex("end")), "too_large");
    EXPECT_EQ(r.ask("read a 4094 3 0"), "too_large");
    EXPECT_EQ(r.ask("version a"), "ok 2");
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(SharedMemory, CannotBeWrittenByOneThatReads) {
  Stage stage(GetParam(), graph("size: 1KiB", ", on_failure: ignore"));
  {
    Actor w = stage.actor("w"), r = stage.actor("r"), s = stage.actor("s");
    EXPECT_THAT(r.ask("write a 0 " + in_hex("x")), StartsWith("refused"));
    EXPECT_THAT(r.ask("store a 0 1 2"), StartsWith("refused"));
    EXPECT_THAT(r.ask("add a 0 0 1"), StartsWith("refused"));
    // Whoever stores there dies of it, unless its language does not let it.
    EXPECT_THAT(s.ask("poke a 0 " + in_hex("x")), AnyOf("gone", StartsWith("refused")));
    EXPECT_EQ(w.ask("peek a 0 1024"), ok_hex(std::string(1024, '\0')));
    EXPECT_EQ(w.ask("version a"), "ok 0");
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(SharedMemory, WakesWhoWaitsForAChange) {
  Stage stage(GetParam(), graph("size: 64"));
  {
    Actor w = stage.actor("w"), r = stage.actor("r"), s = stage.actor("s");
    EXPECT_EQ(r.ask("change a 0 1"), "time");
    r.tell("change a 0 forever");
    s.tell("change a 0 forever");
    EXPECT_EQ(w.ask("write a 0 " + in_hex("x")), "ok");
    EXPECT_EQ(r.answer(), "ok 1");
    EXPECT_EQ(s.answer(), "ok 1");
    r.tell("change a 1 forever");
    EXPECT_EQ(w.ask("store a 8 1 2"), "ok");
    EXPECT_EQ(r.answer(), "ok 2");
    EXPECT_EQ(r.ask("change a 1 forever"), "ok 2") << "what has come already is not waited for";
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(SharedMemory, HasALockThatOneHoldsAtATime) {
  Stage stage(GetParam(), graph("size: 64, lock: true, sync: [other]"));
  {
    Actor w = stage.actor("w"), r = stage.actor("r"), s = stage.actor("s");
    EXPECT_EQ(w.ask("lock a . forever"), "ok");
    EXPECT_EQ(r.ask("lock a . 0"), "time");
    EXPECT_EQ(r.ask("lock a . 1"), "time");
    EXPECT_EQ(r.ask("lock a other 0"), "ok") << "each is a lock of its own";
    r.tell("lock a . forever");
    EXPECT_EQ(w.ask("unlock a ."), "ok");
    EXPECT_EQ(r.answer(), "ok");
    EXPECT_EQ(s.ask("lock a . 0"), "time");
    EXPECT_EQ(r.ask("unlock a ."), "ok");
    EXPECT_EQ(s.ask("lock a . 0"), "ok");
    EXPECT_EQ(s.ask("lock a other 0"), "time");
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(SharedMemory, GivesALockWhoseHolderDiedToTheNextAndTellsItOnce) {
  for (const std::string& name : {std::string("."), std::string("named")}) {
    Stage stage(GetParam(), graph("size: 64, lock: true, sync: [named]", ", on_failure: ignore"));
    {
      Actor w = stage.actor("w"), r = stage.actor("r"), s = stage.actor("s");
      EXPECT_EQ(w.ask("lock a " + name + " forever"), "ok");
      r.tell("lock a " + name + " forever");
      w.kill();
      EXPECT_EQ(r.answer(), "died");
      EXPECT_EQ(r.ask("unlock a " + name), "ok");
      EXPECT_EQ(s.ask("lock a " + name + " forever"), "ok");
    }
    EXPECT_EQ(stage.wait().code, 0);
  }
}

TEST_P(SharedMemory, IsRefusedALockThatTheFileDoesNotName) {
  Stage stage(GetParam(), graph("size: 64"));
  {
    Actor w = stage.actor("w"), r = stage.actor("r"), s = stage.actor("s");
    EXPECT_THAT(w.ask("lock a . 0"), StartsWith("refused"));
    EXPECT_THAT(w.ask("lock a other 0"), StartsWith("refused"));
  }
  EXPECT_EQ(stage.wait().code, 0);
}

// Wherever it was: the next to read sees one write as a whole, or is told that there is none.
TEST_P(SharedMemory, ShowsNoHalfOfAWriteWhoseWriterIsKilled) {
  constexpr int kKills = 20;
  Stage stage(GetParam(),
              graph("size: 64KiB", ", restart: { policy: on_failure, backoff: 1ms, max: 100 in 1m }"));
  {
    Actor r = stage.actor("r"), s = stage.actor("s");
    for (int i = 0; i < kKills; ++i) {
      Actor w = stage.actor("w");
      EXPECT_EQ(w.ask("write a 0 " + in_hex("mends what was torn")), "ok");
      EXPECT_EQ(w.ask("churn a 0 65536"), "ok");
      if (i % 2 == 0) {
        EXPECT_THAT(r.ask("change a 1 forever"), StartsWith("ok"));
      }
      w.kill();
      const std::string now = r.ask("read a 0 65536 forever");
      if (now == "torn") continue;
      const std::string bytes = from_hex(std::string_view(now).substr(3));
      EXPECT_EQ(bytes.size(), 65536U);
      const std::string first = "mends what was torn";
      EXPECT_TRUE(bytes.find_first_not_of(bytes[0]) == std::string::npos || bytes.starts_with(first)) << i;
    }
    Actor w = stage.actor("w");
    EXPECT_EQ(w.ask("write a 0 " + in_hex(std::string(65536, 'w'))), "ok");
    EXPECT_EQ(s.ask("read a 0 65536 0"), ok_hex(std::string(65536, 'w')));
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(SharedMemory, HasValuesThatAreAlwaysWholeWhoeverIsKilled) {
  constexpr int kKills = 10;
  Stage stage(GetParam(),
              graph("size: 4KiB", ", restart: { policy: on_failure, backoff: 1ms, max: 100 in 1m }"));
  {
    Actor r = stage.actor("r"), s = stage.actor("s");
    EXPECT_EQ(r.ask("load a 8"), "ok 0 0");
    for (int i = 0; i < kKills; ++i) {
      Actor w = stage.actor("w");
      EXPECT_EQ(w.ask("store a 8 7 21"), "ok");
      EXPECT_EQ(w.ask("churn_value a 8"), "ok");
      for (int look = 0; look < 50; ++look) {
        if (look == 40) w.kill();
        std::istringstream text(r.ask("load a 8"));
        std::string word;
        std::uint64_t one = 0, three = 0;
        text >> word >> one >> three;
        ASSERT_EQ(word, "ok");
        ASSERT_EQ(three, 3 * one);
      }
    }
    EXPECT_EQ(stage.actor("w").ask("store a 8 1 3"), "ok");
    EXPECT_EQ(s.ask("load a 8"), "ok 1 3");
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(SharedMemory, LosesNoAdditionToAnArray) {
  Stage stage(GetParam(),
              "processes: { w: { command: DRIVER, writes: a, replicas: 3 } }\n"
              "shared_memory: { a: { size: 520 } }\n");
  {
    Actor a = stage.actor("w.0"), b = stage.actor("w.1"), c = stage.actor("w.2");
    for (Actor* each : {&a, &b, &c}) each->tell("add a 8 63 30000");
    for (Actor* each : {&a, &b, &c}) EXPECT_EQ(each->answer(), "ok");
    EXPECT_EQ(a.ask("peek a 512 8"), "ok 905f010000000000");  // 90,000
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(SharedMemory, HasEventsThatLetEverybodyGoOn) {
  Stage stage(GetParam(), graph("size: 64, sync: [go]"));
  {
    Actor w = stage.actor("w"), r = stage.actor("r"), s = stage.actor("s");
    EXPECT_EQ(r.ask("wait a go 1"), "time");
    r.tell("wait a go forever");
    s.tell("wait a go forever");
    EXPECT_EQ(w.ask("set a go"), "ok");
    EXPECT_EQ(r.answer(), "ok");
    EXPECT_EQ(s.answer(), "ok");
    EXPECT_EQ(r.ask("wait a go 0"), "ok");
    EXPECT_EQ(r.ask("clear a go"), "ok");
    EXPECT_EQ(s.ask("wait a go 0"), "time");
    EXPECT_THAT(s.ask("lock a go 0"), StartsWith("refused")) << "it is an event already";
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(SharedMemory, HasSemaphoresOfWhichAnybodyMayReleaseAPermit) {
  Stage stage(GetParam(), graph("size: 64, sync: [two]"));
  {
    Actor w = stage.actor("w"), r = stage.actor("r"), s = stage.actor("s");
    EXPECT_EQ(w.ask("acquire a two forever"), "ok");
    EXPECT_EQ(w.ask("acquire a two 0"), "ok");
    EXPECT_EQ(r.ask("acquire a two 1"), "time");
    r.tell("acquire a two forever");
    EXPECT_EQ(s.ask("release a two"), "ok");
    EXPECT_EQ(r.answer(), "ok");
    EXPECT_EQ(s.ask("acquire a two 0"), "time");
  }
  EXPECT_EQ(stage.wait().code, 0);
}

INSTANTIATE_TEST_SUITE_P(Of, SharedMemory, testing::ValuesIn(drivers_of("shared_memory")),
                         [](const auto& driver) { return driver.param.language; });

}  // namespace
}  // namespace procgraph::conformance
