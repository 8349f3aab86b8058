// The socket of a running graph and its clients, good and bad: nobody but a bad client is harmed.
#include "control/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fakes/temporary_folder.h"

namespace procgraph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Takes all, keeps nothing.
class Nowhere : public Reporter {
 public:
  void line(const Label&, LogStream, std::string_view, bool) override {}
  void news(std::string_view) override {}
  void warning(std::string_view) override {}
  void error(std::string_view) override {}
  void event(std::string_view, std::string_view, std::span<const Field>) override {}
  Flow pump() override { return {}; }
  [[nodiscard]] std::size_t pending() const override { return 0; }
  bool flush() override { return true; }
};

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() { server.emplace(io, listener(), journal, table(), kFew); }

  static constexpr std::size_t kFew = 8;  // clients at a time

  int listener() {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const sockaddr_un at = address();
    EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(fd, SOMAXCONN), 0);
    return fd;
  }
  [[nodiscard]] sockaddr_un address() const {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    (folder / "s").copy(at.sun_path, sizeof at.sun_path - 1);
    return at;
  }

  Server::Table table() {
    Server::Table table;
    table.methods.push_back({"echo", [](const Json& params) -> Answer { return params; }});
    table.methods.push_back({"large", [](const Json&) -> Answer { return Json(std::string(1 << 20, 'x')); }});
    table.methods.push_back({"no", [](const Json&) -> Answer { return Problem{.message = "not now"}; }});
    table.labels = [](const std::vector<std::string>& names) -> std::variant<std::set<std::string>, Problem> {
      if (names.front() == "nobody")
        return Problem{.code = Code::kBadParams, .message = "no process 'nobody'"};
      return std::set<std::string>(names.begin(), names.end());
    };
    return table;
  }

  struct Line {
    Fd fd;
    std::string text{};
  };
  [[nodiscard]] Line connect() const {
    Line line{Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))};
    const sockaddr_un at = address();
    EXPECT_EQ(::connect(line.fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    return line;
  }
  static void say(const Line& line, const std::string& text) {
    EXPECT_EQ(::send(line.fd.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  static std::string request(const std::string& method, const Json& params = Json::object()) {
    return to_line({{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}});
  }
  // False: the server has hung up.
  bool read_some(Line& line) {
    for (;;) {
      char piece[4096];
      const ssize_t got = ::recv(line.fd.get(), piece, sizeof piece, MSG_DONTWAIT);
      if (got > 0) line.text.append(piece, static_cast<std::size_t>(got));
      if (got > 0) return true;
      if (got == 0 || errno != EAGAIN) return false;
      io.run_one();
    }
  }
  // The next line; null: the server has hung up.
  Json hear(Line& line) {
    for (;;) {
      if (const std::size_t end = line.text.find('\n'); end != std::string::npos) {
        const Json message = Json::parse(line.text.substr(0, end));
        line.text.erase(0, end + 1);
        return message;
      }
      if (!read_some(line)) return nullptr;
    }
  }
  Json ask(Line& line, const std::string& method, const Json& params = Json::object()) {
    say(line, request(method, params));
    return hear(line);
  }
  void print(const std::string& text, const std::string& process = "m") {
    journal.line({process}, LogStream::kOut, text, false);
  }
  // What it follows, up to the end, in short: "m one", "missed 3".
  std::vector<std::string> followed(Line& line) {
    std::vector<std::string> all;
    for (Json notice = hear(line); notice.is_object() && notice["method"] != "end"; notice = hear(line)) {
      const Json& params = notice["params"];
      all.push_back(notice["method"] == "missed" ? "missed " + params["count"].dump()
                                                 : params.value("process", "") + " " +
                                                       params.value("line", params.value("event", "")));
    }
    return all;
  }

  TemporaryFolder folder;
  boost::asio::io_context io{1};
  Nowhere nowhere;
  Journal journal{nowhere, 64 << 10};
  std::optional<Server> server;
};

TEST_F(ServerTest, AnswersRequestsOneAfterTheOther) {
  Line line = connect();
  EXPECT_EQ(ask(line, "echo", {{"a", 1}})["result"], (Json{{"a", 1}}));
  say(line, request("echo", {{"b", 2}}) + request("no"));
  EXPECT_EQ(hear(line)["result"], (Json{{"b", 2}}));
  EXPECT_EQ(hear(line)["error"], (Json{{"code", -32000}, {"message", "not now"}}));
}

TEST_F(ServerTest, AnUnknownMethodIsRefusedAndTheNextOneAnswered) {
  Line line = connect();
  EXPECT_EQ(ask(line, "ecko")["error"], (Json{{"code", -32601}, {"message", "there is no method 'ecko'"}}));
  EXPECT_TRUE(ask(line, "echo").contains("result"));
}

TEST_F(ServerTest, GarbageIsToldSoAndLetGo) {
  for (const char* garbage : {"hello\n", "{}\n", "\x01\xff\xfe\n", "[[[[\n", "GET / HTTP/1.1\r\n"}) {
    Line bad = connect();
    say(bad, garbage + request("echo"));
    const Json answer = hear(bad);
    EXPECT_LT(answer["error"]["code"], -32000) << garbage;
    EXPECT_TRUE(hear(bad).is_null()) << "what follows is not looked at";
  }
  Line good = connect();
  EXPECT_TRUE(ask(good, "echo").contains("result"));
}

TEST_F(ServerTest, ARequestThatIsTooLongIsToldSoAndLetGo) {
  Line bad = connect();
  const std::string endless(kLongestRequest + 1, ' ');
  std::string_view rest = endless;
  while (!rest.empty()) {
    const ssize_t done = ::send(bad.fd.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (done > 0) rest.remove_prefix(static_cast<std::size_t>(done));
    io.poll();
  }
  EXPECT_THAT(hear(bad)["error"]["message"], "a request has at most 65536 bytes");
  EXPECT_TRUE(hear(bad).is_null());
}

TEST_F(ServerTest, HalfARequestWaitsForItsOtherHalf) {
  Line line = connect(), other = connect();
  const std::string whole = request("echo", {{"a", 1}});
  say(line, whole.substr(0, 10));
  EXPECT_TRUE(ask(other, "echo").contains("result")) << "others do not wait";
  say(line, whole.substr(10));
  EXPECT_EQ(hear(line)["result"], (Json{{"a", 1}}));
}

TEST_F(ServerTest, ThoseWhoComeAndGoLeaveNothingBehind) {
  {
    Line first = connect();
    (void)ask(first, "echo");
  }
  io.poll();
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 1000; ++i) {
    Line line = connect();
    if (i % 3 == 0) say(line, request("echo").substr(0, static_cast<std::size_t>(i) % 20));
    if (i % 3 == 1) say(line, request("follow"));
    io.poll();
  }
  Line last = connect();
  EXPECT_TRUE(ask(last, "echo").contains("result"));
  io.poll();
  EXPECT_LE(open_descriptors(), before + 2);
}

TEST_F(ServerTest, WhereItIsCrowdedTheLongestSilentGoes) {
  std::vector<Line> silent;
  for (std::size_t i = 0; i < 3 * kFew; ++i) {
    silent.push_back(connect());
    io.poll();
  }
  Line line = connect();
  EXPECT_TRUE(ask(line, "echo").contains("result"));
  EXPECT_TRUE(hear(silent.front()).is_null());
  EXPECT_TRUE(ask(silent.back(), "echo").contains("result"));
}

TEST_F(ServerTest, WhereAllHaveAskedTheNextIsTurnedAway) {
  std::vector<Line> all;
  for (std::size_t i = 0; i < kFew; ++i) {
    all.push_back(connect());
    EXPECT_TRUE(ask(all.back(), "echo").contains("result"));
  }
  Line next = connect();
  EXPECT_EQ(hear(next)["error"]["code"], -32001);
  EXPECT_TRUE(hear(next).is_null());
  EXPECT_TRUE(ask(all.front(), "echo").contains("result"));
}

TEST_F(ServerTest, WhoDoesNotReadIsNotReadFromAndHarmsNobody) {
  const Line deaf = connect();
  const std::string one = request("large");
  int sent = 0;
  bool taken = true;
  for (; sent < 100'000 && taken; ++sent) {
    taken = ::send(deaf.fd.get(), one.data(), one.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(one.size());
    io.poll();
  }
  EXPECT_FALSE(taken) << "it was read from all the while";
  Line good = connect();
  EXPECT_TRUE(ask(good, "echo").contains("result"));
}

TEST_F(ServerTest, AFollowerGetsWhatWasAndWhatComes) {
  print("one");
  print("two");
  Line line = connect();
  EXPECT_EQ(ask(line, "follow")["result"], (Json{{"next", 1}, {"end", 3}}));
  EXPECT_EQ(hear(line)["params"]["line"], "one");
  EXPECT_EQ(hear(line)["params"]["sequence"], 2);
  print("three");
  EXPECT_EQ(hear(line)["params"]["line"], "three");
  EXPECT_TRUE(ask(line, "echo").contains("result")) << "it may ask all the same";
  EXPECT_EQ(ask(line, "follow")["error"]["message"], "this connection follows already");
}

TEST_F(ServerTest, AFollowerSaysWhatItWants) {
  print("a1", "a");
  print("b1", "b");
  journal.event("started", "a", {});
  journal.news("words");
  print("a2", "a");
  const auto follow = [&](Json params) {
    params["live"] = false;
    Line line = connect();
    EXPECT_TRUE(ask(line, "follow", params).contains("result")) << params;
    return followed(line);
  };
  EXPECT_THAT(follow({{"kinds", {"lines"}}}), ElementsAre("a a1", "b b1", "a a2"));
  EXPECT_THAT(follow({{"processes", {"a"}}}), ElementsAre("a a1", "a started", "a a2"));
  EXPECT_THAT(follow({{"kinds", {"lines"}}, {"last", 2}}), ElementsAre("b b1", "a a2"));
  EXPECT_THAT(follow({{"kinds", {"lines"}}, {"processes", {"a"}}, {"last", 2}}), ElementsAre("a a1", "a a2"));
  EXPECT_THAT(follow({{"from", 5}}), ElementsAre("a a2"));
  EXPECT_THAT(follow({{"last", 0}}), ElementsAre());
  EXPECT_THAT(follow({{"since_ms", 3'600'000}, {"kinds", {"events"}}}), ElementsAre("a started"));
}

TEST_F(ServerTest, AFollowerOfNonsenseIsToldSo) {
  Line line = connect();
  const auto refusal = [&](const Json& params) { return ask(line, "follow", params)["error"]["message"]; };
  EXPECT_EQ(refusal({{"kinds", {"lies"}}}), "'lies' is none of: lines, words, events");
  EXPECT_EQ(refusal({{"processes", {"nobody"}}}), "no process 'nobody'");
  EXPECT_EQ(refusal({{"from", "x"}}), "'from' is to be a number from 0");
  EXPECT_EQ(refusal({{"from", 100}}), "the next record is number 1");
  EXPECT_EQ(refusal({{"form", 1}}), "there is no parameter 'form'");
}

TEST_F(ServerTest, ASlowFollowerIsToldHowMuchItHasMissed) {
  Line slow = connect(), good = connect();
  EXPECT_TRUE(ask(slow, "follow").contains("result"));
  constexpr int kLines = 20'000;
  for (int i = 0; i < kLines; ++i) {
    print(std::string(100, 'x'));
    io.poll();
  }
  EXPECT_TRUE(ask(good, "echo").contains("result"));
  server->finish({{"code", 0}});
  std::uint64_t seen = 0, missed = 0, expected = 1;
  for (Json notice = hear(slow); notice.is_object() && notice["method"] != "end"; notice = hear(slow)) {
    if (notice["method"] == "missed") {
      missed += notice["params"]["count"].get<std::uint64_t>();
      expected += notice["params"]["count"].get<std::uint64_t>();
    } else {
      EXPECT_EQ(notice["params"]["sequence"], expected++);
      ++seen;
    }
  }
  EXPECT_GT(missed, 0U);
  EXPECT_EQ(seen + missed, static_cast<std::uint64_t>(kLines));
}

TEST_F(ServerTest, WhoWaitsForTheEndIsAnsweredThen) {
  Line waits = connect(), follows = connect();
  say(waits, request("wait"));
  EXPECT_TRUE(ask(follows, "follow").contains("result"));
  io.poll();
  print("last words");
  server->finish({{"code", 3}, {"signal", 0}});
  EXPECT_EQ(hear(waits)["result"], (Json{{"code", 3}, {"signal", 0}}));
  EXPECT_EQ(hear(follows)["params"]["line"], "last words");
  const Json end = hear(follows);
  EXPECT_EQ(end["method"], "end");
  EXPECT_EQ(end["params"]["outcome"]["code"], 3);
  EXPECT_EQ(ask(waits, "wait")["result"]["code"], 3) << "afterwards, at once";
}

TEST_F(ServerTest, BytesOfAnySortHarmNobody) {
  Line good = connect();
  std::uint64_t dice = 1;
  for (int i = 0; i < 300; ++i) {
    Line bad = connect();
    std::string bytes;
    for (int n = 0; n < 200; ++n) {
      dice = dice * 6364136223846793005ULL + 1442695040888963407ULL;
      bytes += static_cast<char>(dice >> 56U);
    }
    say(bad, bytes);
    io.poll();
  }
  EXPECT_TRUE(ask(good, "echo").contains("result"));
}

}  // namespace
}  // namespace procgraph
