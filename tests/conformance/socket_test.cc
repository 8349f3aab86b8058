// What sockets promise, in whatever language server and client are written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "stage.h"

namespace procgraph::conformance {
namespace {

using testing::MatchesRegex;

class Socket : public testing::TestWithParam<Driver> {
 protected:
  static std::string graph(const std::string& socket, const std::string& server = "") {
    return "processes:\n"
           "  server: { command: DRIVER, serves: s" +
           server +
           " }\n"
           "  client: { command: DRIVER, connects: s }\n"
           "sockets: { s: " +
           socket + " }\n";
  }
  static std::string hex(std::string_view text) { return in_hex(text); }
};

const char* const kAnyPort = "{ listen: 'tcp://127.0.0.1:0' }";

TEST_P(Socket, CarriesWhatBothSaysThroughEveryKindOfAddress) {
  for (const std::string socket :
       {"{}", "{ listen: 'unix:here' }", kAnyPort, "{ listen: 'tcp://[::1]:0' }"}) {
    Stage stage(GetParam(), graph(socket));
    {
      Actor server = stage.actor("server"), client = stage.actor("client");
      EXPECT_EQ(client.ask("connect s"), "ok") << socket;
      EXPECT_EQ(server.ask("accept s"), "ok");
      EXPECT_EQ(client.ask("say " + hex("question")), "ok");
      EXPECT_EQ(server.ask("hear 8"), "ok " + hex("question"));
      EXPECT_EQ(server.ask("say " + hex("answer")), "ok");
      EXPECT_EQ(client.ask("hear 6"), "ok " + hex("answer"));
    }
    EXPECT_EQ(stage.wait().code, 0) << socket;
  }
}

TEST_P(Socket, TellsBothTheAddressWithThePortThatTheKernelChose) {
  Stage stage(GetParam(), graph(kAnyPort));
  {
    Actor server = stage.actor("server"), client = stage.actor("client");
    const std::string address = client.ask("address s");
    EXPECT_THAT(address, MatchesRegex("ok 127\\.0\\.0\\.1:[1-9][0-9]*"));
    EXPECT_EQ(server.ask("address s"), address);
    EXPECT_EQ(client.ask("variable PROCGRAPH_SOCKET_S"), address);
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(Socket, HasTheVariableThatItsClientNames) {
  Stage stage(GetParam(),
              "processes:\n"
              "  server: { command: DRIVER, serves: my-socket }\n"
              "  client: { command: DRIVER, connects: { DATABASE: my-socket } }\n"
              "sockets: [my-socket]\n");
  {
    Actor server = stage.actor("server"), client = stage.actor("client");
    const std::string address = server.ask("variable PROCGRAPH_SOCKET_MY_SOCKET");
    EXPECT_THAT(address, MatchesRegex("ok /.*"));
    EXPECT_EQ(client.ask("variable DATABASE"), address);
    EXPECT_EQ(client.ask("connect DATABASE"), "ok");
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(Socket, IsHandedToItsServerAsSystemdDoes) {
  Stage stage(GetParam(),
              "processes:\n"
              "  server: { command: DRIVER, serves: [s, t] }\n"
              "  client: { command: DRIVER, connects: [s, t] }\n"
              "sockets: [s, t]\n");
  {
    Actor server = stage.actor("server"), client = stage.actor("client");
    EXPECT_EQ(server.ask("variable LISTEN_FDS"), "ok 2");
    EXPECT_EQ(server.ask("variable LISTEN_FDNAMES"), "ok s:t");
    EXPECT_EQ(server.ask("variable LISTEN_PID"), "ok " + std::to_string(server.pid()));
    EXPECT_EQ(client.ask("variable LISTEN_FDS"), "none");
    EXPECT_EQ(client.ask("connect t"), "ok");
    EXPECT_EQ(server.ask("accept t"), "ok") << "each has its own descriptor";
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(Socket, KeepsConnectionsForTheNextLifeOfItsServer) {
  Stage stage(GetParam(), graph(kAnyPort, ", restart: { policy: on_failure, backoff: 1ms, max: 100 in 1m }"));
  {
    Actor client = stage.actor("client");
    for (int i = 0; i < 3; ++i) {
      stage.actor("server").kill();
      EXPECT_EQ(client.ask("connect s"), "ok") << "nobody is there, or not yet";
      EXPECT_EQ(client.ask("say " + hex("question")), "ok");
      stage.actor("server").kill();
      Actor next = stage.actor("server");
      EXPECT_EQ(next.ask("accept s"), "ok");
      EXPECT_EQ(next.ask("hear 8"), "ok " + hex("question"));
      next.kill();
      EXPECT_EQ(client.ask("hear 1"), "end") << "what was accepted goes with who accepted it";
    }
    stage.actor("server").tell("exit 0");
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(Socket, IsSharedByTheReplicasOfItsServer) {
  Stage stage(GetParam(),
              "processes:\n"
              "  server: { command: DRIVER, serves: s, replicas: 2 }\n"
              "  client: { command: DRIVER, connects: s, replicas: 2 }\n"
              "sockets: [s]\n");
  {
    Actor a = stage.actor("server.0"), b = stage.actor("server.1");
    Actor one = stage.actor("client.0"), two = stage.actor("client.1");
    a.tell("accept s");
    b.tell("accept s");
    EXPECT_EQ(one.ask("connect s"), "ok");
    EXPECT_EQ(two.ask("connect s"), "ok");
    EXPECT_EQ(a.answer(), "ok");
    EXPECT_EQ(b.answer(), "ok");
  }
  EXPECT_EQ(stage.wait().code, 0);
}

TEST_P(Socket, IsClosedOnceItsServerIsGoneForGood) {
  Stage stage(GetParam(),
              "processes:\n"
              "  server: { command: DRIVER, serves: s }\n"
              "  client: { command: DRIVER, connects: s, after: { server: succeeded } }\n"
              "sockets: { s: { listen: 'tcp://127.0.0.1:0' } }\n");
  { Actor server = stage.actor("server"); }
  EXPECT_EQ(stage.actor("client").ask("connect s"), "refused_by_peer");
  EXPECT_EQ(stage.wait().code, 0);
}

INSTANTIATE_TEST_SUITE_P(Of, Socket, testing::ValuesIn(drivers_of("socket")),
                         [](const auto& driver) { return driver.param.language; });

}  // namespace
}  // namespace procgraph::conformance
