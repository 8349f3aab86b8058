// Processes that ask for a number, rightly and wrongly.
#include "supervise/registrar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "channels/kinds.h"
#include "graph/draft.h"

namespace procgraph {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr pid_t kFirst = 4711;

// A graph of one process at one queue, which has the number 1.
Plan plan_of_one() {
  Plan plan;
  Channel queue{.id = ChannelId{0}, .name = "q"};
  queue.kind = find_kind(all_kinds(), "queue");
  plan.graph.channels.push_back(std::move(queue));
  plan.graph.ports.push_back(
      {.id = PortId{0}, .process = ProcessId{0}, .channel = ChannelId{0}, .name = "q"});
  Process process{.id = ProcessId{0}, .name = "p"};
  process.ports = {PortId{0}};
  plan.graph.processes.push_back(std::move(process));
  plan.spawns.push_back({.id = SpawnId{0}, .process = ProcessId{0}, .label = "p", .participant = 1});
  return plan;
}

Fd connect_to(const std::string& address) {
  Fd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  address.copy(to.sun_path, sizeof to.sun_path);
  to.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), size), 0);
  return fd;
}

class RegistrarTest : public ::testing::Test {
 protected:
  // What the runner answers to these bytes.
  AttachReply ask(const void* bytes, std::size_t size) {
    const Fd fd = connect_to(registrar.address());
    EXPECT_EQ(::send(fd.get(), bytes, size, 0), static_cast<ssize_t>(size));
    AttachReply reply;
    while (::recv(fd.get(), &reply, sizeof reply, MSG_DONTWAIT) < 0) io.run_one();
    return reply;
  }
  AttachReply ask(const AttachRequest& request) { return ask(&request, sizeof request); }
  std::string refusal(const AttachRequest& request) { return ask(request).refusal.data(); }

  // Of a process that asks, and then ends with its number as its code.
  int number_of_a_child() {
    const pid_t pid = ::fork();
    if (pid == 0) {
      const Fd fd = connect_to(registrar.address());
      const AttachRequest request{.started = kFirst};
      AttachReply reply;
      static_cast<void>(!::send(fd.get(), &request, sizeof request, 0));
      static_cast<void>(!::recv(fd.get(), &reply, sizeof reply, 0));
      ::_exit(reply.participant);
    }
    const std::size_t before = came.size();
    while (came.size() == before) io.run_one();
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
  }

  Plan plan = plan_of_one();
  boost::asio::io_context io{1};
  bool ended = false;
  std::vector<std::pair<std::uint16_t, pid_t>> came;
  std::vector<std::uint16_t> gone;
  Numbers numbers{plan};
  Registrar registrar{
      io,
      plan,
      numbers,
      {.spawn_of = [this](pid_t first) { return first == kFirst && !ended ? SpawnId{0} : SpawnId{}; },
       .came = [this](SpawnId, std::uint16_t number, pid_t pid) { came.emplace_back(number, pid); },
       .gone = [this](SpawnId, std::uint16_t number) { gone.push_back(number); }}};
};

TEST_F(RegistrarTest, GivesANumberBeyondThoseOfThePlan) {
  EXPECT_EQ(ask({.started = kFirst}).participant, 2);
  EXPECT_THAT(came, ElementsAre(Pair(2, ::getpid())));
  EXPECT_THAT(gone, IsEmpty());
}

TEST_F(RegistrarTest, TellsOfADeathAndGivesTheNumberToTheNext) {
  EXPECT_EQ(number_of_a_child(), 2);
  while (gone.empty()) io.run_one();
  EXPECT_THAT(gone, ElementsAre(2));
  EXPECT_EQ(number_of_a_child(), 2);
}

TEST_F(RegistrarTest, TellsOfADeathBeforeTheKernelsWordComesRound) {
  EXPECT_EQ(number_of_a_child(), 2);
  registrar.bury(SpawnId{0});
  EXPECT_THAT(gone, ElementsAre(2));
  io.poll();
  EXPECT_THAT(gone, ElementsAre(2)) << "told twice";
}

TEST_F(RegistrarTest, RefusesNonsenseAndGoesOn) {
  EXPECT_STREQ(ask("x", 1).refusal.data(), "this is no request");
  EXPECT_STREQ(ask(std::string(70000, 'x').data(), 70000).refusal.data(),
               "its SDK and procgraph are not of the same version");
  EXPECT_EQ(refusal({.version = 2, .started = kFirst}), "its SDK and procgraph are not of the same version");
  EXPECT_EQ(ask({.started = kFirst}).participant, 2);
}

TEST_F(RegistrarTest, RefusesThoseOfNoProcessAndOfOneThatHasEnded) {
  const std::string why = "that process, and all that it had started, have ended";
  EXPECT_EQ(refusal({.started = 1}), why);
  ended = true;
  EXPECT_EQ(refusal({.started = kFirst}), why);
}

TEST_F(RegistrarTest, HasRoomForEightAtATime) {
  for (int i = 0; i < 8; ++i) EXPECT_EQ(ask({.started = kFirst}).participant, 2 + i);
  EXPECT_EQ(refusal({.started = kFirst}),
            "queue 'q' has room for 8 processes at a time beside those that the file names, and has them");
}

TEST_F(RegistrarTest, RefusesWhoeverIsOneMoreThanAGraphCanHave) {
  Plan full = plan_of_one();
  full.spawns[0].participant = 4094;  // the last but one
  Numbers left(full);
  Registrar last(io, full, left,
                 {.spawn_of = [](pid_t) { return SpawnId{0}; },
                  .came = [](SpawnId, std::uint16_t, pid_t) {},
                  .gone = [](SpawnId, std::uint16_t) {}});
  const auto ask_there = [&] {
    const Fd fd = connect_to(last.address());
    const AttachRequest request{.started = kFirst};
    EXPECT_EQ(::send(fd.get(), &request, sizeof request, 0), static_cast<ssize_t>(sizeof request));
    AttachReply reply;
    while (::recv(fd.get(), &reply, sizeof reply, MSG_DONTWAIT) < 0) io.run_one();
    return reply;
  };
  EXPECT_EQ(ask_there().participant, 4095);
  EXPECT_STREQ(ask_there().refusal.data(),
               "a graph has at most 4095 processes that use queues, topics and areas");
}

TEST_F(RegistrarTest, IsNotHeldUpByThoseThatConnectAndSayNothing) {
  std::vector<Fd> silent;
  for (int i = 0; i < 200; ++i) {
    silent.push_back(connect_to(registrar.address()));
    io.poll();
  }
  EXPECT_EQ(ask({.started = kFirst}).participant, 2);
}

}  // namespace
}  // namespace procgraph
