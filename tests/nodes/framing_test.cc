// How messages are told apart in bytes, both ways.
#include "framing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace procgraph::relay {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t kMax = 1000;

Framing framing_of(const std::string& word, const std::string& number = "") {
  return parse_framing(word, number).value();
}

// The messages in `bytes`, of which so many come at a time.
std::vector<std::string> split(const Framing& framing, std::string_view bytes,
                               std::size_t at_a_time = 1 << 16, std::size_t max = kMax) {
  Splitter splitter(framing, max);
  std::vector<std::string> all;
  while (!bytes.empty()) {
    const std::span<char> room = splitter.room();
    const std::size_t now = std::min({at_a_time, bytes.size(), room.size()});
    bytes.copy(room.data(), now);
    bytes.remove_prefix(now);
    splitter.filled(now);
    while (auto message = splitter.next()) all.emplace_back(*message);
  }
  if (auto last = splitter.finish()) all.emplace_back(*last);
  return all;
}

std::string joined(const Framing& framing, const std::vector<std::string>& messages) {
  std::string bytes;
  for (const std::string& message : messages) {
    add_head(framing, message.size(), bytes);
    bytes += message;
    bytes += tail(framing, message);
  }
  return bytes;
}

std::string complaint(const Framing& framing, std::string_view bytes, std::size_t max = kMax) {
  std::string last;
  for (const std::size_t at_a_time : {std::size_t{1}, std::size_t{7}, std::size_t{1 << 16}}) {
    try {
      static_cast<void>(split(framing, bytes, at_a_time, max));
      return "none";
    } catch (const Malformed& e) {
      EXPECT_TRUE(last.empty() || last == e.what()) << last << " but " << e.what();
      last = e.what();
    }
  }
  return last;
}

TEST(Framings, AreNamedByTheirWords) {
  EXPECT_EQ(framing_of("lines").kind, Framing::Kind::kLines);
  EXPECT_EQ(framing_of("record", "16").size, 16u);
  EXPECT_EQ(framing_of("chunks", "65536").kind, Framing::Kind::kChunks);
  for (const auto& [word, number] : {std::pair{"line", ""},
                                     {"lines", "3"},
                                     {"record", ""},
                                     {"record", "0"},
                                     {"record", "1x"},
                                     {"chunks", "-1"}})
    EXPECT_FALSE(parse_framing(word, number)) << word << number;
}

TEST(Framings, LinesEndWithANewlineButTheLastNeedNot) {
  const Framing lines = framing_of("lines");
  EXPECT_THAT(split(lines, "a\n\nb\r\n\0\xff\nc"s), ElementsAre("a", "", "b\r", "\0\xff"s, "c"));
  EXPECT_THAT(split(lines, "a\n"), ElementsAre("a"));
  EXPECT_THAT(split(lines, ""), IsEmpty());
}

TEST(Framings, ALineGetsANewlineWhereItHasNone) {
  EXPECT_EQ(joined(framing_of("lines"), {"a", "", "b\n", "c\r", "d\ne"}), "a\n\nb\nc\r\nd\ne\n");
  EXPECT_EQ(joined(framing_of("nul"), {"a\n", "", "b\0"s}), "a\n\0\0b\0"s);
}

TEST(Framings, WholeIsOneMessageHoweverItComes) {
  EXPECT_THAT(split(framing_of("whole"), "a\nb\0c"s, 1), ElementsAre("a\nb\0c"s));
  EXPECT_THAT(split(framing_of("whole"), ""), ElementsAre(""));
  EXPECT_EQ(joined(framing_of("whole"), {"a", "b"}), "ab");
}

TEST(Framings, ChunksAreCutAnywhereAndWrittenBackToBack) {
  const Framing chunks = framing_of("chunks", "4");
  EXPECT_THAT(split(chunks, "abcdefghij"), ElementsAre("abcd", "efgh", "ij"));
  EXPECT_EQ(joined(chunks, {"abcdef", "", "g"}), "abcdefg");
}

TEST(Framings, WritesLengthsAsTheWireHasThem) {
  EXPECT_EQ(joined(framing_of("length"), {"hello", "", std::string(258, 'x')}),
            "\0\0\0\5hello\0\0\0\0\0\0\1\2"s + std::string(258, 'x'));
  EXPECT_EQ(joined(framing_of("netstring"), {"hello", "", "a,b"}), "5:hello,0:,3:a,b,");
}

