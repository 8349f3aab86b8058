// The lines of the control socket: what is a request, what is none, what an answer looks like.
#include "control/protocol.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>

namespace procgraph {
namespace {

Request request(std::string_view line) {
  auto parsed = parse_request(line);
  EXPECT_TRUE(std::holds_alternative<Request>(parsed)) << line;
  return std::holds_alternative<Request>(parsed) ? std::get<Request>(parsed) : Request{};
}

int refusal(std::string_view line) {
  const auto parsed = parse_request(line);
  const auto* problem = std::get_if<Problem>(&parsed);
  return problem != nullptr ? static_cast<int>(problem->code) : 0;
}

TEST(Protocol, ARequestHasAnIdAMethodAndPerhapsParameters) {
  const Request bare = request(R"({"jsonrpc":"2.0","id":7,"method":"graph"})");
  EXPECT_EQ(bare.id, 7);
  EXPECT_EQ(bare.method, "graph");
  EXPECT_EQ(bare.params, Json::object());
  const Request full = request(R"({"jsonrpc":"2.0","id":"x","method":"why","params":{"processes":["m"]}})");
  EXPECT_EQ(full.id, "x");
  EXPECT_EQ(full.params["processes"][0], "m");
}

TEST(Protocol, WhatIsNoRequestIsRefusedByItsSort) {
  for (const char* line : {"", "{", "hello", "{\"a\":}", "\xff\xfe", "[1,2", "nul"})
    EXPECT_EQ(refusal(line), -32700) << line;
  for (const char* line :
       {"[]", "1", "\"x\"", "null", "{}", R"({"jsonrpc":"2.0","method":"graph"})",
        R"({"jsonrpc":"2.0","id":{},"method":"g"})", R"({"jsonrpc":"1.0","id":1,"method":"graph"})",
        R"({"jsonrpc":2,"id":1,"method":"graph"})", R"({"id":1,"method":"graph"})",
        R"({"jsonrpc":"2.0","id":1})", R"({"jsonrpc":"2.0","id":1,"method":3})",
        R"({"jsonrpc":"2.0","id":1,"method":"graph","params":[1]})",
        R"([{"jsonrpc":"2.0","id":1,"method":"graph"}])"})
    EXPECT_EQ(refusal(line), -32600) << line;
}

TEST(Protocol, DeepNestingIsNoTrap) {
  const std::string open(kLongestRequest, '[');
  EXPECT_EQ(refusal(open), -32700);
  EXPECT_EQ(refusal(std::string(kLongestRequest / 2, '[') + std::string(kLongestRequest / 2, ']')), -32600);
}

TEST(Protocol, AnAnswerIsOneLine) {
  EXPECT_EQ(answer_line(3, Json{{"text", "a\nb"}}),
            "{\"id\":3,\"jsonrpc\":\"2.0\",\"result\":{\"text\":\"a\\nb\"}}\n");
  EXPECT_EQ(answer_line(nullptr, Problem{.code = Code::kNoJson, .message = "no"}),
            "{\"error\":{\"code\":-32700,\"message\":\"no\"},\"id\":null,\"jsonrpc\":\"2.0\"}\n");
  EXPECT_EQ(notice_line("end", {{"next", 4}}),
            "{\"jsonrpc\":\"2.0\",\"method\":\"end\",\"params\":{\"next\":4}}\n");
}

TEST(Protocol, WhatIsNoUtf8IsReplaced) {
  EXPECT_EQ(Json::parse(answer_line(1, Json("\xff"))).at("result"), "\xef\xbf\xbd");
}

TEST(Protocol, LinesComeInAnyPieces) {
  LineInbox inbox;
  inbox.add("one\ntw");
  EXPECT_EQ(inbox.next(), "one");
  EXPECT_FALSE(inbox.next());
  inbox.add("o\n\n");
  EXPECT_EQ(inbox.next(), "two");
  EXPECT_EQ(inbox.next(), "");
  EXPECT_FALSE(inbox.next());
}

TEST(Protocol, ALineHasABound) {
  LineInbox inbox;
  inbox.add(std::string(kLongestRequest, 'x'));
  EXPECT_FALSE(inbox.overflows());
  inbox.add("x");
  EXPECT_TRUE(inbox.overflows());
  inbox.add("\n");
  EXPECT_TRUE(inbox.overflows()) << "though its end has come";
}

TEST(Protocol, ParametersHaveTypes) {
  const Json params{
      {"n", 3},   {"t", "x"}, {"f", true}, {"l", Json::array({"a", "b"})}, {"m", Json::array({1})},
      {"neg", -1}};
  EXPECT_EQ(std::get<0>(number_param(params, "n")), 3U);
  EXPECT_EQ(std::get<0>(text_param(params, "t")), "x");
  EXPECT_EQ(std::get<0>(flag_param(params, "f")), true);
  EXPECT_EQ(std::get<0>(list_param(params, "l"))->size(), 2U);
  EXPECT_FALSE(std::get<0>(number_param(params, "none")).has_value());
  EXPECT_TRUE(std::holds_alternative<Problem>(number_param(params, "t")));
  EXPECT_TRUE(std::holds_alternative<Problem>(number_param(params, "neg")));
  EXPECT_TRUE(std::holds_alternative<Problem>(list_param(params, "m")));
  EXPECT_TRUE(std::holds_alternative<Problem>(flag_param(params, "n")));
  EXPECT_FALSE(unknown_param(Json{{"n", 1}}, {"n"}));
  EXPECT_EQ(unknown_param(Json{{"nn", 1}}, {"n"})->message, "there is no parameter 'nn'");
}

}  // namespace
}  // namespace procgraph
