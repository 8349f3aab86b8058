// What a node reads from its environment, and what it says when that is missing or wrong.
#include "environment.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <map>
#include <string>

#include "mapping.h"
#include "procgraph/attach.h"
#include "roster.h"
#include "test_queue.h"

namespace procgraph::testing {
namespace {

using detail::Environment;

Environment read(const std::map<std::string, std::string>& variables) {
  return detail::read_environment([&](const char* name) {
    auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

std::string refusal(const std::map<std::string, std::string>& variables) {
  try {
    read(variables);
    return "accepted";
  } catch (const NotInGraph& e) {
    return e.what();
  }
}

TEST(TheEnvironment, TellsAProcessWhatItIs) {
  Environment e =
      read({{"PROCGRAPH_GRAPH", "g"},
            {"PROCGRAPH_PROCESS", "parse"},
            {"PROCGRAPH_REPLICA", "2"},
            {"PROCGRAPH_REPLICAS", "4"},
            {"PROCGRAPH_PID", "4242"},
            {"PROCGRAPH_PARTICIPANT", "7"},
            {"PROCGRAPH_ROSTER", "3"},
            {"PROCGRAPH_PORTS",
             "port=words,channel=work,kind=queue,access=read,control=4,payload=5,wait=latency,new=key "
             "port=out,channel=p,kind=pipe,access=write,fd=6"}});
  EXPECT_EQ(e.graph, "g");
  EXPECT_EQ(e.process, "parse");
  EXPECT_EQ(e.replica, 2u);
  EXPECT_EQ(e.replicas, 4u);
  EXPECT_EQ(e.participant, 7);
  EXPECT_EQ(e.roster, 3);
  ASSERT_EQ(e.ports.size(), 2u);
  EXPECT_EQ(e.ports[0].info.name, "words");
  EXPECT_EQ(e.ports[0].info.channel, "work");
  EXPECT_EQ(e.ports[0].control, 4);
  EXPECT_EQ(e.ports[0].payload, 5);
  EXPECT_EQ(e.ports[0].wait, detail::Wait::kLatency);
  EXPECT_TRUE(e.ports[0].is_native());
  EXPECT_EQ(e.ports[1].fd, 6);
  EXPECT_TRUE(e.ports[1].writes());
  EXPECT_FALSE(e.ports[1].reads());
}

TEST(TheEnvironment, MayHaveNoPorts) {
  EXPECT_TRUE(read({{"PROCGRAPH_GRAPH", "g"}, {"PROCGRAPH_PROCESS", "p"}}).ports.empty());
}

TEST(TheEnvironment, SaysHowToRunANodeThatWasStartedByHand) {
  EXPECT_EQ(refusal({}),
            "this program is a node: `procgraph run FILE` starts it and gives it its channels "
            "(PROCGRAPH_GRAPH is not "
            "set)");
}

TEST(TheEnvironment, IsRefusedWhereItMakesNoSense) {
  std::map<std::string, std::string> good{{"PROCGRAPH_GRAPH", "g"}, {"PROCGRAPH_PROCESS", "p"}};
  auto with = [&](const char* name, const char* value) {
    auto variables = good;
    variables[name] = value;
    return refusal(variables);
  };
  EXPECT_EQ(with("PROCGRAPH_REPLICA", "-1"),
            "the environment variable PROCGRAPH_REPLICA makes no sense: '-1'; it is the runner's to set");
  EXPECT_EQ(
      with("PROCGRAPH_PARTICIPANT", "4096"),
      "the environment variable PROCGRAPH_PARTICIPANT makes no sense: '4096'; it is the runner's to set");
  for (const char* ports :
       {"port", "port=a", "channel=b,access=read", "port=a,access=maybe", "port=a,access=read,fd=x"}) {
    EXPECT_EQ(with("PROCGRAPH_PORTS", ports), "the environment variable PROCGRAPH_PORTS makes no sense: '" +
                                                  std::string(ports) + "'; it is the runner's to set");
  }
}

TEST(ANode, NamesThePortsThatItHasWhenAskedForAnother) {
  TestQueue q({.capacity = 4});
  pid_t pid = q.start(1, "both", [](Node& node) {
    try {
      auto reader = node.reader("wrods");
    } catch (const NoSuchPort& e) {
      return e.what() == std::string(
                             "process 'p' has no port 'wrods'; it has 'in' (read queue), 'out' (write queue)")
                 ? 0
                 : 1;
    }
    return 2;
  });
  EXPECT_EQ(wait_for_end(pid), 0);
}

TEST(ANode, TakesTheListenersOverThatItServesAndKnowsTheirAddress) {
  TestQueue q({.capacity = 4});
  pid_t pid = fork();
  if (pid == 0) {
    q.enter(1, "read");
    setenv("PROCGRAPH_PORTS",
           "port=http,channel=s,kind=socket,access=serve,fd=0,variable=PROCGRAPH_SOCKET_S "
           "port=DB,channel=db,kind=socket,access=connect,variable=DB "
           "port=own,channel=o,kind=socket,access=serve,variable=PROCGRAPH_SOCKET_O",
           1);
    setenv("PROCGRAPH_SOCKET_S", "127.0.0.1:80", 1);
    setenv("DB", "/run/db", 1);
    setenv("PROCGRAPH_SOCKET_O", "/run/o", 1);
    Node node;
    auto refused = [&](auto call) {
      try {
        (void)call();
      } catch (const NoSuchPort& e) {
        return std::string(e.what());
      }
      return std::string("accepted");
    };
    bool right = node.listener("http") == 0 && (fcntl(0, F_GETFD) & FD_CLOEXEC) != 0 &&
                 node.address("http") == "127.0.0.1:80" && node.address("DB") == "/run/db";
    right &= refused([&] { return node.listener("http"); }) ==
             "the listener of port 'http' was taken already: there is one per port";
    right &= refused([&] { return node.listener("DB"); }) ==
             "process 'p' does not serve 'DB', which is a socket it connects to";
    right &= refused([&] { return node.listener("own"); }) ==
             "socket 'o' is opened by its server ('open: server'): listen at /run/o";
    right &= refused([&] { return node.reader("DB"); }) ==
             "port 'DB' of process 'p' is a socket: use listener() or address()";
    right &= refused([&] { return node.connection("http"); }) ==
             "port 'http' of process 'p' is a socket: use listener() or address()";
    _exit(right ? 0 : 1);
  }
  EXPECT_EQ(wait_for_end(pid), 0);
}

TEST(ANode, ClosesTheDescriptorsOfItsQueuesOnceTheyAreMapped) {
  TestQueue q({.capacity = 4});
  pid_t pid = q.start(1, "read", [](Node& node) {
    (void)node;
    return fcntl(std::stoi(getenv("PROCGRAPH_ROSTER")), F_GETFD) == -1 ? 0 : 1;
  });
  EXPECT_EQ(wait_for_end(pid), 0);
}

TEST(ANode, CannotWriteWhoTheOthersAre) {
  Region roster(roster_size());
  ASSERT_TRUE(init_roster(roster.bytes()));
  pid_t pid = fork();
  if (pid == 0) {
    auto mapping = detail::Mapping::map(roster.descriptor(true), true, "the roster");
    signal(SIGSEGV, SIG_DFL);
    if (!mapping->protect(detail::kRosterReadOnly)) _exit(1);
    register_participant(mapping->bytes(), 1, 1);
    _exit(0);
  }
  EXPECT_EQ(wait_for_end(pid), 128 + SIGSEGV);
}

// What reader("q") says in a process that is not the one which was started.
std::string said_to_a_stranger(const char* attach) {
  TestQueue q({.capacity = 4});
  q.enter(1, "read");
  setenv("PROCGRAPH_PID", "1", 1);
  attach == nullptr ? unsetenv("PROCGRAPH_ATTACH") : setenv("PROCGRAPH_ATTACH", attach, 1);
  Node node;
  try {
    auto reader = node.reader("q");
  } catch (const NotInGraph& e) {
    return e.what();
  }
  return "accepted";
}

// In a process of its own, which takes the descriptors along that nobody opened.
bool a_stranger_hears(const char* attach, const std::string& why) {
  const pid_t pid = fork();
  if (pid == 0) {
    const std::string said = said_to_a_stranger(attach);
    const std::string expected =
        "queue 'q' is out of reach: process " + std::to_string(getpid()) +
        " is not the one that procgraph started as 'p' (1), and could not join it: " + why;
    if (said != expected) std::fprintf(stderr, "said: %s\n", said.c_str());
    _exit(said == expected ? 0 : 1);
  }
  return wait_for_end(pid) == 0;
}

TEST(ANode, OfAnotherProcessIdMayNotUseTheInheritedNumber) {
  EXPECT_TRUE(a_stranger_hears(nullptr, "PROCGRAPH_ATTACH is not set"));
  EXPECT_TRUE(a_stranger_hears("@nobody is there", "the runner does not answer: Connection refused"));
  EXPECT_TRUE(a_stranger_hears(std::string(200, 'x').c_str(), "PROCGRAPH_ATTACH is not set"));
}

TEST(ANode, ThatIsAskedToEndKnowsIt) {
  TestQueue q({.capacity = 4});
  pid_t pid = q.start(1, "read", [](Node& node) {
    if (node.stopping()) return 1;
    raise(SIGTERM);
    return node.stopping() ? 0 : 2;
  });
  EXPECT_EQ(wait_for_end(pid), 0);
}

TEST(ANode, EndsWith141ByAnUncaughtNoReaders) {
  TestQueue q({.capacity = 4});
  end_of_readers(q.control(), q.roster());
  pid_t pid = fork();
  if (pid == 0) {
    q.enter(1, "write");
    signal(SIGPIPE, SIG_IGN);
    Node node;
    [&]() noexcept { node.writer("q").put("x"); }();
  }
  EXPECT_EQ(wait_for_end(pid), 141);
}

TEST(MeetingName, IsOneOfAFile) {
  EXPECT_EQ(meeting_name("etl-2_b"), "etl-2_b");
  EXPECT_EQ(meeting_name("../my graph" + std::string(200, 'x')), "___my_graph" + std::string(52, 'x'));
}

}  // namespace
}  // namespace procgraph::testing