// The largest message that may be passes, one byte more does not, and is not waited for.
TEST(Framings, AMessageThatIsTooLongIsRefusedAsSoonAsThatIsKnown) {
  const std::string most(kMax, 'x'), more(kMax + 1, 'x');
  for (const char* word : {"lines", "nul", "length", "netstring", "whole"}) {
    const Framing framing = framing_of(word);
    EXPECT_THAT(split(framing, joined(framing, {most})), ElementsAre(most)) << word;
    EXPECT_EQ(complaint(framing, joined(framing, {more})), "a message is longer than 1000 bytes") << word;
  }
  EXPECT_THAT(split(framing_of("lines"), most), ElementsAre(most));
  EXPECT_EQ(complaint(framing_of("lines"), more), "a message is longer than 1000 bytes");
  EXPECT_EQ(complaint(framing_of("length"), "\xff\xff\xff\xff"), "a message is longer than 1000 bytes");
  EXPECT_EQ(complaint(framing_of("netstring"), "1001:"), "a message is longer than 1000 bytes");
}

TEST(Framings, WhatEndsInTheMiddleOfAMessageIsRefused) {
  const std::string middle = "the input ends in the middle of a message: ";
  EXPECT_EQ(complaint(framing_of("record", "8"), "01234567abc"), middle + "5 of 8 bytes are missing");
  EXPECT_EQ(complaint(framing_of("length"), "\0\0\0\5hell"s), middle + "1 of 9 bytes are missing");
  EXPECT_EQ(complaint(framing_of("length"), "\0\0\0"s), middle + "its length is cut off");
  EXPECT_EQ(complaint(framing_of("netstring"), "5:hello"), middle + "1 of 8 bytes are missing");
  EXPECT_EQ(complaint(framing_of("netstring"), "12"), middle + "its length is cut off");
}

TEST(Framings, ANetstringThatIsNoneIsRefused) {
  const Framing netstring = framing_of("netstring");
  for (const char* bytes : {"hello", "-1:x,", ":x,", "01:x,", "00:,", "1 :x,",
                            "123456789012345678901:", "99999999999999999999:", "3:abc,x"})
    EXPECT_EQ(complaint(netstring, bytes), "a netstring does not begin with its length and a colon") << bytes;
  EXPECT_EQ(complaint(netstring, "3:abcd"), "a netstring does not end with a comma");
}

TEST(Framings, AMessageOfAnotherSizeIsNoRecord) {
  EXPECT_THROW(static_cast<void>(joined(framing_of("record", "4"), {"abc"})), Malformed);
}

// Random bytes, cut at random, come out of every framing as they went in.
TEST(Framings, GiveBackWhatTheyWereGiven) {
  std::mt19937 dice(1);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> messages(dice() % 20);
    for (std::string& message : messages) {
      message.resize(round % 3 == 0 ? 12 : dice() % (round % 2 == 0 ? 20 : kMax));
      for (char& c : message) c = static_cast<char>(dice() % 4 == 0 ? dice() % 12 : dice());
    }
    const std::size_t at_a_time = 1 + dice() % 300;
    for (const char* word : {"length", "netstring"}) {
      const Framing framing = framing_of(word);
      EXPECT_EQ(split(framing, joined(framing, messages), at_a_time), messages) << word;
    }
    for (const auto& [word, mark] : {std::pair{"lines", '\n'}, {"nul", '\0'}}) {
      auto clean = messages;
      for (std::string& message : clean) std::erase(message, mark);
      const Framing framing = framing_of(word);
      EXPECT_EQ(split(framing, joined(framing, clean), at_a_time), clean) << word;
    }
    if (round % 3 != 0) continue;
    const Framing records = framing_of("record", "12");
    EXPECT_EQ(split(records, joined(records, messages), at_a_time), messages);
  }
}

TEST(Framings, ALongMessageComesInAnyNumberOfReads) {
  const std::string longest(5'000'000, 'x');
  const Framing lines = framing_of("lines");
  EXPECT_THAT(split(lines, longest + "\nshort\n", 4096, longest.size()), ElementsAre(longest, "short"));
}

}  // namespace
}  // namespace procgraph::relay
