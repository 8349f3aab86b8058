// What a run has said lately: numbers, the bound, and that everything passes on.
#include "report/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "channels.h"

namespace procgraph {
namespace {

class JournalTest : public ::testing::Test {
 protected:
  static nlohmann::json read(const Journal& journal, std::uint64_t sequence) {
    nlohmann::json record = nlohmann::json::parse(journal.at(sequence).json());
    record.erase("time");
    return record;
  }

  Sink out = Sink::pipe(), err = Sink::pipe();
  std::unique_ptr<Reporter> console = make_reporter({}, out.writer(), err.writer());
};

TEST_F(JournalTest, KeepsLinesWordsAndEventsInTheirOrder) {
  Journal journal(*console);
  EXPECT_EQ(journal.first(), journal.end());
  journal.line({"m"}, LogStream::kErr, "hello", false);
  journal.warning("take care");
  const std::array<Field, 1> fields{Field{"pid", std::int64_t{42}}};
  journal.event("started", "m", fields);
  ASSERT_EQ(journal.end() - journal.first(), 3U);
  EXPECT_EQ(read(journal, 1), (nlohmann::json{{"process", "m"}, {"stream", "stderr"}, {"line", "hello"}}));
  EXPECT_EQ(read(journal, 2), (nlohmann::json{{"level", "warning"}, {"message", "take care"}}));
  EXPECT_EQ(read(journal, 3), (nlohmann::json{{"event", "started"}, {"process", "m"}, {"pid", 42}}));
  EXPECT_EQ(journal.at(1).process, "m");
  EXPECT_EQ(journal.at(2).kind, Journal::Kind::kWords);
}

TEST_F(JournalTest, WhatPassesThroughItIsReported) {
  Journal journal(*console);
  journal.line({"m"}, LogStream::kOut, "hello", false);
  journal.error("no");
  EXPECT_TRUE(journal.flush());
  EXPECT_THAT(out.read(), ::testing::HasSubstr("hello"));
  EXPECT_EQ(err.read(), "procgraph: no\n");
}

TEST_F(JournalTest, TheOldestGoWhenThereIsNoRoomAndNumbersGoOn) {
  constexpr std::size_t kMost = 4096;
  Journal journal(*console, kMost);
  for (int i = 0; i < 1000; ++i) {
    journal.line({"m"}, LogStream::kOut, std::to_string(i), false);
    (void)console->flush();
    (void)out.read();
  }
  EXPECT_EQ(journal.end(), 1001U);
  std::size_t size = 0;
  for (std::uint64_t at = journal.first(); at < journal.end(); ++at) size += Journal::size_of(journal.at(at));
  EXPECT_LE(size, kMost);
  EXPECT_GT(size + Journal::size_of(journal.at(journal.end() - 1)), kMost) << "it keeps what it can";
  EXPECT_EQ(read(journal, 1000)["line"], "999");
}

TEST_F(JournalTest, ARecordLargerThanAllRoomIsKeptAlone) {
  Journal journal(*console, 100);
  journal.news("small");
  journal.news(std::string(1000, 'x'));
  EXPECT_EQ(journal.first(), 2U);
  EXPECT_EQ(journal.end(), 3U);
}

// Around the ring's end many times, with records of all sizes.
TEST_F(JournalTest, WhatIsThereIsWhatWasSaid) {
  Journal journal(*console, 10'000);
  std::vector<std::string> said{""};
  for (std::size_t i = 1; i <= 3000; ++i) {
    said.push_back(std::string(i * 7919 % 1500, static_cast<char>('a' + i % 26)));
    journal.line({"m"}, LogStream::kOut, said.back(), i % 2 == 0);
    (void)console->flush();
    (void)out.read();
    ASSERT_EQ(journal.end(), said.size());
    for (std::uint64_t at = journal.first(); at < journal.end(); ++at) {
      ASSERT_EQ(journal.at(at).text, said[at]) << at;
      ASSERT_EQ(journal.at(at).process, "m");
      ASSERT_EQ(journal.at(at).cut, at % 2 == 0);
    }
  }
}

TEST_F(JournalTest, TellsOfEachRecord) {
  Journal journal(*console);
  int told = 0;
  journal.on_record([&] { ++told; });
  journal.news("one");
  journal.event("two", "", {});
  EXPECT_EQ(told, 2);
}

}  // namespace
}  // namespace procgraph
