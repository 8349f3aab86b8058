#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "base/text.h"
#include "channels.h"
#include "report/json_text.h"
#include "report/reporter.h"

namespace procgraph {
namespace {

const ReportOptions kJson{.format = LogFormat::kJson};

nlohmann::json without_time(const std::string& line) {
  nlohmann::json record = nlohmann::json::parse(line);
  const std::string time = record["time"];
  EXPECT_EQ(time.size(), std::string("2026-01-02T03:04:05.678Z").size()) << time;
  record.erase("time");
  return record;
}

TEST(JsonLines, EachLineOfAProcessIsOneObject) {
  const Sink out = Sink::pipe(), err = Sink::pipe();
  const auto reporter = make_reporter(kJson, out.writer(), err.writer());
  reporter->line({"m"}, LogStream::kOut, "hello \"you\"", false);
  reporter->line({"m"}, LogStream::kErr, "long", true);
  ASSERT_TRUE(reporter->flush());
  EXPECT_EQ(without_time(out.read()),
            (nlohmann::json{{"process", "m"}, {"stream", "stdout"}, {"line", "hello \"you\""}}));
  EXPECT_EQ(without_time(err.read()),
            (nlohmann::json{{"process", "m"}, {"stream", "stderr"}, {"line", "long"}, {"cut", true}}));
}

TEST(JsonLines, OurOwnWordsHaveALevel) {
  const Sink out = Sink::pipe(), err = Sink::pipe();
  const auto reporter = make_reporter(kJson, out.writer(), err.writer());
  reporter->error("two\nlines");
  ASSERT_TRUE(reporter->flush());
  EXPECT_EQ(without_time(err.read()), (nlohmann::json{{"level", "error"}, {"message", "two\nlines"}}));
}

TEST(JsonLines, EventsHaveTypedFields) {
  const Sink out = Sink::pipe(), err = Sink::pipe();
  const auto reporter = make_reporter(kJson, out.writer(), err.writer());
  const std::array<Field, 2> fields{Field{"pid", std::int64_t{42}}, Field{"why", std::string_view("exit")}};
  reporter->event("started", "m", fields);
  ASSERT_TRUE(reporter->flush());
  EXPECT_EQ(without_time(err.read()),
            (nlohmann::json{{"event", "started"}, {"process", "m"}, {"pid", 42}, {"why", "exit"}}));
}

std::string as_json(std::string_view text) {
  std::string to;
  add_quoted(to, text);
  return to;
}

TEST(JsonText, ControlsComeBackAndCannotAct) {
  EXPECT_EQ(as_json("a\x1b[1m\n\t\x7f"), "\"a\\u001b[1m\\n\\t\\u007f\"");
  EXPECT_EQ(as_json("\xc2\x9b \xe2\x80\xae"), "\"\\u009b \\u202e\"");
  EXPECT_EQ(as_json("\xf3\xa0\x80\x81"), "\"\\udb40\\udc01\"");  // a tag character, beyond U+FFFF
}

TEST(JsonText, OtherCharactersStay) {
  EXPECT_EQ(as_json("größe ▶ 🙂"), "\"größe ▶ 🙂\"");
}

TEST(JsonText, WhatIsNoUtf8IsReplaced) {
  EXPECT_EQ(as_json("a\xff"
                    "b\xc3"),
            "\"a\xef\xbf\xbd"
            "b\xef\xbf\xbd\"");
}

TEST(JsonText, AnyBytesGiveValidJsonThatNoTerminalObeys) {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 24, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 3 == 0 ? random() : 0x20 + random() % 0x60);
    const std::string text = as_json(bytes);
    ASSERT_TRUE(nlohmann::json::accept(text)) << "round " << round;
    ASSERT_EQ(escape(text), text) << "round " << round;
    if (valid_utf8(bytes)) {
      ASSERT_EQ(nlohmann::json::parse(text).get<std::string>(), bytes);
    }
  }
}

}  // namespace
}  // namespace procgraph
